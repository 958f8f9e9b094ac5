//! `README.md`: the front matter in fields, and the first paragraph as a description.

use super::super::card::WeightsFormat;
use super::super::draft::{Document, Draft};
use super::super::facts::{Fact, Field, Source};
use super::super::warning::WarningCode;
use super::{descriptive, front_matter, license, model_card, prose};

/// What is read of a README.
#[derive(Debug, Default)]
pub struct Readme {
    front_matter: Option<Document>,
    description: Option<Fact<String>>,
}

impl Readme {
    /// A text of the front matter.
    pub fn word(&self, key: &str) -> Option<Fact<String>> {
        self.front_matter.as_ref().and_then(|document| descriptive::text(&document.root().get(key)?))
    }
}

pub fn read(draft: &mut Draft<'_>) -> Readme {
    let Some(file) = find(draft) else { return Readme::default() };
    let Some(text) = draft.head(&file, draft.limits.readme_bytes) else { return Readme::default() };
    let parts = front_matter::split(&text);
    let front_matter = parts.front_matter.map(|yaml| document(draft, &file, yaml));
    if let Some(document) = &front_matter {
        descriptive::fill(draft, &document.root());
        license::declare(draft, &document.root());
        references(draft, &document.root());
    }
    let description = prose::first_paragraph(parts.body);
    let source = Source::file(file).by("its first paragraph");
    Readme { front_matter, description: description.map(|text| Fact::new(text, source)) }
}

fn find(draft: &Draft<'_>) -> Option<String> {
    let mut files = draft.listing.files.iter();
    files.find(|entry| entry.path.eq_ignore_ascii_case("README.md")).map(|entry| entry.path.clone())
}

fn document(draft: &mut Draft<'_>, file: &str, yaml: &str) -> Document {
    let (value, error) = front_matter::parse(yaml);
    if let Some(error) = error {
        let detail = format!("the front matter of {file} is not read to its end: {error}");
        draft.warn(WarningCode::UnreadableFile, None, detail, [file]);
    }
    Document { file: file.to_owned(), value }
}

/// Papers stand among the tags, as `arxiv:<number>` or `doi:<number>`.
fn references(draft: &mut Draft<'_>, root: &Field<'_>) {
    let Some(tags) = root.get("tags").as_ref().and_then(descriptive::words) else { return };
    let is_paper = |tag: &String| tag.starts_with("arxiv:") || tag.starts_with("doi:");
    let papers = tags.map(|tags| tags.into_iter().filter(is_paper).collect());
    draft.fill_list("/references", Some(papers), |card| &mut card.references);
}

/// What only fills a gap. A README with nothing of a model beside it describes no model that is here.
pub fn complete(draft: &mut Draft<'_>, readme: &Readme) {
    descriptive::offer(draft, "/description", readme.description.clone(), |card| &mut card.description);
    let card = &draft.card;
    let weights = card.weights.format != WeightsFormat::None;
    let has_model = weights || card.family.is_some() || !card.architectures.is_empty();
    if has_model {
        // The READMEs of ModelScope list tasks instead.
        let tasks = || model_card::task(&readme.front_matter.as_ref()?.root());
        descriptive::offer(draft, "/task", readme.word("pipeline_tag").or_else(tasks), |card| &mut card.task);
        descriptive::offer(draft, "/library", readme.word("library_name"), |card| &mut card.library);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{card_of, warning_codes};
    use super::*;

    #[test]
    fn the_front_matter_of_the_hub_fills_the_card() {
        let readme = "\u{feff}---\r\nlanguage:\r\n- no\r\n- en\r\nlicense: other\r\nlicense_name: my-license\r\n\
            license_link: LICENSE\r\ntags: [chat, 'arxiv:2401.00001']\r\nbase_model: org/base\r\ndatasets: [a, b]\r\n\
            ---\r\n# Title\r\n\r\nThis model was trained for tests. It is small.\r\n";
        let card = card_of(&[("readme.md", readme.as_bytes())]);
        assert_eq!(card.languages, ["no", "en"]);
        assert_eq!((card.license.id.as_deref(), card.license.name.as_deref()), (Some("other"), Some("my-license")));
        assert_eq!(card.license.link.as_deref(), Some("LICENSE"));
        assert_eq!(card.references, ["arxiv:2401.00001"]);
        assert_eq!(card.base_models, ["org/base"]);
        assert_eq!(card.description.as_deref(), Some("This model was trained for tests. It is small."));
        assert_eq!(card.sources["/license/name"], Source::key("readme.md", "/license_name"));
        assert!(card.warnings.is_empty(), "{:?}", card.warnings);
    }

    #[test]
    fn a_readme_alone_says_nothing_of_a_network() {
        let card = card_of(&[("README.md", "---\npipeline_tag: text-generation\nlibrary_name: transformers\n---\n")]);
        assert_eq!((card.task, card.library), (None, None));
    }

    #[test]
    fn the_author_s_task_fills_a_gap_beside_a_model() {
        let card = |head: &str| {
            let readme = format!("---\n{head}\n---\n");
            card_of(&[("README.md", readme.as_str()), ("model_card.json", r#"{"model_type": "unheard-of"}"#)])
        };
        assert_eq!(card("pipeline_tag: text-generation").task.as_deref(), Some("text-generation"));
        assert_eq!(card("tasks:\n- image_segmentation").task.as_deref(), Some("image-segmentation"));
    }

    #[test]
    fn broken_front_matter_is_a_warning_and_what_was_read_stays() {
        let card = card_of(&[("README.md", "---\nlicense: mit\ntags: [a\n---\nText.\n")]);
        assert_eq!(card.license.id.as_deref(), Some("mit"));
        assert_eq!(warning_codes(&card), [WarningCode::UnreadableFile]);
    }
}
