//! Chat templates: how a conversation is written as one text, in Jinja. They are kept as the author
//! wrote them and never rendered here: a template is a program.
//!
//! The places are asked in the order of transformers: the file of its own, the processor's files, then
//! the tokenizer's configuration. Of templates with the same name the first one stays.

use super::super::draft::Draft;
use super::super::facts::{Field, Source, escape};
use super::super::warning::WarningCode;

/// Longest template that is kept, in bytes; the longest known real one has a quarter of it.
const MAX_BYTES: u64 = 64 << 10;
const MAX_NAME_BYTES: usize = 64;
/// Further templates that are kept beside the default one.
const MAX_NAMED: usize = 16;
/// The name of the template that is used when none is asked for.
const DEFAULT: &str = "default";

pub fn read(draft: &mut Draft<'_>) {
    read_file(draft, DEFAULT, "chat_template.jinja");
    for file in ["chat_template.json", "processor_config.json", "tokenizer_config.json"] {
        if let Some(document) = draft.json(file) {
            of_field(draft, document.root().get("chat_template").as_ref());
        }
    }
    for (name, file) in additional_files(draft) {
        read_file(draft, &name, &file);
    }
}

fn additional_files(draft: &Draft<'_>) -> Vec<(String, String)> {
    let name = |path: &str| Some(path.strip_prefix("additional_chat_templates/")?.strip_suffix(".jinja")?.to_owned());
    draft.listing.files.iter().filter_map(|entry| Some((name(&entry.path)?, entry.path.clone()))).collect()
}

fn read_file(draft: &mut Draft<'_>, name: &str, file: &str) {
    if let Some(text) = draft.text(file, MAX_BYTES) {
        keep(draft, name, &text, Source::file(file));
    }
}

/// A template, a list of `{"name", "template"}`, or a map from names to templates.
fn of_field(draft: &mut Draft<'_>, field: Option<&Field<'_>>) {
    let Some(field) = field else { return };
    if let Some(text) = field.value.as_str() {
        return keep(draft, DEFAULT, text, field.source());
    }
    for item in field.items() {
        let member = |key| item.value.get(key).and_then(serde_json::Value::as_str);
        if let (Some(name), Some(text)) = (member("name"), member("template")) {
            keep(draft, name, text, item.source());
        }
    }
    for (name, text) in field.value.as_object().into_iter().flatten() {
        if let (Some(text), Some(member)) = (text.as_str(), field.get(name)) {
            keep(draft, name, text, member.source());
        }
    }
}

fn keep(draft: &mut Draft<'_>, name: &str, text: &str, source: Source) {
    if text.trim().is_empty() || name.is_empty() {
        return;
    }
    let pointer = pointer(name);
    if text.len() as u64 > MAX_BYTES || name.len() > MAX_NAME_BYTES || draft.card.chat_template.named.len() >= MAX_NAMED
    {
        return warn_of_excess(draft, &pointer, &source);
    }
    match held(draft, name).map(|held| held.trim() == text.trim()) {
        Some(true) => {}
        Some(false) => draft.conflict(&pointer, "one template", "another", &source),
        None => set(draft, name, text, pointer, source),
    }
}

fn pointer(name: &str) -> String {
    if name == DEFAULT { "/chat_template/default".to_owned() } else { format!("/chat_template/named/{}", escape(name)) }
}

fn held<'d>(draft: &'d Draft<'_>, name: &str) -> Option<&'d String> {
    let templates = &draft.card.chat_template;
    if name == DEFAULT { templates.default.as_ref() } else { templates.named.get(name) }
}

fn set(draft: &mut Draft<'_>, name: &str, text: &str, pointer: String, source: Source) {
    let templates = &mut draft.card.chat_template;
    if name == DEFAULT {
        templates.default = Some(text.to_owned());
    } else {
        templates.named.insert(name.to_owned(), text.to_owned());
    }
    draft.source(pointer, source);
}

fn warn_of_excess(draft: &mut Draft<'_>, pointer: &str, source: &Source) {
    let file = source.file.clone().unwrap_or_default();
    let detail = format!(
        "a chat template of {file} was left out: at most {MAX_NAMED} named ones are kept, each of at most {MAX_BYTES} bytes"
    );
    draft.warn(WarningCode::BudgetExceeded, Some(pointer), detail, [file.as_str()]);
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{card_of, warning_codes};
    use super::*;

    #[test]
    fn a_template_file_goes_before_the_tokenizer_s_configuration() {
        let card = card_of(&[
            ("chat_template.jinja", "{{ messages }}"),
            ("tokenizer_config.json", r#"{"chat_template": "{{ other }}"}"#),
        ]);
        assert_eq!(card.chat_template.default.as_deref(), Some("{{ messages }}"));
        assert_eq!(card.sources["/chat_template/default"], Source::file("chat_template.jinja"));
        assert_eq!(warning_codes(&card), [WarningCode::ConflictingValues]);
    }

    #[test]
    fn templates_are_named_by_a_list_or_by_their_files() {
        let card = card_of(&[
            ("additional_chat_templates/rag.jinja", "{{ documents }}"),
            (
                "tokenizer_config.json",
                r#"{"chat_template": [{"name": "default", "template": "a"}, {"name": "tool_use", "template": "b"}, 7]}"#,
            ),
        ]);
        assert_eq!(card.chat_template.default.as_deref(), Some("a"));
        assert_eq!(
            card.chat_template.named.into_iter().collect::<Vec<_>>(),
            [("rag".to_owned(), "{{ documents }}".to_owned()), ("tool_use".to_owned(), "b".to_owned())]
        );
        assert_eq!(card.sources["/chat_template/named/tool_use"].pointer.as_deref(), Some("/chat_template/1"));
        assert!(card.warnings.is_empty());
    }

    #[test]
    fn a_template_that_is_too_long_is_left_out_with_a_warning() {
        let long = format!(r#"{{"chat_template": "{}"}}"#, "x".repeat(70_000));
        let card = card_of(&[("chat_template.json", long.as_str()), ("chat_template.jinja", "  ")]);
        assert_eq!(card.chat_template.default, None);
        assert_eq!(warning_codes(&card), [WarningCode::BudgetExceeded]);
    }
}
