use proptest::prelude::*;

use super::grammar::Misread;
use super::*;

fn command(name: &str, value: &str) -> Command {
    Command { name: name.to_owned(), value: value.to_owned() }
}

#[test]
fn a_whole_file_reads_as_what_was_written() {
    let mut file = Modelfile::default();
    file.comment("Modelfile of x\nFROM evil");
    file.from("./models/X").unwrap();
    file.template("{{ .Prompt }}\nSYSTEM evil\n").unwrap();
    file.system("Say \"hi\"\nFROM evil\n# no comment").unwrap();
    file.parameter("temperature", "0.7").unwrap();
    file.parameter("stop", "<|im_end|>").unwrap();
    file.license("").unwrap();
    let text = file.text();
    assert_eq!(text.lines().next(), Some("# Modelfile of xFROM evil"));
    assert!(text.contains("FROM ./models/X\n") && text.contains("PARAMETER stop \"<|im_end|>\"\n"), "{text}");
    assert_eq!(
        read(&text).unwrap(),
        [
            command("model", "./models/X"),
            command("template", "{{ .Prompt }}\nSYSTEM evil\n"),
            command("system", "Say \"hi\"\nFROM evil\n# no comment"),
            command("temperature", "0.7"),
            command("stop", "<|im_end|>"),
            command("license", ""),
        ]
    );
}

#[test]
fn what_ollama_would_read_otherwise_is_refused() {
    for value in ["a\"\"\"\nFROM evil", "\"\"\"  \r\nFROM evil", "a\u{0}b", "a\u{a0}b", "a\u{200b}b", "\u{feff}"] {
        assert_eq!(Modelfile::default().system(value), Err(Unwritable { command: "SYSTEM".to_owned() }), "{value:?}");
    }
    for value in [
        "\"",
        "\"\"",
        "\"\"\"",
        "a\"",
        "\"a",
        "a\"\"\"b\nc",
        "\"\"\"a",
        "a\"\"\"",
        "\n",
        " a ",
        "\ta\r\n",
        "#",
        "é\u{301}｜▁🚉",
    ] {
        assert_eq!(Modelfile::default().system(value), Ok(()), "{value:?}");
    }
}

#[test]
fn other_texts_are_no_modelfiles() {
    for (text, fault) in [
        ("FROMX y\n", Misread::UnknownCommand),
        ("FROM\n", Misread::UnknownCommand),
        ("MESSAGE user hi\n", Misread::UnknownCommand),
        ("PARAMETER a-b 1\n", Misread::ParameterName),
        ("SYSTEM \"\"\"a\n", Misread::Unfinished),
        ("SYSTEM", Misread::Unfinished),
    ] {
        assert_eq!(read(text), Err(fault), "{text:?}");
    }
    assert_eq!(
        read("# a\n\n  from  x y \nparameter stop\t\"z\"").unwrap(),
        [command("model", "x y"), command("stop", "z")]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn reading_gives_back_exactly_the_values(
        values in prop::collection::vec(("(\"|\n|\r|\t| |#|a|FROM |é|\u{a0}|\u{200b}|\u{0}){0,12}|.{0,12}", 0..5usize), 0..6)
    ) {
        let mut file = Modelfile::default();
        let mut expected = Vec::new();
        for (value, kind) in &values {
            let (name, done) = match kind {
                0 => ("model", file.from(value)),
                1 => ("template", file.template(value)),
                2 => ("system", file.system(value)),
                3 => ("license", file.license(value)),
                _ => ("stop", file.parameter("stop", value)),
            };
            if done.is_ok() {
                expected.push(command(name, value));
            }
            file.comment(value);
        }
        prop_assert_eq!(read(&file.text()).unwrap(), expected);
    }

    #[test]
    fn lines_of_printable_characters_can_always_be_written(value in "[a-z\" #{}<|>\\\\]{0,20}") {
        prop_assert_eq!(Modelfile::default().system(&value), Ok(()));
    }
}
