//! A card in the making: reads files within the limits, once each, and notes what it read, where
//! each value came from and what was odd.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::rc::Rc;
use std::time::Instant;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::card::{Card, CardStatus};
use super::facts::{Fact, Field, Source};
use super::folder::{Listing, ModelFolder, OpenError, OpenFile, OutOfTime};
use super::limits::Limits;
use super::warning::{CardWarning, WarningCode};
use super::{KeptFile, json};

/// The first line of a Git LFS pointer, and of its predecessor's.
const LFS_MARKS: [&[u8]; 2] =
    [b"version https://git-lfs.github.com/spec/v1", b"version https://hawser.github.com/spec/v1"];

/// Sets a member of the card that is an `Option` and notes its source under the JSON Pointer of the
/// same name; an earlier value stays, and a different later one is told as a conflict.
///
/// `fill!(draft, architecture.hidden_size, root.get("hidden_size").and_then(|field| field.positive()))`
macro_rules! fill {
    ($draft:expr, $($part:ident).+, $fact:expr) => {
        if let Some(fact) = $fact {
            let path = concat!($("/", stringify!($part)),+);
            match &$draft.card.$($part).+ {
                None => {
                    $draft.card.$($part).+ = Some(fact.value);
                    $draft.source(path, fact.source);
                }
                Some(held) if *held != fact.value => {
                    let held = format!("{held:?}");
                    $draft.conflict(path, &held, &format!("{:?}", fact.value), &fact.source);
                }
                Some(_) => {}
            }
        }
    };
}
pub(super) use fill;

/// A JSON file of the folder.
#[derive(Debug)]
pub struct Document {
    pub file: String,
    pub value: Value,
}

impl Document {
    pub fn root(&self) -> Field<'_> {
        Field::root(&self.file, &self.value)
    }
}

pub struct Draft<'a> {
    pub card: Card,
    pub listing: Listing,
    pub limits: &'a Limits,
    folder: &'a ModelFolder,
    documents: BTreeMap<String, Option<Rc<Document>>>,
    /// SHA-256 of what was read of each file.
    digests: BTreeMap<String, [u8; 32]>,
    kept: Vec<KeptFile>,
    bytes_left: u64,
    deadline: Instant,
}

impl<'a> Draft<'a> {
    pub fn new(folder: &'a ModelFolder, limits: &'a Limits, card: Card) -> io::Result<Self> {
        let deadline = Instant::now() + limits.time;
        Ok(Self {
            card,
            listing: folder.list(limits)?,
            limits,
            folder,
            documents: BTreeMap::new(),
            digests: BTreeMap::new(),
            kept: Vec::new(),
            bytes_left: limits.total_bytes,
            deadline,
        })
    }

    pub fn has(&self, path: &str) -> bool {
        self.listing.get(path).is_some()
    }

    /// The JSON file at that path. `None` if it is absent, or so broken that only a warning is left.
    pub fn json(&mut self, path: &str) -> Option<Rc<Document>> {
        if let Some(document) = self.documents.get(path) {
            return document.clone();
        }
        let document = self.parse(path).map(Rc::new);
        self.documents.insert(path.to_owned(), document.clone());
        document
    }

    fn parse(&mut self, path: &str) -> Option<Document> {
        let cap = if path.ends_with("config.json") || path == "params.json" {
            self.limits.config_bytes
        } else {
            self.limits.text_bytes
        };
        let bytes = self.bytes(path, cap)?;
        let parsed = json::parse(&bytes);
        if bytes.len() <= self.limits.kept_bytes {
            self.kept.push(KeptFile { path: path.to_owned(), content: bytes });
        }
        match parsed {
            Ok(parsed) => {
                for oddity in parsed.oddities {
                    self.warn(
                        WarningCode::NonStandardJson,
                        None,
                        format!("{path} is not standard JSON: {oddity}"),
                        [path],
                    );
                }
                Some(Document { file: path.to_owned(), value: parsed.value })
            }
            Err(error) => {
                self.warn(WarningCode::UnreadableFile, None, format!("{path} is not valid JSON: {error}"), [path]);
                None
            }
        }
    }

    /// A text file, whatever is not UTF-8 in it replaced.
    pub fn text(&mut self, path: &str, cap: u64) -> Option<String> {
        self.bytes(path, cap).map(|bytes| match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// A whole file of at most `cap` bytes. Anything else is `None` and, unless the file is absent, a warning.
    pub fn bytes(&mut self, path: &str, cap: u64) -> Option<Vec<u8>> {
        let file = self.open(path)?;
        if file.size() > cap {
            let detail = format!("{path} has {} bytes, more than the {cap} that are read of such a file", file.size());
            self.warn(WarningCode::BudgetExceeded, None, detail, [path]);
            return None;
        }
        self.read(path, file, cap)
    }

    /// The first `cap` bytes of a text file, however long it is.
    pub fn head(&mut self, path: &str, cap: u64) -> Option<String> {
        let file = self.open(path)?;
        self.read(path, file, cap).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn read(&mut self, path: &str, file: OpenFile, cap: u64) -> Option<Vec<u8>> {
        let most = cap.min(self.bytes_left);
        // The size is that of the file, not one that it declares; one byte more, so that the end is seen without growing.
        let mut bytes = Vec::with_capacity(usize::try_from(file.size().min(most)).unwrap_or_default() + 1);
        let read = file.take(most).read_to_end(&mut bytes);
        self.note_read(path, &bytes);
        match read {
            Ok(_) if bytes.is_empty() => {
                self.warn(WarningCode::ZeroBytes, None, format!("{path} is empty"), [path]);
                None
            }
            Ok(_) if is_lfs_pointer(&bytes) => {
                self.warn_of_pointer(path, &bytes);
                None
            }
            Ok(_) => Some(bytes),
            Err(error) => {
                self.warn_of_error(path, &error);
                None
            }
        }
    }

    /// Tells why a file was not read to its end.
    pub fn warn_of_error(&mut self, path: &str, error: &io::Error) {
        if OutOfTime::ended(error) {
            return self.warn_exhausted(path);
        }
        let detail = format!("{path} cannot be read ({})", error.kind());
        self.warn(WarningCode::UnreadableFile, None, detail, [path]);
    }

    /// Opens a file whose content is read in parts; `note_read` tells what was read of it. Its reader
    /// fails once the time of the folder is over.
    pub fn open(&mut self, path: &str) -> Option<OpenFile> {
        if !self.has(path) || self.exhausted(path) {
            return None;
        }
        match self.folder.open(path) {
            Ok(file) => Some(file.until(self.deadline)),
            Err(OpenError::Absent) => None,
            Err(error @ OpenError::Refused) => {
                self.warn(WarningCode::LinkRefused, None, format!("{path} was not read: {error}"), [path]);
                None
            }
            Err(error) => {
                self.warn(WarningCode::UnreadableFile, None, format!("{path} was not read: {error}"), [path]);
                None
            }
        }
    }

    /// Notes what was read of a file: it counts against the budget and for the fingerprint.
    pub fn note_read(&mut self, path: &str, bytes: &[u8]) {
        self.note_digest(path, bytes.len() as u64, Sha256::digest(bytes).into());
    }

    /// The same for a file that was read as a stream and is not in memory.
    pub fn note_digest(&mut self, path: &str, length: u64, digest: [u8; 32]) {
        self.bytes_left = self.bytes_left.saturating_sub(length);
        self.digests.insert(path.to_owned(), digest);
    }

    /// SHA-256 of what was read of a file.
    pub fn digest(&self, path: &str) -> Option<[u8; 32]> {
        self.digests.get(path).copied()
    }

    /// Whether the budget of time or bytes is used up.
    fn exhausted(&mut self, path: &str) -> bool {
        let used_up = self.bytes_left == 0 || Instant::now() > self.deadline;
        if used_up {
            self.warn_exhausted(path);
        }
        used_up
    }

    /// Tells that a budget is used up; the first file that meets it is named.
    pub fn warn_exhausted(&mut self, path: &str) {
        let told = self
            .card
            .warnings
            .iter()
            .any(|warning| warning.code == WarningCode::BudgetExceeded && warning.detail.starts_with("the folder"));
        if !told {
            let detail =
                format!("the folder took too long or holds too much to read: {path} and what follows was left out");
            self.warn(WarningCode::BudgetExceeded, None, detail, [path]);
        }
    }

    pub fn warn<'f>(
        &mut self,
        code: WarningCode,
        path: Option<&str>,
        detail: impl Into<String>,
        files: impl IntoIterator<Item = &'f str>,
    ) {
        let files = files.into_iter().map(str::to_owned).collect();
        self.card.warnings.push(CardWarning { code, path: path.map(str::to_owned), detail: detail.into(), files });
    }

    fn warn_of_pointer(&mut self, path: &str, pointer: &[u8]) {
        let size = lfs_size(pointer).map_or_else(String::new, |size| format!(" of {size} bytes"));
        let detail =
            format!("{path} is a Git LFS pointer to a file{size}: fetch the content, for example with `git lfs pull`");
        self.warn(WarningCode::LfsPointer, None, detail, [path]);
    }

    pub fn source(&mut self, pointer: impl Into<String>, source: Source) {
        self.card.sources.insert(pointer.into(), source);
    }

    /// The value of a fact, its source noted under that pointer: for members of optional parts.
    pub fn noted<T>(&mut self, pointer: impl Into<String>, fact: Option<Fact<T>>) -> Option<T> {
        let fact = fact?;
        self.source(pointer, fact.source);
        Some(fact.value)
    }

    /// Sets a list of the card that is still empty, with its source.
    pub fn fill_list<T>(
        &mut self,
        pointer: &str,
        fact: Option<Fact<Vec<T>>>,
        list: impl FnOnce(&mut Card) -> &mut Vec<T>,
    ) {
        let Some(fact) = fact.filter(|fact| !fact.value.is_empty()) else { return };
        let list = list(&mut self.card);
        if list.is_empty() {
            *list = fact.value;
            self.source(pointer, fact.source);
        }
    }

    pub fn conflict(&mut self, pointer: &str, held: &str, other: &str, source: &Source) {
        let first = self.card.sources.get(pointer).and_then(|source| source.file.clone());
        let second = source.file.clone();
        let name = |file: &Option<String>| file.clone().unwrap_or_else(|| "a derived value".to_owned());
        let (held, other) = (excerpt(held), excerpt(other));
        let detail = format!("{} says {held}, {} says {other}; the first is used", name(&first), name(&second));
        let files: Vec<String> = first.into_iter().chain(second).collect();
        self.warn(WarningCode::ConflictingValues, Some(pointer), detail, files.iter().map(String::as_str));
    }

    /// The fingerprint of everything that was read and seen, the files kept, and the card.
    pub fn finish(mut self) -> (Card, Vec<KeptFile>) {
        let mut hasher = Sha256::new();
        for entry in &self.listing.files {
            hasher.update(entry.path.as_bytes());
            hasher.update([0]);
            hasher.update(entry.size.to_le_bytes());
            hasher.update(self.digests.get(&entry.path).map_or(&[0][..], |digest| digest));
        }
        for odd in [&self.listing.refused_links, &self.listing.unreadable, &self.listing.unfinished] {
            odd.iter().for_each(|path| hasher.update(path.as_bytes()));
            hasher.update([1]);
        }
        self.card.fingerprint = format!("sha256:{}", hex(&hasher.finalize()));
        for file in &mut self.card.files {
            file.read = self.digests.contains_key(&file.path);
        }
        self.card.files.sort_by(|a, b| b.read.cmp(&a.read).then_with(|| a.path.cmp(&b.path)));
        self.kept.sort_by(|a, b| a.path.cmp(&b.path));
        (self.card, self.kept)
    }

    pub fn status(&mut self, status: CardStatus) {
        self.card.status = status;
    }
}

/// A value short enough for a warning.
fn excerpt(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

pub fn is_lfs_pointer(bytes: &[u8]) -> bool {
    LFS_MARKS.iter().any(|mark| bytes.starts_with(mark))
}

/// The size of the file that a Git LFS pointer stands for.
pub fn lfs_size(pointer: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(pointer).ok()?;
    text.lines().find_map(|line| line.strip_prefix("size ")?.trim().parse().ok())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
