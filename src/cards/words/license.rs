//! The licence: what the author declares, and whose text lies in the folder.
//!
//! Identifiers are written as on the Hugging Face Hub, which are those of SPDX in lower case and some
//! for licences that only models have. A text that is none of those known here is `other`, with the
//! text's title as its name and the file as its link: that is how the Hub declares such a licence, and
//! nothing would look as if there were no terms at all.

use super::super::card::Card;
use super::super::draft::{Draft, fill};
use super::super::facts::{Fact, Field, Source};
use super::descriptive;
use super::license_text::{self, Recognised};

/// Bytes of a licence that are read; the GPL has 35 kB.
const MAX_BYTES: u64 = 128 << 10;
const OTHER: &str = "other";

/// What a model card or a front matter says of the licence.
pub fn declare(draft: &mut Draft<'_>, root: &Field<'_>) {
    let Some(field) = root.first(&["license", "licence"]) else { return };
    let member = |keys: &[&str]| field.first(keys).as_ref().and_then(descriptive::text);
    let id = member(&["id", "name"]).or_else(|| descriptive::text(&field)).map(|fact| fact.map(|id| normalised(&id)));
    let link = member(&["link", "url"]);
    fill!(draft, license.id, id);
    let beside = |key| root.get(key).as_ref().and_then(descriptive::text);
    descriptive::offer(draft, "/license/name", beside("license_name"), |card| &mut card.license.name);
    descriptive::offer(draft, "/license/link", beside("license_link").or(link), |card| &mut card.license.link);
}

/// `Apache License, Version 2.0` becomes `apache-2.0`; what is an identifier already only loses its capitals.
fn normalised(text: &str) -> String {
    let text = text.to_lowercase();
    let words = text.split([' ', ',', '-', '_', '(', ')']).filter(|word| !FILLERS.contains(word));
    let id = words.map(|word| word.strip_prefix('v').unwrap_or(word)).collect::<Vec<_>>().join("-");
    let known = license_text::KNOWN.into_iter().map(hub_id).find(|known| *known == id);
    known.or_else(|| license_text::by_title(&text)).unwrap_or(text)
}

/// Words in the name of a licence that its identifier does without.
const FILLERS: [&str; 7] = ["", "the", "license", "licence", "version", "agreement", "family"];

/// The Hub does not tell `-only` from `-or-later`, which have the same text, and names some families without a version.
fn hub_id(spdx: &str) -> String {
    match spdx {
        "ODC-By-1.0" => "odc-by".to_owned(),
        "ODbL-1.0" => "odbl".to_owned(),
        "PDDL-1.0" => "pddl".to_owned(),
        _ => spdx.strip_suffix("-only").unwrap_or(spdx).to_lowercase(),
    }
}

/// Looks at the text of the licence that lies in the folder.
pub fn read_text(draft: &mut Draft<'_>) {
    let Some(file) = find(draft) else { return };
    let Some(text) = draft.head(&file, MAX_BYTES) else { return };
    match license_text::recognise(&text) {
        Recognised::Spdx { id, alike } => {
            let how = format!("its text is {:.0} % that of {id}", alike * 100.0);
            recognised(draft, hub_id(id), Source::file(file).by(how));
        }
        Recognised::Titled { id, title } => {
            recognised(draft, id, Source::file(file.clone()).by("its title"));
            name_it(draft, title, &file);
        }
        Recognised::Unknown { title } => unknown(draft, title, &file),
    }
}

/// The folder's text against what was declared. `gpl` and `gpl-3.0` do not disagree, nor does `other`.
fn recognised(draft: &mut Draft<'_>, id: String, source: Source) {
    let Some(held) = draft.card.license.id.clone() else {
        return fill!(draft, license.id, Some(Fact::new(id, source)));
    };
    let agrees = held == OTHER || held.split(", ").any(|held| held.starts_with(&id) || id.starts_with(held));
    if !agrees {
        draft.conflict("/license/id", &held, &id, &source);
    }
}

fn unknown(draft: &mut Draft<'_>, title: Option<String>, file: &str) {
    if draft.card.license.id.is_none() {
        let source = Source::file(file).by("its text is none of the known licences");
        fill!(draft, license.id, Some(Fact::new(OTHER.to_owned(), source)));
    }
    if draft.card.license.id.as_deref() == Some(OTHER) {
        if let Some(title) = title {
            name_it(draft, title, file);
        }
        let link = Fact::new(file.to_owned(), Source::file(file).by("the file itself"));
        descriptive::offer(draft, "/license/link", Some(link), |card: &mut Card| &mut card.license.link);
    }
}

fn name_it(draft: &mut Draft<'_>, title: String, file: &str) {
    let fact = Fact::new(title, Source::file(file).by("its first line"));
    descriptive::offer(draft, "/license/name", Some(fact), |card: &mut Card| &mut card.license.name);
}

/// The licence of the model goes before that of the code, where a folder has both.
fn find(draft: &Draft<'_>) -> Option<String> {
    let files = draft.listing.files.iter().map(|entry| entry.path.as_str());
    let ranked = files.filter_map(|path| Some((rank(path)?, path)));
    ranked.min().map(|(_, path)| path.to_owned())
}

fn rank(path: &str) -> Option<u8> {
    let name = path.to_uppercase();
    let stem = name.strip_suffix(".TXT").or(name.strip_suffix(".MD")).unwrap_or(&name);
    let is_text =
        !stem.contains(['/', '.']) || stem.rsplit('.').next().is_some_and(|end| end.starts_with(char::is_numeric));
    let is_license = ["LICENSE", "LICENCE", "COPYING"].iter().any(|word| stem.contains(word));
    match stem {
        _ if !is_license || !is_text || stem.contains('/') || stem.contains("THIRD") => None,
        _ if stem.contains("MODEL") => Some(0),
        "LICENSE" | "LICENCE" | "COPYING" => Some(1),
        _ if stem.contains("CODE") => Some(3),
        _ => Some(2),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{card_of, warning_codes};
    use super::super::super::warning::WarningCode;
    use super::*;

    #[test]
    fn names_of_licences_become_identifiers() {
        for (name, id) in [
            ("Apache License 2.0", "apache-2.0"),
            ("Apache License, Version 2.0", "apache-2.0"),
            ("The MIT License", "mit"),
            ("CC-BY-NC-4.0", "cc-by-nc-4.0"),
            ("GPL v3.0", "gpl-3.0"),
            ("Llama 3.1 Community License", "llama3.1"),
            ("llama3.1", "llama3.1"),
            ("My Own", "my own"),
        ] {
            assert_eq!(normalised(name), id);
        }
    }

    fn text_of(id: &str) -> &'static str {
        spdx::license_id(id).unwrap().text()
    }

    #[test]
    fn a_known_text_is_named_as_on_the_hub() {
        for (spdx, hub) in [("Apache-2.0", "apache-2.0"), ("MIT", "mit"), ("AGPL-3.0-only", "agpl-3.0")] {
            let card = card_of(&[("LICENSE", text_of(spdx))]);
            assert_eq!(card.license.id.as_deref(), Some(hub));
            assert!(card.sources["/license/id"].derived.as_deref().unwrap().starts_with("its text is"));
        }
    }

    #[test]
    fn an_unknown_text_is_other_with_its_title_and_link() {
        let card = card_of(&[("LICENSE.md", "# EXAMPLE MODEL LICENSE\n\nYou may use the model on Tuesdays.\n")]);
        assert_eq!(card.license.id.as_deref(), Some("other"));
        assert_eq!(card.license.name.as_deref(), Some("EXAMPLE MODEL LICENSE"));
        assert_eq!(card.license.link.as_deref(), Some("LICENSE.md"));
    }

    #[test]
    fn a_declared_licence_stays_and_a_text_that_differs_is_told() {
        let card = card_of(&[("README.md", "---\nlicense: MIT\n---\n"), ("LICENSE.txt", text_of("Apache-2.0"))]);
        assert_eq!(card.license.id.as_deref(), Some("mit"));
        assert_eq!(warning_codes(&card), [WarningCode::ConflictingValues]);
        let card = card_of(&[("README.md", "---\nlicense: Apache 2.0\n---\n"), ("LICENSE", text_of("Apache-2.0"))]);
        assert!(card.warnings.is_empty());
    }

    #[test]
    fn the_text_for_the_model_goes_before_the_one_for_the_code() {
        let ranks = ["LICENSE-MODEL", "LICENSE", "LICENSE-APACHE", "LICENSE-CODE"].map(rank);
        assert_eq!(ranks, [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(["license.py", "sub/LICENSE", "LICENSE.json", "licenses.tar.gz"].map(rank), [None; 4]);
    }
}
