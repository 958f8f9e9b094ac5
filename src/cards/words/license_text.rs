//! Which licence a text is.

use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};
use spdx::detection::{Store, TextData};

use super::remembered::Remembered;

/// Likeness above which a text counts as that of a licence; copyright lines are not compared.
const ALIKE: f32 = 0.9;
const COPYRIGHT: &str = "copyright";
/// Longest line that is taken for a title, in characters.
const MAX_TITLE: usize = 120;

/// The licences of SPDX that the Hub lists for models. Comparing with these few instead of all seven
/// hundred keeps the memory small and rare variants of the common texts out.
pub const KNOWN: [&str; 52] = [
    "AFL-3.0",
    "AGPL-3.0-only",
    "Apache-2.0",
    "Artistic-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD-3-Clause-Clear",
    "BSL-1.0",
    "CC-BY-2.0",
    "CC-BY-2.5",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-NC-2.0",
    "CC-BY-NC-3.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-ND-3.0",
    "CC-BY-NC-ND-4.0",
    "CC-BY-NC-SA-2.0",
    "CC-BY-NC-SA-3.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0",
    "CDLA-Sharing-1.0",
    "ECL-2.0",
    "etalab-2.0",
    "EPL-1.0",
    "EPL-2.0",
    "EUPL-1.1",
    "EUPL-1.2",
    "GPL-2.0-only",
    "GPL-3.0-only",
    "ISC",
    "LGPL-2.1-only",
    "LGPL-3.0-only",
    "LPPL-1.3c",
    "MIT",
    "MPL-2.0",
    "MS-PL",
    "NCSA",
    "ODC-By-1.0",
    "ODbL-1.0",
    "OFL-1.1",
    "OSL-3.0",
    "PDDL-1.0",
    "PostgreSQL",
    "Unlicense",
    "WTFPL",
    "Zlib",
];

/// Licences that only models have, by words of their titles, with the Hub's identifiers.
const TITLES: [(&[&str], &str); 8] = [
    (&["gemma", "terms of use"], "gemma"),
    (&["bigscience", "open", "rail-m"], "bigscience-openrail-m"),
    (&["bigscience", "rail license"], "bigscience-bloom-rail-1.0"),
    (&["bigcode", "open", "rail-m"], "bigcode-openrail-m"),
    (&["creativeml", "open", "rail++-m"], "openrail++"),
    (&["creativeml", "open", "rail-m"], "creativeml-openrail-m"),
    (&["deepfloyd if", "license"], "deepfloyd-if-license"),
    (&["fair noncommercial research license"], "fair-noncommercial-research-license"),
];

#[derive(Debug, Clone, PartialEq)]
pub enum Recognised {
    Spdx { id: &'static str, alike: f32 },
    Titled { id: String, title: String },
    Unknown { title: Option<String> },
}

pub fn recognise(text: &str) -> Recognised {
    let title = title(text);
    if let Some((id, title)) = title.clone().and_then(|title| Some((by_title(&title)?, title))) {
        return Recognised::Titled { id, title };
    }
    match remembered(text, |text| verbatim(text).or_else(|| compare(text))) {
        Some((id, alike)) => Recognised::Spdx { id, alike },
        None => Recognised::Unknown { title },
    }
}

/// The licence whose letters are those of the text: that of most folders, found in microseconds, where making the texts
/// to compare with and comparing takes a tenth of a second.
fn verbatim(text: &str) -> Option<Likeness> {
    let is_known = |id: &&str| spdx::license_id(id).is_some_and(|known| letters(known.text()).eq(letters(text)));
    KNOWN.into_iter().find(is_known).map(|id| (id, 1.0))
}

/// Letters and digits in lower case, without the lines that say who holds the copyright.
fn letters(text: &str) -> impl Iterator<Item = char> {
    let lines = text.lines().filter(|line| !says_whose(line));
    lines.flat_map(|line| line.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()))
}

/// `Copyright (c) 2024 Someone`, `Copyright [yyyy] [name of copyright owner]`; not a line that goes on with a sentence.
fn says_whose(line: &str) -> bool {
    let line = line.trim_start();
    let is_word = line.get(..COPYRIGHT.len()).is_some_and(|word| word.eq_ignore_ascii_case(COPYRIGHT));
    let rest = line.get(COPYRIGHT.len()..).unwrap_or_default().trim_start();
    is_word && rest.starts_with(|c: char| c.is_ascii_digit() || "([<©".contains(c))
}

/// A licence, and how alike the text is to its text.
type Likeness = (&'static str, f32);

fn compare(text: &str) -> Option<Likeness> {
    let found = store().analyze(&TextData::from(text));
    let known = KNOWN.into_iter().find(|known| *known == found.name)?;
    (found.score >= ALIKE).then_some((known, found.score))
}

/// What was found of a text before: comparing takes milliseconds, and most folders have one of a few texts.
fn remembered(text: &str, compare: impl FnOnce(&str) -> Option<Likeness>) -> Option<Likeness> {
    static BEFORE: Remembered<Option<Likeness>> = Remembered::new();
    let digest = Sha256::digest(text).into();
    BEFORE.get(&digest).unwrap_or_else(|| {
        let likeness = compare(text);
        BEFORE.put(digest, likeness);
        likeness
    })
}

/// The texts to compare with, made when the first licence is met.
fn store() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| {
        let mut store = Store::new();
        for id in KNOWN.into_iter().filter_map(spdx::license_id) {
            store.add_license(id.name.to_owned(), TextData::from(id.text()));
        }
        store
    })
}

/// The first line that is not empty, without Markdown's marks of a heading.
fn title(text: &str) -> Option<String> {
    let line =
        text.lines().map(|line| line.trim_matches(['#', '*', ' ', '\t', '\u{feff}'])).find(|line| !line.is_empty())?;
    let title: String = line.chars().filter(|c| !c.is_control()).collect();
    (title.chars().count() <= MAX_TITLE).then_some(title)
}

/// The identifier of a licence that only models have.
pub fn by_title(title: &str) -> Option<String> {
    let title = title.to_lowercase();
    let known = TITLES.iter().find(|(words, _)| words.iter().all(|word| title.contains(word)));
    known.map(|(_, id)| (*id).to_owned()).or_else(|| llama(&title))
}

/// `LLAMA 3.1 COMMUNITY LICENSE AGREEMENT` is `llama3.1`: the Hub names each version so.
fn llama(title: &str) -> Option<String> {
    let (_, rest) = title.split_once("llama ")?;
    let (version, _) = rest.split_once(" community license")?;
    let is_version = !version.is_empty() && version.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_version.then(|| format!("llama{version}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::testing::grows_with_length;

    #[test]
    fn every_known_licence_is_recognised_by_its_own_text() {
        for id in KNOWN {
            let found = recognise(spdx::license_id(id).unwrap().text());
            assert!(matches!(found, Recognised::Spdx { id: found, .. } if found == id), "{id}: {found:?}");
        }
    }

    #[test]
    fn a_copyright_line_does_not_matter() {
        let text = format!("Copyright (c) 2024 Someone\n\n{}", spdx::license_id("MIT").unwrap().text());
        assert!(matches!(recognise(&text), Recognised::Spdx { id: "MIT", .. }));
    }

    #[test]
    fn a_text_that_differs_in_its_layout_only_needs_no_comparison() {
        for id in KNOWN {
            let text = spdx::license_id(id).unwrap().text();
            assert_eq!(verbatim(&text.to_ascii_uppercase().replace(' ', "  ")).map(|(id, _)| id), Some(id));
            assert_eq!(compare(text).map(|(id, _)| id), Some(id), "a comparison finds the same");
        }
        let text = spdx::license_id("Apache-2.0").unwrap().text();
        let theirs = text.replace("Copyright [yyyy] [name of copyright owner]", "Copyright 2024 Someone");
        assert_ne!(text, theirs);
        assert_eq!(verbatim(&theirs), Some(("Apache-2.0", 1.0)));
        assert_eq!(verbatim(&format!("{text} And one thing more.")), None);
        assert_eq!(verbatim(""), None);
    }

    #[test]
    fn a_text_is_compared_once() {
        let text = "A text that no other test has.";
        assert_eq!(remembered(text, |_| Some(("MIT", 0.95))), Some(("MIT", 0.95)));
        assert_eq!(remembered(text, |_| panic!("compared again")), Some(("MIT", 0.95)));
        assert_eq!(remembered("Another.", |_| None), None);
    }

    #[test]
    fn licences_of_models_are_known_by_their_titles() {
        for (title, id) in [
            ("LLAMA 3.1 COMMUNITY LICENSE AGREEMENT", "llama3.1"),
            ("# Llama 2 Community License Agreement", "llama2"),
            ("Gemma Terms of Use", "gemma"),
            ("CreativeML Open RAIL-M", "creativeml-openrail-m"),
        ] {
            assert!(
                matches!(recognise(&format!("\n{title}\nText.")), Recognised::Titled { id: found, .. } if found == id),
                "{title}"
            );
        }
    }

    #[test]
    fn the_work_on_hostile_texts_grows_with_their_length() {
        let pieces = ["\n", "a\n", "a-\n", "copyright (c) "].map(|piece| ("", piece));
        grows_with_length(&pieces, |text| {
            recognise(text);
        });
    }

    #[test]
    fn another_text_is_unknown() {
        assert_eq!(recognise(&"x".repeat(1000)), Recognised::Unknown { title: None });
        assert_eq!(recognise("My terms\nbe nice"), Recognised::Unknown { title: Some("My terms".to_owned()) });
    }
}
