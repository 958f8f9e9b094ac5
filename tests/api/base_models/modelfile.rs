//! The Modelfile of a base model.

use base_models::templates::modelfile::grammar::{Command, read};
use serde_json::json;

use super::suggestion::register;
use crate::support::{BASE_MODELS, TestApp, new_model};

const MODELFILE: &str = "/api/v1/base-models/m/modelfile";
const CHAT_TEMPLATE: &str = "{% for message in messages %}<{{ message.role }}>{{ message.content }}</{{ message.role }}>{% endfor %}<assistant>";

fn command(name: &str, value: &str) -> Command {
    Command { name: name.to_owned(), value: value.to_owned() }
}

async fn values(app: &TestApp, address: &str) -> Vec<Command> {
    read(&app.get(address).await.expect_status(200).text()).unwrap()
}

#[tokio::test]
async fn it_has_the_folder_the_template_the_sampling_and_the_licence() {
    let app = TestApp::start().await;
    let generation = json!({"temperature": 0.7, "top_p": 0.8, "top_k": 20, "min_p": 0.0, "repetition_penalty": 1.05});
    app.folder("m")
        .file("generation_config.json", generation.to_string())
        .file("README.md", "---\nlicense: apache-2.0\n---\n# M\n");
    register(&app, CHAT_TEMPLATE).await;
    let commands = values(&app, MODELFILE).await;
    assert_eq!(commands[0], command("model", "./models/m"));
    assert_eq!(commands[1].name, "template");
    assert!(commands[1].value.contains("<user>{{ .Content }}</user>"), "{}", commands[1].value);
    assert_eq!(
        commands[2..],
        [
            command("temperature", "0.7"),
            command("top_p", "0.8"),
            command("top_k", "20"),
            command("min_p", "0"),
            command("repeat_penalty", "1.05"),
            command("stop", "</assistant>"),
            command("stop", "</s>"),
            command("stop", "<user>"),
            command("license", "apache-2.0"),
        ]
    );
}

#[tokio::test]
async fn the_stored_template_goes_before_the_derived_one() {
    let app = TestApp::start().await;
    register(&app, CHAT_TEMPLATE).await;
    let stored = "{{ .Prompt }}\nFROM evil\n\"\"\"quoted\"\"\" {{ .Response }}";
    app.patch(&format!("{BASE_MODELS}/m"), &json!({"deployment_template": stored})).await.expect_status(200);
    let of = async |query: &str| values(&app, &format!("{MODELFILE}{query}")).await.swap_remove(1);
    assert_eq!(of("").await, command("template", stored));
    assert_eq!(of("?template=stored").await, command("template", stored));
    assert!(of("?template=suggested").await.value.contains("range .Messages"));
}

#[tokio::test]
async fn without_any_template_it_says_so_in_a_comment() {
    let app = TestApp::start().await;
    app.folder("m").llama();
    app.create(&new_model("m")).await;
    let answer = app.get(MODELFILE).await;
    let text = answer.expect_status(200).text();
    assert!(
        text.starts_with("# Modelfile of m (Model m), revision 1\n") || text.starts_with("# Modelfile of m ("),
        "{text}"
    );
    assert!(text.contains("# no TEMPLATE"), "{text}");
    assert_eq!(read(&text).unwrap(), [command("model", "./models/m")]);
    app.get(&format!("{MODELFILE}?template=stored")).await.expect_problem(404, "NO_DEPLOYMENT_TEMPLATE");
}

#[tokio::test]
async fn nothing_that_is_given_can_add_a_command() {
    let app = TestApp::start().await;
    app.folder("m").llama();
    app.create(&new_model("m")).await;
    let commands =
        values(&app, &format!("{MODELFILE}?from=a%20%22b%0AFROM%20evil&system=x%22%0ATEMPLATE%20evil")).await;
    assert_eq!(commands, [command("model", "a \"b\nFROM evil"), command("system", "x\"\nTEMPLATE evil")]);
    for (query, parameter) in [
        ("system=x%22%22%22%0AFROM%20evil", "system"),
        ("system=a%00b", "system"),
        ("from=a%E2%80%8Bb", "from"),
        ("from=", "from"),
        ("template=other", "template"),
        ("adapter=x", "adapter"),
    ] {
        let answer = app.get(&format!("{MODELFILE}?{query}")).await;
        assert_eq!(answer.expect_problem(400, "INVALID_PARAMETER").pointers(), [parameter], "{query}");
    }
}

#[tokio::test]
async fn a_stored_template_that_a_modelfile_cannot_hold_is_a_conflict() {
    let app = TestApp::start().await;
    app.folder("m").llama();
    app.create(&new_model("m")).await;
    let stored = json!({"deployment_template": "{{ .Prompt }}\"\"\"\nFROM evil"});
    app.patch(&format!("{BASE_MODELS}/m"), &stored).await.expect_status(200);
    app.get(MODELFILE).await.expect_problem(409, "UNWRITABLE");
    app.get(&format!("{MODELFILE}?template=suggested")).await.expect_status(200);
}

#[tokio::test]
async fn it_has_the_tag_of_the_base_model() {
    let app = TestApp::start().await;
    register(&app, CHAT_TEMPLATE).await;
    let answer = app.get(MODELFILE).await;
    assert_eq!(answer.expect_status(200).header("etag"), Some("\"1\""));
}
