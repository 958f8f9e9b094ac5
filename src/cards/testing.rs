//! Model folders for tests.

use std::path::Path;

use super::{Card, Limits, ModelFolder, extract};

/// The card of a folder that holds these files.
pub fn card_of(files: &[(&str, &[u8])]) -> Card {
    card_within(files, &Limits::default())
}

pub fn card_within(files: &[(&str, &[u8])], limits: &Limits) -> Card {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    extract(&ModelFolder::ambient(folder.path()).unwrap(), limits).unwrap().card
}

/// Writes the files, and the folders they lie in.
#[expect(clippy::disallowed_methods, reason = "a test makes its folders itself")]
pub fn write(folder: &Path, files: &[(&str, &[u8])]) {
    for (path, content) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}
