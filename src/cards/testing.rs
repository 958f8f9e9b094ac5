//! Model folders made up for tests.

use std::path::Path;

use super::{Card, Limits, ModelFolder, WarningCode, extract};

/// The card of a folder that holds these files. Most tests do without weights, and need not hear of it.
pub fn card_of<C: AsRef<[u8]>>(files: &[(&str, C)]) -> Card {
    let mut card = card_within(files, &Limits::default());
    card.warnings.retain(|warning| warning.code != WarningCode::NoWeights);
    card
}

/// The card with all its warnings, read within these limits.
pub fn card_within<C: AsRef<[u8]>>(files: &[(&str, C)], limits: &Limits) -> Card {
    let (_held, folder) = folder_of(files);
    extract(&folder, limits).unwrap().card
}

/// A folder that holds these files, for as long as its first part is held.
pub fn folder_of<C: AsRef<[u8]>>(files: &[(&str, C)]) -> (tempfile::TempDir, ModelFolder) {
    let held = tempfile::tempdir().unwrap();
    write(held.path(), files);
    let folder = ModelFolder::ambient(held.path()).unwrap();
    (held, folder)
}

/// The codes of the card's warnings, in their order.
pub fn warning_codes(card: &Card) -> Vec<WarningCode> {
    card.warnings.iter().map(|warning| warning.code).collect()
}

/// Writes the files, and the folders they lie in.
#[expect(clippy::disallowed_methods, reason = "a test makes its folders itself")]
pub fn write<C: AsRef<[u8]>>(folder: &Path, files: &[(&str, C)]) {
    for (path, content) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content.as_ref()).unwrap();
    }
}
