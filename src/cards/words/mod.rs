//! What people say of the model and what it reads and writes: the model card and the README, the
//! licence, the vocabulary and the chat templates.
//!
//! Descriptive facts are taken from here first, because a configuration file hardly has any. Facts
//! of the network are not: a README is written by hand and copied from the base model, so its words
//! only fill what the configuration and the weights leave open (`complete`).

mod chat_template;
mod descriptive;
mod fill_in_middle;
mod front_matter;
mod hashing;
mod license;
mod license_text;
mod model_card;
mod prose;
mod readme;
mod remembered;
mod tokenizer_json;
mod vocabulary;

use std::rc::Rc;

use super::draft::{Document, Draft};
use super::facts::{Fact, Source};
use readme::Readme;

/// What was read here and is needed again once the network is known.
#[derive(Debug, Default)]
pub struct Words {
    /// Where the tokens stand that mark a hole to fill in, if the vocabulary has any.
    pub fill_in_middle: Option<Source>,
    model_cards: Vec<Rc<Document>>,
    readme: Readme,
}

impl Words {
    /// The task in the author's own words, which the network need not bear out.
    pub fn pipeline_tag(&self) -> Option<Fact<String>> {
        self.readme.word("pipeline_tag")
    }
}

pub fn read(draft: &mut Draft<'_>) -> Words {
    let model_cards = model_card::read(draft);
    let readme = readme::read(draft);
    license::read_text(draft);
    chat_template::read(draft);
    Words { fill_in_middle: tokenizer_json::read(draft), model_cards, readme }
}

/// Fills what neither the configuration nor the weights say.
pub fn complete(draft: &mut Draft<'_>, words: &Words) {
    for document in &words.model_cards {
        model_card::complete(draft, &document.root());
    }
    readme::complete(draft, &words.readme);
}

/// Reads a README, or the bare YAML of its front matter, for the fuzz target.
pub fn read_front_matter(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let readme = front_matter::split(&text);
    front_matter::parse(readme.front_matter.unwrap_or(&text));
    prose::first_paragraph(readme.body);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::card_of;

    const FILES: [&str; 8] = [
        "README.md",
        "LICENSE",
        "model_card.json",
        "tokenizer.json",
        "vocab.json",
        "tekken.json",
        "tokenizer_config.json",
        "chat_template.json",
    ];

    /// JSON of the members that are looked for, with values of every kind in their places.
    fn json() -> impl Strategy<Value = String> {
        let scalar = "null|true|-1|1e400|18446744073709551615|\"\"|\"a, b\"|\"\\\\u0000\"|NaN";
        let key =
            "model|vocab|added_tokens|content|id|config|tasks|license|authors|disk_size_gb|chat_template|name|template";
        scalar.prop_recursive(4, 32, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec((key, inner), 0..4).prop_map(|members| {
                    let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_content_of_any_file_is_a_failure(file in prop::sample::select(&FILES[..]), json in json(), head in "(---\n|#|)") {
            card_of(&[(file, format!("{head}{json}").as_bytes())]);
            card_of(&[(file, json.as_bytes())]);
        }
    }
}
