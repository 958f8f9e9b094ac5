//! `config.json` of one part of a diffusers pipeline: a network without a task of its own.

use crate::cards::draft::Draft;
use crate::cards::facts::Source;

use super::library;

pub fn read(draft: &mut Draft<'_>) {
    let Some(document) = draft.json("config.json") else { return };
    let root = document.root();
    library(draft, "diffusers", Source::key(root.file, "/_class_name"));
    let class = root.get("_class_name").and_then(|field| field.strings());
    draft.fill_list("/architectures", class, |card| &mut card.architectures);
}
