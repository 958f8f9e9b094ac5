//! Model folders made up for tests.

use std::path::Path;

use super::{Card, Limits, ModelFolder, WarningCode, extract};

/// The card of a folder that holds these files.
pub fn card_of<C: AsRef<[u8]>>(files: &[(&str, C)]) -> Card {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        write(&folder.path().join(path), content.as_ref());
    }
    extract(&ModelFolder::ambient(folder.path()).unwrap(), &Limits::default()).unwrap().card
}

/// The codes of the card's warnings, in their order.
pub fn warning_codes(card: &Card) -> Vec<WarningCode> {
    card.warnings.iter().map(|warning| warning.code).collect()
}

#[expect(clippy::disallowed_methods, reason = "the test makes the folder that is read")]
fn write(path: &Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}
