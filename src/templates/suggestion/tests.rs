use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::templates::conversation::{Conversation, Message};
use crate::templates::go::{Budget, Template};
use crate::templates::jinja::{ChatTemplate, Input};

fn clock() -> Clock {
    Clock::At(chrono::Local::now().naive_local())
}

fn tokens() -> SpecialTokens {
    SpecialTokens { bos: Some("<s>".to_owned()), eos: Some("</s>".to_owned()), pad: None }
}

fn suggested(chat_template: &str) -> Suggestion {
    suggest(chat_template, &tokens(), clock(), Instant::now() + Duration::from_secs(20))
}

fn template(chat_template: &str) -> String {
    let suggested = suggested(chat_template);
    suggested.template.unwrap_or_else(|| panic!("{:?}", suggested.reason))
}

#[test]
fn a_default_system_message_stands_where_there_is_none() {
    let chat_template = "{% if messages[0].role != 'system' %}<sys>You are kind.</sys>{% endif %}\
        {% for m in messages %}{% if m.role == 'system' %}<sys>{{ m.content }}</sys>{% else %}\
        <{{ m.role }}>{{ m.content }}<end>{% endif %}{% endfor %}<assistant>";
    let template = template(chat_template);
    assert!(
        template.starts_with("<sys>\n{{- if .System }}{{ .System }}\n{{- else }}You are kind.\n{{- end }}</sys>"),
        "{template}"
    );
}

#[test]
fn a_date_is_made_of_ollama_s() {
    let dated = |format: &str| {
        format!(
            "{{{{ strftime_now('{format}') }}}}|{{% for m in messages %}}<{{{{ m.role }}}}>{{{{ m.content }}}}<end>{{% endfor %}}"
        )
    };
    assert!(template(&dated("%Y-%m-%d")).starts_with("{{ currentDate }}|"));
    assert!(
        template(&dated("%d %B %Y"))
            .contains("{{ slice currentDate 8 10 }} {{ with slice currentDate 5 7 }}{{ if eq . \"01\" }}January")
    );
    assert!(suggested(&dated("%H:%M")).reason.unwrap().contains("%H:%M"));
}

#[test]
fn a_question_may_end_what_begins_an_answer_only_sometimes() {
    let chat_template = "{% for m in messages %}{% if m.role == 'user' %}Q: {{ m.content }}\n\n{% else %}A: {{ m.content }}</s>\n\n\
        {% endif %}{% endfor %}A:";
    assert!(suggested(chat_template).template.is_some(), "{:?}", suggested(chat_template).reason);
}

#[test]
fn work_that_takes_too_long_ends() {
    let chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}";
    let suggested = suggest(chat_template, &tokens(), clock(), Instant::now());
    assert_eq!(suggested.template, None);
    assert!(suggested.reason.unwrap().contains("too long"));
}

/// A string as Jinja writes it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_suggested_writes_any_conversation_like_the_model_s_own(
        pieces in prop::collection::vec("(<[a-z]>|\\{|\\}|%| |\n|[a-z]){0,6}", 7),
        trims in any::<bool>(),
        contents in prop::collection::vec("([{}<>\" \n]|[a-zé]){1,8}", 1..6),
    ) {
        let content = if trims { "m.content | trim" } else { "m.content" };
        let [sb, se, ub, ue, ab, ae, end] = pieces.iter().map(|piece| quoted(piece)).collect::<Vec<_>>().try_into().unwrap();
        let chat_template = format!(
            "{{% for m in messages %}}{{{{ {{'system': {sb}, 'user': {ub}, 'assistant': {ab}}}[m.role] }}}}{{{{ {content} }}}}\
             {{{{ {{'system': {se}, 'user': {ue}, 'assistant': {ae}}}[m.role] }}}}{{% endfor %}}{{{{ {end} }}}}"
        );
        let Some(template) = suggested(&chat_template).template else { return Ok(()) };
        let roles = ["user", "assistant"].iter().cycle();
        let count = contents.len() - (contents.len() + 1) % 2;
        let messages = contents.iter().zip(roles).take(count).map(|(content, role)| Message::new(*role, content)).collect();
        let conversation = Conversation { messages, tools: Vec::new() };
        let own = ChatTemplate::parse(&chat_template, clock()).unwrap();
        let own = own.render(&Input { conversation: &conversation, tokens: &tokens(), think: None }).unwrap();
        let own = own.strip_prefix("<s>").unwrap_or(&own);
        let go = Template::parse(&template).unwrap().render(&conversation, &Budget::default()).unwrap();
        prop_assert_eq!(go, own, "{}", template);
    }

    #[test]
    fn any_text_gives_a_template_or_a_reason(text in "(\\{\\{|\\}\\}|\\{%|%\\}|[a-z'\"|.()]| |messages|for m in|if|endif|endfor|m.content|é){0,30}") {
        let suggested = suggested(&text);
        prop_assert_eq!(suggested.template.is_none(), suggested.reason.is_some());
    }
}
