//! Whether `docs/cards.md` explains every name that is stable: it is where users look them up.

use serde_json::Value;
use utoipa::PartialSchema;

use super::{CheckName, WarningCode};

const PAGE: &str = include_str!("../../docs/cards.md");

/// The names of an enum, sorted, as its schema lists them: none can be forgotten there.
fn names<T: PartialSchema>() -> Vec<String> {
    let schema = serde_json::to_value(T::schema()).unwrap();
    let mut names: Vec<String> =
        schema["enum"].as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect();
    names.sort();
    names
}

/// The names that begin the rows of the table below a heading, sorted.
fn rows(heading: &str) -> Vec<String> {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let name = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    let mut names: Vec<String> = section.lines().filter_map(name).collect();
    names.sort();
    names
}

#[test]
fn every_warning_is_explained() {
    assert_eq!(rows("Warnings"), names::<WarningCode>());
}

#[test]
fn every_check_is_explained() {
    assert_eq!(rows("Integrity"), names::<CheckName>());
}
