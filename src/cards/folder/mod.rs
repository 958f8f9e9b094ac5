//! A model folder, confined to the models root.
//!
//! This is the only module of the crate that touches the file system for a client's sake. Every open
//! goes from the handle of the models root, which the kernel confines (`openat2` with
//! `RESOLVE_BENEATH`, or the same walked by hand where it is missing): neither `..` nor a link nor a
//! path from the database can leave it. Files are opened first and judged by their handle, so there
//! is no gap between looking and reading, and nothing is ever written.

mod file;
mod listing;
mod tree;

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
#[cfg(unix)]
use cap_std::fs::OpenOptionsExt as _;
use cap_std::fs::{Dir, OpenOptions};

use super::limits::Limits;
use super::model_path::ModelPath;
pub use file::{OpenFile, OutOfTime};
use listing::Walk;
pub use listing::{Entry, Listing};
pub use tree::{Branch, Content, Identity};

/// More than any commit's name has.
const MAX_COMMIT_BYTES: u64 = 256;

/// The folder below which all models lie.
#[derive(Debug, Clone)]
pub struct ModelsRoot {
    dir: Arc<Dir>,
}

/// Why there is no folder to read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Absent, and also outside the root: which of the two is not told.
    #[error("there is no such folder, nor such a .gguf file")]
    NotFound,
    #[error("is neither a folder nor a .gguf file")]
    NotAFolder,
    #[error("cannot be read: {0}")]
    Unreadable(#[source] io::Error),
}

/// Why a file of a folder was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("it is not there")]
    Absent,
    #[error("it is a link that leaves the models root, leads nowhere or runs in a circle")]
    Refused,
    #[error("it is not a regular file")]
    NotAFile,
    #[error("it cannot be read ({0})")]
    Unreadable(io::ErrorKind),
}

impl ModelsRoot {
    /// Opens the root. This is the one place that trusts a path, because the operator gave it.
    #[expect(clippy::disallowed_methods, reason = "the handle that confines every other open")]
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { dir: Arc::new(Dir::open_ambient_dir(path, ambient_authority())?) })
    }

    /// Whether the root can still be read; an unmounted one cannot.
    pub fn check(&self) -> io::Result<()> {
        self.dir.entries().map(drop)
    }

    /// The model folder, or single `.gguf` file, at that path.
    ///
    /// A folder `models` inside the root is looked into when the path names nothing otherwise, so
    /// that `models/X` is found whether the root is the folder of the models or the one above it.
    pub fn folder(&self, path: &ModelPath) -> Result<(ModelPath, ModelFolder), FolderError> {
        match self.folder_at(&path.below_root()) {
            Ok(folder) => Ok((path.clone(), folder)),
            Err(FolderError::NotFound) => {
                let nested = path.nested();
                self.folder_at(&nested.below_root()).map(|folder| (nested, folder))
            }
            Err(other) => Err(other),
        }
    }

    fn folder_at(&self, path: &Path) -> Result<ModelFolder, FolderError> {
        let metadata = self.dir.metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted | io::ErrorKind::StaleNetworkFileHandle | io::ErrorKind::Other => {
                FolderError::Unreadable(error)
            }
            _ => FolderError::NotFound,
        })?;
        if metadata.is_dir() {
            let base = self.current_snapshot(path).unwrap_or_else(|| path.to_owned());
            return Ok(ModelFolder { root: self.dir.clone(), base, only: None });
        }
        let is_gguf = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"));
        match (path.file_name().and_then(|name| name.to_str()), path.parent()) {
            (Some(name), Some(parent)) if metadata.is_file() && is_gguf => {
                Ok(ModelFolder { root: self.dir.clone(), base: parent.to_owned(), only: Some(name.to_owned()) })
            }
            _ => Err(FolderError::NotAFolder),
        }
    }
}

impl ModelsRoot {
    /// The snapshot that `refs/main` names, if the folder is a repository in the cache of the Hugging Face hub: the
    /// model's files are there, and only their blobs are elsewhere in the repository.
    fn current_snapshot(&self, repository: &Path) -> Option<PathBuf> {
        let mut commit = String::new();
        let folder = ModelFolder { root: self.dir.clone(), base: repository.to_owned(), only: None };
        let head = folder.open("refs/main").ok()?;
        head.take(MAX_COMMIT_BYTES).read_to_string(&mut commit).ok()?;
        let commit = commit.trim();
        let is_plain = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let snapshot = repository.join("snapshots").join(commit);
        (is_plain && self.dir.metadata(&snapshot).is_ok_and(|metadata| metadata.is_dir())).then_some(snapshot)
    }
}

/// One model folder. Its links may lead anywhere inside the models root, as in the cache of the
/// Hugging Face hub, and nowhere else.
#[derive(Debug, Clone)]
pub struct ModelFolder {
    root: Arc<Dir>,
    base: PathBuf,
    only: Option<String>,
}

impl ModelFolder {
    /// A folder that the operator names on the command line. A snapshot of the Hugging Face cache is
    /// opened from its repository, where its files really lie.
    pub fn ambient(path: &Path) -> Result<Self, FolderError> {
        let canonical = canonical(path)?;
        let is_snapshot = canonical.parent().and_then(Path::file_name).is_some_and(|name| name == "snapshots");
        let root = if is_snapshot {
            canonical.ancestors().nth(2)
        } else if canonical.extension().is_some() && !is_folder(&canonical) {
            canonical.parent()
        } else {
            Some(canonical.as_path())
        };
        let root = root.unwrap_or(&canonical);
        let below = canonical.strip_prefix(root).unwrap_or(Path::new(""));
        let below = if below.as_os_str().is_empty() { Path::new(".") } else { below };
        ModelsRoot::open(root).map_err(FolderError::Unreadable)?.folder_at(below)
    }

    /// Lists the files, within the limits, sorted by path.
    pub fn list(&self, limits: &Limits) -> io::Result<Listing> {
        let mut listing = Listing::default();
        if let Some(only) = &self.only {
            let size = self.root.metadata(self.base.join(only))?.len();
            listing.files.push(Entry { path: only.clone(), size });
            return Ok(listing);
        }
        let base = if self.base.as_os_str().is_empty() { Path::new(".") } else { &self.base };
        Walk::new(self, limits, &mut listing).enter(&self.root.open_dir(base)?, "", 0);
        listing.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(listing)
    }

    /// The name of what a link points to, without its path: in the cache of the Hugging Face hub the
    /// digest of the file.
    pub fn link_name(&self, path: &str) -> Option<String> {
        let target = self.root.read_link_contents(self.base.join(path)).ok()?;
        Some(target.file_name()?.to_str()?.to_owned())
    }

    /// Opens a file of the folder for reading.
    pub fn open(&self, path: &str) -> Result<OpenFile, OpenError> {
        let mut options = OpenOptions::new();
        options.read(true);
        // A pipe without a writer would block the open for ever.
        #[cfg(unix)]
        options.custom_flags(NONBLOCK);
        let file = self.root.open_with(self.base.join(path), &options).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OpenError::Absent,
            // The wall's own refusal carries no number of the system; a missing permission does.
            io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => OpenError::Refused,
            _ if runs_in_a_circle(&error) => OpenError::Refused,
            kind => OpenError::Unreadable(kind),
        })?;
        let metadata = file.metadata().map_err(|error| OpenError::Unreadable(error.kind()))?;
        if !metadata.is_file() {
            return Err(OpenError::NotAFile);
        }
        Ok(OpenFile::new(file, metadata.len()))
    }
}

#[cfg(unix)]
#[expect(clippy::cast_possible_wrap, reason = "the flags of open(2) are a C int")]
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits() as i32;

#[cfg(unix)]
fn runs_in_a_circle(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(not(unix))]
fn runs_in_a_circle(_: &io::Error) -> bool {
    false
}

#[expect(clippy::disallowed_methods, reason = "the operator's own path, before there is a handle to confine it")]
fn canonical(path: &Path) -> Result<PathBuf, FolderError> {
    path.canonicalize().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => FolderError::NotFound,
        _ => FolderError::Unreadable(error),
    })
}

#[expect(clippy::disallowed_methods, reason = "the operator's own path, before there is a handle to confine it")]
fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{folder_of, write};
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    /// A repository in the cache of the hub, with its one file behind a link.
    #[cfg(unix)]
    fn repository(head: &str) -> (tempfile::TempDir, ModelsRoot) {
        let held = tempfile::tempdir().unwrap();
        let snapshot = format!("models--o--m/snapshots/{COMMIT}");
        write(held.path(), &[("models--o--m/refs/main", head), ("models--o--m/blobs/b1", r#"{"model_type": "bert"}"#)]);
        write(held.path(), &[(format!("{snapshot}/README.md").as_str(), "x")]);
        std::os::unix::fs::symlink("../../blobs/b1", held.path().join(&snapshot).join("config.json")).unwrap();
        let root = ModelsRoot::open(held.path()).unwrap();
        (held, root)
    }

    #[cfg(unix)]
    #[test]
    fn a_repository_of_the_hub_s_cache_stands_for_its_current_snapshot() {
        let (_held, root) = repository(&format!("{COMMIT}\n"));
        let (path, folder) = root.folder(&ModelPath::parse("models--o--m").unwrap()).unwrap();
        assert_eq!(path.to_string(), "models/models--o--m");
        let listing = folder.list(&Limits::default()).unwrap();
        assert_eq!(
            listing.files.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(),
            ["README.md", "config.json"]
        );
        assert_eq!(listing.get("config.json").unwrap().size, 22);
        assert_eq!(folder.open("config.json").unwrap().size(), 22);
    }

    #[cfg(unix)]
    #[test]
    fn a_head_that_is_no_commit_leads_nowhere_else() {
        for head in ["../../../etc", "", ".", "/etc", "absent0123"] {
            let (_held, root) = repository(head);
            let (_, folder) = root.folder(&ModelPath::parse("models--o--m").unwrap()).unwrap();
            let listing = folder.list(&Limits::default()).unwrap();
            assert!(listing.get("refs/main").is_some() && listing.get("config.json").is_none(), "{head:?}");
        }
    }

    #[test]
    fn a_listing_ends_at_its_limits() {
        let (_held, folder) = folder_of(&[("a", ""), ("b", ""), ("c/d/e/f/g/h", ""), (".git/objects/x", "")]);
        let listing = folder.list(&Limits { entries: 2, ..Limits::default() }).unwrap();
        assert!(listing.truncated && listing.files.len() <= 2);
        let listing = folder.list(&Limits::default()).unwrap();
        assert!(listing.truncated, "a folder too deep is told");
        assert_eq!(listing.files.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }
}
