//! What lies in a model folder, and the walk through it.

use std::io;
use std::time::Instant;

use cap_std::fs::{Dir, Metadata};

use super::{Limits, ModelFolder};

/// A file as the listing found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path inside the folder, with `/`.
    pub path: String,
    pub size: u64,
}

/// What lies in a folder.
#[derive(Debug, Default)]
pub struct Listing {
    /// Sorted by path.
    pub files: Vec<Entry>,
    /// Links that were not followed.
    pub refused_links: Vec<String>,
    /// Folders and special files that could not be looked at.
    pub unreadable: Vec<String>,
    /// Traces of downloads that did not finish.
    pub unfinished: Vec<String>,
    /// Whether a limit ended the listing early.
    pub truncated: bool,
}

impl Listing {
    pub fn get(&self, path: &str) -> Option<&Entry> {
        let at = self.files.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
        self.files.get(at)
    }
}

/// Folders that hold no model files of their own, however large they are.
const NOT_ENTERED: [&str; 3] = [".git", ".no_exist", "__pycache__"];
/// Where download tools leave their unfinished work.
const DOWNLOAD_LEFTOVERS: [&str; 3] = [".cache", "._____temp", ".huggingface"];

/// The walk through a folder and those below it, within the limits.
pub(super) struct Walk<'a> {
    folder: &'a ModelFolder,
    limits: &'a Limits,
    deadline: Instant,
    seen: usize,
    listing: &'a mut Listing,
}

impl<'a> Walk<'a> {
    pub fn new(folder: &'a ModelFolder, limits: &'a Limits, listing: &'a mut Listing) -> Self {
        Self { folder, limits, deadline: Instant::now() + limits.time, seen: 0, listing }
    }

    pub fn enter(&mut self, dir: &Dir, prefix: &str, depth: usize) {
        let Ok(entries) = dir.entries() else {
            self.listing.unreadable.push(if prefix.is_empty() { ".".to_owned() } else { prefix.to_owned() });
            return;
        };
        for entry in entries {
            self.seen += 1;
            if self.seen > self.limits.entries || Instant::now() > self.deadline {
                self.listing.truncated = true;
                return;
            }
            let Ok(entry) = entry else {
                self.listing.unreadable.push(format!("{prefix}?"));
                continue;
            };
            let name = entry.file_name();
            let path = format!("{prefix}{}", name.to_string_lossy());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.directory(entry.open_dir(), &name.to_string_lossy(), path, depth),
                Ok(kind) if kind.is_symlink() => self.link(path),
                Ok(kind) if kind.is_file() => self.file(path, entry.metadata()),
                _ => self.listing.unreadable.push(path),
            }
        }
    }

    fn directory(&mut self, dir: io::Result<Dir>, name: &str, path: String, depth: usize) {
        if NOT_ENTERED.contains(&name) {
            return;
        }
        if depth >= self.limits.depth && !DOWNLOAD_LEFTOVERS.iter().any(|leftover| path.starts_with(leftover)) {
            self.listing.truncated = true;
            return;
        }
        match dir {
            Ok(dir) if depth < 2 * self.limits.depth => self.enter(&dir, &format!("{path}/"), depth + 1),
            Ok(_) => self.listing.truncated = true,
            Err(_) => self.listing.unreadable.push(path),
        }
    }

    /// A link is followed to a file, never to a folder: a folder reached twice would be counted twice.
    fn link(&mut self, path: String) {
        match self.folder.root.metadata(self.folder.base.join(&path)) {
            Ok(metadata) if metadata.is_file() => self.file(path, Ok(metadata)),
            _ => self.listing.refused_links.push(path),
        }
    }

    fn file(&mut self, path: String, metadata: io::Result<Metadata>) {
        let in_leftovers = DOWNLOAD_LEFTOVERS
            .iter()
            .any(|leftover| path.strip_prefix(leftover).is_some_and(|rest| rest.starts_with('/')));
        let unfinished = [".incomplete", ".part", ".crdownload", ".aria2"].iter().any(|end| path.ends_with(end))
            || path.starts_with("._____temp/");
        match metadata {
            _ if unfinished => self.listing.unfinished.push(path),
            _ if in_leftovers => {}
            Ok(metadata) => self.listing.files.push(Entry { path, size: metadata.len() }),
            Err(_) => self.listing.unreadable.push(path),
        }
    }
}
