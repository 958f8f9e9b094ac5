//! The folders below the models root, one by one, for the walk that finds models.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::{Dir, Metadata};

use super::{FolderError, ModelFolder, ModelsRoot};

/// What tells one folder from another, by whatever path it was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(u64, u64);

/// An open folder on the walk.
#[derive(Debug)]
pub struct Branch {
    root: Arc<Dir>,
    dir: Dir,
    path: PathBuf,
}

/// What lies in one folder, by name; not in those below it.
#[derive(Debug, Default)]
pub struct Content {
    /// Regular files, and links to such.
    pub files: BTreeSet<String>,
    pub folders: BTreeSet<String>,
    /// Links to folders inside the models root.
    pub folder_links: BTreeSet<String>,
    /// Links that leave the models root, lead nowhere or run in a circle.
    pub refused_links: BTreeSet<String>,
    /// How many entries were looked at.
    pub seen: usize,
    /// Whether there are more than were looked at.
    pub truncated: bool,
}

impl ModelsRoot {
    /// Where a walk begins.
    pub fn branch(&self) -> io::Result<Branch> {
        Ok(Branch { root: self.dir.clone(), dir: self.dir.open_dir(".")?, path: PathBuf::new() })
    }
}

impl Branch {
    /// The path below the models root; empty for the root itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the folder of that name, which no link may stand for meanwhile.
    pub fn enter(&self, name: &str) -> io::Result<Self> {
        let listed = self.dir.symlink_metadata(name)?;
        if !listed.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { root: self.root.clone(), dir: self.dir.open_dir(name)?, path: self.path.join(name) })
    }

    /// Opens a folder by its path below the models root, through links inside it.
    pub fn follow(&self, path: &Path) -> io::Result<Self> {
        Ok(Self { root: self.root.clone(), dir: self.root.open_dir(path)?, path: path.to_owned() })
    }

    pub fn identity(&self) -> Option<Identity> {
        self.dir.dir_metadata().ok().and_then(|metadata| identity(&metadata))
    }

    /// What lies in the folder: at most so many entries.
    pub fn content(&self, most: usize) -> io::Result<Content> {
        let mut content = Content::default();
        for entry in self.dir.entries()? {
            if content.seen == most {
                content.truncated = true;
                break;
            }
            content.seen += 1;
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => content.folders.insert(name),
                Ok(kind) if kind.is_file() => content.files.insert(name),
                Ok(kind) if kind.is_symlink() => self.link(name, &mut content),
                // Pipes, sockets and devices are no part of a model.
                _ => false,
            };
        }
        Ok(content)
    }

    fn link(&self, name: String, content: &mut Content) -> bool {
        match self.root.metadata(self.path.join(&name)) {
            Ok(metadata) if metadata.is_dir() => content.folder_links.insert(name),
            Ok(metadata) if metadata.is_file() => content.files.insert(name),
            Ok(_) => false,
            Err(_) => content.refused_links.insert(name),
        }
    }

    /// The model folder that this folder is.
    pub fn model_folder(&self) -> Result<ModelFolder, FolderError> {
        self.root().folder_at(&self.path)
    }

    /// The single file of that name as a model folder.
    pub fn single_file(&self, name: &str) -> Result<ModelFolder, FolderError> {
        self.root().folder_at(&self.path.join(name))
    }

    /// The name of the current snapshot, if the folder is a repository in the cache of the Hugging Face hub.
    pub fn current_snapshot(&self) -> Option<String> {
        let snapshot = self.root().current_snapshot(&self.path)?;
        Some(snapshot.file_name()?.to_string_lossy().into_owned())
    }

    fn root(&self) -> ModelsRoot {
        ModelsRoot { dir: self.root.clone() }
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<Identity> {
    use cap_std::fs::MetadataExt as _;
    Some(Identity(metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<Identity> {
    None
}
