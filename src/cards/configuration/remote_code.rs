//! Code that a folder wants run: told, never run.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cards::draft::Draft;
use crate::cards::facts::Field;
use crate::cards::warning::WarningCode;

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
    let detail = format!("{} maps to code that has to be trusted to load it: {}", root.file, names.join(", "));
    draft.warn(WarningCode::NeedsRemoteCode, None, detail, [root.file]);
}

fn collect<'a>(value: Option<&'a Value>, classes: &mut BTreeSet<&'a str>) {
    match value {
        Some(Value::String(class)) => drop(classes.insert(class)),
        Some(Value::Array(items)) => items.iter().for_each(|item| collect(Some(item), classes)),
        Some(Value::Object(members)) => match members.get("impl") {
            Some(code) => collect(Some(code), classes),
            None => members.values().for_each(|member| collect(Some(member), classes)),
        },
        _ => {}
    }
}

/// The text is the author's: as much of it as a message needs.
fn clipped(text: &str) -> &str {
    text.char_indices().nth(120).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}
