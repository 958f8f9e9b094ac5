//! Code that a folder wants run: told, never run.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cards::draft::Draft;
use crate::cards::facts::Field;
use crate::cards::warning::WarningCode;

use super::classes::Class;

/// Warns of the classes that a file maps to code of the folder or of another repository.
pub fn warn(draft: &mut Draft<'_>, root: &Field<'_>) {
    let mut classes = BTreeSet::new();
    for place in [Some(root.clone()), root.get("vision_config"), root.get("text_config")].into_iter().flatten() {
        for key in ["auto_map", "custom_pipelines"] {
            collect(place.get(key).map(|field| field.value), &mut classes);
        }
    }
    if classes.is_empty() {
        return;
    }
    let names: Vec<&str> = classes.iter().take(8).map(|class| clipped(class)).collect();
    let mut detail = format!("{} maps to code that has to be trusted to load it: {}", root.file, names.join(", "));
    if let Some(class) = known(root) {
        detail.push_str(&format!("; transformers has a class of its own for {class}"));
    }
    draft.warn(WarningCode::NeedsRemoteCode, None, detail, [root.file]);
}

fn collect<'a>(value: Option<&'a Value>, classes: &mut BTreeSet<&'a str>) {
    match value {
        Some(Value::String(class)) if is_code(class) => drop(classes.insert(class)),
        Some(Value::Array(items)) => items.iter().for_each(|item| collect(Some(item), classes)),
        Some(Value::Object(members)) => match members.get("impl") {
            Some(code) => collect(Some(code), classes),
            None => members.values().for_each(|member| collect(Some(member), classes)),
        },
        _ => {}
    }
}

/// `module.Class`, maybe after `repository--`; other strings name a tokenizer elsewhere.
fn is_code(class: &str) -> bool {
    let local = class.rsplit("--").next().unwrap_or(class);
    local.contains('.') && !local.contains('/')
}

fn known<'a>(root: &Field<'a>) -> Option<&'a str> {
    let name = root.value.get("model_type")?.as_str()?;
    Class::new(name).is_known().then_some(name)
}

/// The text is the author's: as much of it as a message needs.
fn clipped(text: &str) -> &str {
    text.char_indices().nth(120).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::{card_of, warning_codes};
    use crate::cards::warning::WarningCode;

    #[test]
    fn code_is_named_wherever_it_is_mapped() {
        let card = card_of(&[(
            "config.json",
            r#"{"model_type": "llama", "hidden_size": 8, "auto_map": {"AutoConfig": "org/repo--configuration_x.XConfig",
            "AutoTokenizer": ["tokenization_x.XTokenizer", null]},
            "vision_config": {"auto_map": {"AutoModel": "modeling_v.Tower"}}}"#,
        )]);
        let warning = card.warnings.iter().find(|warning| warning.code == WarningCode::NeedsRemoteCode).unwrap();
        for class in ["org/repo--configuration_x.XConfig", "tokenization_x.XTokenizer", "modeling_v.Tower"] {
            assert!(warning.detail.contains(class), "{}", warning.detail);
        }
    }

    #[test]
    fn the_name_of_another_tokenizer_is_no_code() {
        let config = r#"{"model_type": "llama", "hidden_size": 8, "auto_map": {"AutoTokenizer": "Xenova/gpt-4o"}}"#;
        assert!(!warning_codes(&card_of(&[("config.json", config)])).contains(&WarningCode::NeedsRemoteCode));
    }
}
