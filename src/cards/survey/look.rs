//! A look at one folder: what kind it is, how large, and whether the model in it is whole.

use std::io::Read as _;

use super::finding::{FindingCode, FolderFinding, some_of};
use super::{FolderKind, SurveyLimits};
use crate::cards::card::{Card, FileKind};
use crate::cards::draft::{Draft, is_lfs_pointer};
use crate::cards::files::kind_of;
use crate::cards::folder::{Entry, ModelFolder};
use crate::cards::kind::Kind;
use crate::cards::limits::Limits;
use crate::cards::warning::WarningCode;
use crate::cards::weights;

/// No Git LFS pointer has more bytes.
const LONGEST_POINTER: u64 = 1024;
/// Small files that are opened to see whether they are pointers: where one is, mostly all are.
const MOST_POINTERS: usize = 8;
/// Longest family that is told: a name, not a text.
const LONGEST_FAMILY: usize = 100;

/// What was seen.
#[derive(Debug, Default)]
pub struct Look {
    pub kind: Option<FolderKind>,
    pub family: Option<String>,
    pub size_bytes: Option<u64>,
    pub finding: Option<FolderFinding>,
}

/// Looks at a folder that has a file of a model, or traces of a download.
pub fn look(folder: &ModelFolder, limits: &SurveyLimits) -> Look {
    let limits = Limits { entries: 20_000, text_bytes: 4 << 20, time: limits.look, ..Limits::default() };
    let mut draft = match Draft::new(folder, &limits, Card::empty()) {
        Ok(draft) => draft,
        Err(error) => return Look { finding: Some(FolderFinding::unreadable(&error)), ..Look::default() },
    };
    let kind = Kind::of(&mut draft);
    let (family, broken) = match family(&mut draft, kind) {
        Ok(family) => (family, None),
        Err(detail) => (None, Some(FolderFinding::new(FindingCode::BrokenWeights, detail))),
    };
    let finding = missing(&mut draft, kind).or(broken).or_else(|| unrecognised(&draft, kind));
    let size = draft.listing.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size));
    Look { kind: FolderKind::of(kind), family, size_bytes: Some(size), finding }
}

/// The family, in the words of the configuration; an error where a GGUF file cannot be read.
fn family(draft: &mut Draft<'_>, kind: Kind) -> Result<Option<String>, String> {
    let family = match kind {
        Kind::Gguf => match first_gguf(draft) {
            Some(path) if !is_pointer(draft, &path) => Some(weights::gguf_architecture(draft, &path)?),
            _ => None,
        },
        Kind::Transformers | Kind::SentenceTransformers => model_type(draft, "config.json").or_else(|| {
            let below = draft.listing.files.iter().map(|file| file.path.clone());
            let config = below.into_iter().find(|path| path.ends_with("/config.json") && path.starts_with("0_"))?;
            model_type(draft, &config)
        }),
        _ => None,
    };
    Ok(family.map(|name| name.chars().filter(|c| !c.is_control()).take(LONGEST_FAMILY).collect()))
}

fn model_type(draft: &mut Draft<'_>, path: &str) -> Option<String> {
    draft.json(path)?.root().get("model_type")?.string().map(|fact| fact.value)
}

fn first_gguf(draft: &Draft<'_>) -> Option<String> {
    let weights = weights::outline(&draft.listing.files).files.into_iter();
    weights.map(|file| file.path).find(|path| path.to_ascii_lowercase().ends_with(".gguf"))
}

/// What keeps the model from being whole.
fn missing(draft: &mut Draft<'_>, kind: Kind) -> Option<FolderFinding> {
    let finding = |code, detail: String| Some(FolderFinding::new(code, detail));
    let refused: Vec<&str> = draft.listing.refused_links.iter().map(String::as_str).collect();
    if !refused.is_empty() {
        let what = some_of(refused);
        return finding(
            FindingCode::LinkRefused,
            format!("{what}: a link that leaves the models root, leads nowhere or runs in a circle"),
        );
    }
    let outline = weights::outline(&draft.listing.files);
    let pointers = pointers(draft, &outline.files);
    if !pointers.is_empty() {
        let what = some_of(pointers.iter().map(String::as_str));
        return finding(
            FindingCode::LfsPointers,
            format!("{what}: a Git LFS pointer; fetch the content, for example with `git lfs pull`"),
        );
    }
    if !draft.listing.unfinished.is_empty() {
        let what = some_of(draft.listing.unfinished.iter().map(String::as_str));
        return finding(FindingCode::PartialDownload, format!("{what}: a download was left unfinished; run it again"));
    }
    FolderKind::of(kind)?;
    match (outline.files.is_empty(), outline.absent) {
        (true, _) => {
            finding(FindingCode::NoWeights, "the weights are not there; fetch them into the folder".to_owned())
        }
        (false, 0) => None,
        (false, 1) => finding(FindingCode::MissingShards, "a file of the weights is missing; fetch it".to_owned()),
        (false, absent) => {
            finding(FindingCode::MissingShards, format!("{absent} files of the weights are missing; fetch them"))
        }
    }
}

/// The files that are pointers: among those that were read, and among weights so small that they could be.
fn pointers(draft: &mut Draft<'_>, weights: &[Entry]) -> Vec<String> {
    let small = weights.iter().filter(|file| file.size > 0 && file.size <= LONGEST_POINTER).take(MOST_POINTERS);
    let mut pointers: Vec<String> = Vec::new();
    for file in small {
        if is_pointer(draft, &file.path) {
            pointers.push(file.path.clone());
        }
    }
    let warned = draft.card.warnings.iter().filter(|warning| warning.code == WarningCode::LfsPointer);
    pointers.extend(warned.flat_map(|warning| warning.files.iter().cloned()));
    pointers
}

fn is_pointer(draft: &mut Draft<'_>, path: &str) -> bool {
    let Some(file) = draft.open(path).filter(|file| file.size() <= LONGEST_POINTER) else { return false };
    let mut bytes = Vec::new();
    file.take(LONGEST_POINTER).read_to_end(&mut bytes).is_ok() && is_lfs_pointer(&bytes)
}

/// Why a folder in which nothing is known is none.
fn unrecognised(draft: &Draft<'_>, kind: Kind) -> Option<FolderFinding> {
    if FolderKind::of(kind).is_some() {
        return None;
    }
    let new = |code, detail: &str| Some(FolderFinding::new(code, detail));
    if kind == Kind::Foreign {
        let detail =
            "config.json is of a schema that is not known here; a model of transformers names its `model_type`";
        return new(FindingCode::ForeignConfiguration, detail);
    }
    let broken = draft.card.warnings.iter().find(|warning| {
        matches!(warning.code, WarningCode::UnreadableFile | WarningCode::ZeroBytes | WarningCode::BudgetExceeded)
    });
    if let Some(broken) = broken {
        return new(FindingCode::BrokenConfiguration, &broken.detail);
    }
    if draft.has("config.json") {
        return new(FindingCode::BrokenConfiguration, "config.json is not a JSON object");
    }
    if !weights::outline(&draft.listing.files).files.is_empty() {
        let detail = "holds weights and nothing that says of which model; fetch config.json";
        return new(FindingCode::NoConfiguration, detail);
    }
    let of_model = [FileKind::Tokenizer, FileKind::Processor, FileKind::ChatTemplate, FileKind::WeightsIndex];
    let is_of_model = |file: &Entry| !file.path.contains('/') && of_model.contains(&kind_of(&file.path));
    if draft.listing.files.iter().any(is_of_model) {
        let detail = "holds parts of a model and nothing that says of which; fetch config.json and the weights";
        return new(FindingCode::NoConfiguration, detail);
    }
    Some(of_names(draft.listing.files.iter().map(|file| file.path.as_str())))
}

/// What a folder without a model holds, by the names of its files.
pub fn of_names<'n>(names: impl Iterator<Item = &'n str>) -> FolderFinding {
    let mut names = names.filter(|name| !name.starts_with('.')).peekable();
    let is_word = |name: &str| matches!(kind_of(name), FileKind::Readme | FileKind::License);
    if names.peek().is_none() {
        let detail = "is empty; put the model's files there, or remove it";
        return FolderFinding::new(FindingCode::Empty, detail);
    }
    if names.all(is_word) {
        let detail = "holds a README and no files of a model; fetch the rest of the repository";
        return FolderFinding::new(FindingCode::OnlyReadme, detail);
    }
    let detail = "holds none of the files by which a model is recognised, such as config.json or *.gguf";
    FolderFinding::new(FindingCode::NotAModel, detail)
}
