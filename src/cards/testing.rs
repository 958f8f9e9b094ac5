//! Model folders made up for tests.

use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

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

/// Whether work on hostile texts grows with their length and no faster. It goes by what this thread spends of the
/// processor, which other work on the machine does not lengthen.
pub fn grows_with_length(pieces: &[(&str, &str)], work: impl Fn(&str)) {
    let (short, long) = (16 << 10, 128 << 10);
    for (head, piece) in pieces {
        let cost = |length: usize| {
            let text = (*head).to_owned() + &piece.repeat(length / piece.len());
            let spent = |_| {
                let begun = processor_time();
                work(&text);
                processor_time().saturating_sub(begun)
            };
            (0..3).map(spent).min().unwrap()
        };
        let (short, long) = (cost(short), cost(long));
        // Eight times the length: in proportion that is eight times the work, by the square sixty-four times.
        assert!(long <= 30 * short + Duration::from_millis(2), "{head:?} {piece:?}: {short:?}, {long:?}");
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}
