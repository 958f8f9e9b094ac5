//! Whether a model folder is whole: each thing that can be wrong as a check with its answer.
//!
//! The folder is read anew, so the answer is about now; the card it was registered with tells whether
//! it changed since. Reading the content of the weights is a matter of its own: `digests`.

mod digests;

use std::io;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::card::{Card, FileKind, WeightsFormat};
use super::ollama::Deployment;
use super::warning::{CardWarning, WarningCode};
use super::{Limits, ModelFolder, extract};
pub use digests::{DigestProgress, FileDigest, verify_digests};

/// The answers about a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Integrity {
    /// Failed if any check failed.
    pub status: CheckStatus,
    /// Digest of what the folder holds now, to be held against the card's; `null` if the folder is gone.
    #[schema(example = "9f2b6c1de3a74f5f8d0c5b7a1e4c3d2b")]
    pub fingerprint: Option<String>,
    pub checks: Vec<IntegrityCheck>,
    /// What else can be done with the model. It does not count for `status`.
    pub deployment: Deployment,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntegrityCheck {
    pub check: CheckName,
    pub status: CheckStatus,
    /// What was found.
    #[schema(example = "2 of 4 shards are there")]
    pub detail: String,
    /// What to do about it, where it failed.
    #[schema(example = "download the missing shards again")]
    pub action: Option<String>,
    /// The files that are concerned.
    pub files: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    Passed,
    Failed,
    /// There was nothing to look at.
    Skipped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// The folder is there.
    Folder,
    /// The configuration is there and can be read.
    Configuration,
    /// A tokenizer is there.
    Tokenizer,
    /// Weights are there.
    Weights,
    /// All shards are there, and no others.
    Shards,
    /// The headers of the weights are sound and fit the files.
    Headers,
    /// No file is a Git LFS pointer.
    LfsPointers,
    /// No download was left unfinished.
    Downloads,
    /// No file is empty.
    EmptyFiles,
    /// No link leads out of the models root or to nothing.
    Links,
    /// Every file could be read within the limits.
    Readable,
    /// Loading the weights runs no code (pickle).
    Pickles,
    /// The model needs no code of its own.
    RemoteCode,
    /// The folder is as it was registered.
    Unchanged,
}

/// What a check is made of: the warnings that fail it, what it says when there are none, and the cure.
struct Rule {
    check: CheckName,
    codes: &'static [WarningCode],
    sound: &'static str,
    action: &'static str,
}

const RULES: [Rule; 10] = [
    Rule {
        check: CheckName::Weights,
        codes: &[WarningCode::NoWeights],
        sound: "weights are there",
        action: "put the weights into the folder, or register the folder that has them",
    },
    Rule {
        check: CheckName::Shards,
        codes: &[WarningCode::MissingShards, WarningCode::ExtraShards, WarningCode::IndexMismatch],
        sound: "all shards are there and the index fits them",
        action: "fetch the missing files and the index again; remove files of an earlier download",
    },
    Rule {
        check: CheckName::Headers,
        codes: &[WarningCode::InvalidHeader, WarningCode::TruncatedFile],
        sound: "the headers are sound and fit the sizes of the files",
        action: "fetch the files again",
    },
    Rule {
        check: CheckName::LfsPointers,
        codes: &[WarningCode::LfsPointer],
        sound: "no file is a Git LFS pointer",
        action: "fetch the content, for example with `git lfs pull`",
    },
    Rule {
        check: CheckName::Downloads,
        codes: &[WarningCode::PartialDownload],
        sound: "no download was left unfinished",
        action: "run the download again, then remove what is left of it",
    },
    Rule {
        check: CheckName::EmptyFiles,
        codes: &[WarningCode::ZeroBytes],
        sound: "no file that was looked at is empty",
        action: "fetch the files again",
    },
    Rule {
        check: CheckName::Links,
        codes: &[WarningCode::LinkRefused],
        sound: "no link leads out of the models root or to nothing",
        action: "copy what the links mean into the models root",
    },
    Rule {
        check: CheckName::Readable,
        codes: &[WarningCode::UnreadableFile, WarningCode::BudgetExceeded],
        sound: "every file could be read",
        action: "give the service the right to read the files, and mend those that are broken",
    },
    Rule {
        check: CheckName::Pickles,
        codes: &[WarningCode::PickleWeights],
        sound: "loading the weights runs no code",
        action: "use safetensors instead, or load the weights only if you trust their author",
    },
    Rule {
        check: CheckName::RemoteCode,
        codes: &[WarningCode::NeedsRemoteCode],
        sound: "the model runs with code of its library alone",
        action: "read the code that comes with the model before you allow it",
    },
];

/// Reads the folder anew and answers every check. `registered` is the card it was registered with.
pub fn integrity(folder: &ModelFolder, registered: &Card, limits: &Limits) -> io::Result<Integrity> {
    let card = extract(folder, limits)?.card;
    let there = answer(CheckName::Folder, CheckStatus::Passed, "the folder is there");
    let mut checks = vec![there, configuration(&card), tokenizer(&card)];
    checks.extend(RULES.iter().map(|rule| apply(rule, &card)));
    checks.push(unchanged(&card, registered));
    let failed = checks.iter().any(|check| check.status == CheckStatus::Failed);
    let status = if failed { CheckStatus::Failed } else { CheckStatus::Passed };
    let deployment = Deployment::of(&card);
    Ok(Integrity { status, fingerprint: Some(card.fingerprint), checks, deployment })
}

impl Integrity {
    /// The answer when there is no folder any more.
    pub fn of_gone_folder(path: &str) -> Self {
        let check = IntegrityCheck {
            check: CheckName::Folder,
            status: CheckStatus::Failed,
            detail: format!("there is no folder {path:?} below the models root any more"),
            action: Some("put the folder back, or change the base model's path".to_owned()),
            files: Vec::new(),
        };
        let deployment = Deployment::of_gone_folder();
        Self { status: CheckStatus::Failed, fingerprint: None, checks: vec![check], deployment }
    }
}

fn answer(check: CheckName, status: CheckStatus, detail: impl Into<String>) -> IntegrityCheck {
    IntegrityCheck { check, status, detail: detail.into(), action: None, files: Vec::new() }
}

/// A check that failed for these warnings.
fn failure<'w>(check: CheckName, action: &str, warnings: impl Iterator<Item = &'w CardWarning>) -> IntegrityCheck {
    let (mut details, mut files) = (Vec::new(), Vec::new());
    for warning in warnings {
        details.push(warning.detail.as_str());
        files.extend(warning.files.iter().cloned());
    }
    files.sort();
    files.dedup();
    IntegrityCheck {
        check,
        status: CheckStatus::Failed,
        detail: details.join("\n"),
        action: Some(action.to_owned()),
        files,
    }
}

fn apply(rule: &Rule, card: &Card) -> IntegrityCheck {
    let warnings: Vec<&CardWarning> =
        card.warnings.iter().filter(|warning| rule.codes.contains(&warning.code)).collect();
    if !warnings.is_empty() {
        return failure(rule.check, rule.action, warnings.into_iter());
    }
    if let Some(why) = nothing_to_check(rule.check, card) {
        return answer(rule.check, CheckStatus::Skipped, why);
    }
    answer(rule.check, CheckStatus::Passed, rule.sound)
}

fn nothing_to_check(check: CheckName, card: &Card) -> Option<&'static str> {
    let has_header =
        matches!(card.weights.format, WeightsFormat::Safetensors | WeightsFormat::Gguf | WeightsFormat::Mlx);
    let has_weights = card.weights.format != WeightsFormat::None || !card.weights.variants.is_empty();
    match check {
        CheckName::Shards if card.weights.shards.expected.is_none() => Some("the weights are not in shards"),
        CheckName::Headers if !has_header => Some("no weights have a header that is read"),
        CheckName::Pickles if !has_weights => Some("there are no weights"),
        _ => None,
    }
}

/// Whether a warning is about a file of that kind that could not be read.
fn is_broken(warning: &CardWarning, card: &Card, kind: FileKind) -> bool {
    let broken = [
        WarningCode::UnreadableFile,
        WarningCode::ZeroBytes,
        WarningCode::LfsPointer,
        WarningCode::ForeignSchema,
        WarningCode::BudgetExceeded,
    ];
    let is_kind = |path: &String| card.files.iter().any(|file| file.path == *path && file.kind == kind);
    broken.contains(&warning.code) && warning.files.iter().any(is_kind)
}

fn broken(card: &Card, kind: FileKind) -> Vec<&CardWarning> {
    card.warnings.iter().filter(|warning| is_broken(warning, card, kind)).collect()
}

fn configuration(card: &Card) -> IntegrityCheck {
    let broken = broken(card, FileKind::Config);
    let has_config = card.files.iter().any(|file| file.kind == FileKind::Config && file.read);
    if !broken.is_empty() {
        let action = "mend the files, or fetch them again";
        failure(CheckName::Configuration, action, broken.into_iter())
    } else if has_config {
        answer(CheckName::Configuration, CheckStatus::Passed, "the configuration can be read")
    } else if card.weights.format == WeightsFormat::Gguf {
        answer(CheckName::Configuration, CheckStatus::Skipped, "GGUF files hold their own configuration")
    } else {
        let action = "fetch config.json, or what stands in its place for this kind of model".to_owned();
        let check = answer(CheckName::Configuration, CheckStatus::Failed, "the folder holds no configuration");
        IntegrityCheck { action: Some(action), ..check }
    }
}

fn tokenizer(card: &Card) -> IntegrityCheck {
    let broken = broken(card, FileKind::Tokenizer);
    let has_file = card.files.iter().any(|file| file.kind == FileKind::Tokenizer && file.size_bytes > 0);
    let in_gguf = card.weights.format == WeightsFormat::Gguf && card.tokenizer.vocab_size.is_some();
    if !broken.is_empty() {
        failure(CheckName::Tokenizer, "fetch the files again", broken.into_iter())
    } else if has_file || in_gguf {
        answer(CheckName::Tokenizer, CheckStatus::Passed, "a tokenizer is there")
    } else if card.architecture.vocab_size.is_none() {
        answer(CheckName::Tokenizer, CheckStatus::Skipped, "the model has no vocabulary")
    } else {
        let action = "fetch the tokenizer's files: a runtime cannot read text without them".to_owned();
        let check = answer(CheckName::Tokenizer, CheckStatus::Failed, "the model has a vocabulary and no tokenizer");
        IntegrityCheck { action: Some(action), ..check }
    }
}

/// What differs from the folder that was registered, by names and sizes.
fn unchanged(card: &Card, registered: &Card) -> IntegrityCheck {
    if registered.fingerprint.is_empty() {
        return answer(CheckName::Unchanged, CheckStatus::Skipped, "the folder was not read before");
    }
    if card.fingerprint == registered.fingerprint {
        return answer(CheckName::Unchanged, CheckStatus::Passed, "the folder is as it was registered");
    }
    let differs = |file: &&super::CardFile, others: &Card| {
        !others.files.iter().any(|other| other.path == file.path && other.size_bytes == file.size_bytes)
    };
    let now = card.files.iter().filter(|file| differs(file, registered));
    let before = registered.files.iter().filter(|file| differs(file, card));
    let mut files: Vec<String> = now.chain(before).map(|file| file.path.clone()).collect();
    files.sort();
    files.dedup();
    IntegrityCheck {
        check: CheckName::Unchanged,
        status: CheckStatus::Failed,
        detail: "the folder is not as it was registered".to_owned(),
        action: Some("read the card again if the change was meant".to_owned()),
        files,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::testing::{card_within, write};

    const CONFIG: &[u8] = br#"{"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 8}"#;

    fn report(files: &[(&str, &[u8])], registered: &Card) -> Integrity {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), files);
        integrity(&ModelFolder::ambient(folder.path()).unwrap(), registered, &Limits::default()).unwrap()
    }

    fn status(report: &Integrity, check: CheckName) -> CheckStatus {
        report.checks.iter().find(|answer| answer.check == check).unwrap().status
    }

    fn weights() -> Vec<u8> {
        let header = br#"{"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}"#;
        [&(header.len() as u64).to_le_bytes()[..], header, &[0]].concat()
    }

    #[test]
    fn a_whole_folder_passes_every_check_that_is_made() {
        let weights = weights();
        let files: [(&str, &[u8]); 3] = [
            ("config.json", CONFIG),
            ("tokenizer.json", br#"{"model": {"vocab": {"a": 0}}}"#),
            ("model.safetensors", &weights),
        ];
        let report = report(&files, &card_within(&files, &Limits::default()));
        assert_eq!(report.status, CheckStatus::Passed, "{:?}", report.checks);
        assert_eq!(status(&report, CheckName::Unchanged), CheckStatus::Passed);
        assert_eq!(status(&report, CheckName::Shards), CheckStatus::Skipped);
        assert_eq!(report.checks.len(), 14);
    }

    #[test]
    fn each_fault_fails_its_check_with_an_action() {
        let report = report(
            &[
                ("config.json", b"{"),
                ("model-00001-of-00003.safetensors", b""),
                ("model-00002-of-00003.safetensors", b"version https://git-lfs.github.com/spec/v1\nsize 5\n"),
                ("pytorch_model.bin", b"pickle"),
                ("x.gguf", b"GGUF but cut"),
                ("y.safetensors.incomplete", b"x"),
            ],
            &Card::default(),
        );
        for check in [
            CheckName::Configuration,
            CheckName::Shards,
            CheckName::Headers,
            CheckName::LfsPointers,
            CheckName::Downloads,
            CheckName::EmptyFiles,
            CheckName::Pickles,
        ] {
            let answer = report.checks.iter().find(|answer| answer.check == check).unwrap();
            assert_eq!(answer.status, CheckStatus::Failed, "{check:?}");
            assert!(answer.action.is_some() && !answer.files.is_empty(), "{check:?}");
        }
        assert_eq!(report.status, CheckStatus::Failed);
    }

    #[test]
    fn a_change_since_the_registration_is_named() {
        let registered = card_within(&[("config.json", CONFIG), ("gone.txt", b"x")], &Limits::default());
        let report = report(&[("config.json", CONFIG), ("new.txt", b"x")], &registered);
        let change = report.checks.last().unwrap();
        assert_eq!(
            (change.status, &change.files[..]),
            (CheckStatus::Failed, &["gone.txt".to_owned(), "new.txt".to_owned()][..])
        );
        assert_eq!(status(&report, CheckName::Tokenizer), CheckStatus::Failed);
        assert_eq!(status(&report, CheckName::Weights), CheckStatus::Failed);
    }
}
