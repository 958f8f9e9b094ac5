//! Model folders made up for tests.

use std::path::Path;

use super::{Card, Limits, ModelFolder, WarningCode, extract};

/// The card of a folder that holds these files. Most tests do without weights, and need not hear of it.
pub fn card_of(files: &[(&str, &[u8])]) -> Card {
    let mut card = card_within(files, &Limits::default());
    card.warnings.retain(|warning| warning.code != WarningCode::NoWeights);
    card
}

/// The card with all its warnings, read within these limits.
pub fn card_within(files: &[(&str, &[u8])], limits: &Limits) -> Card {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    extract(&ModelFolder::ambient(folder.path()).unwrap(), limits).unwrap().card
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
