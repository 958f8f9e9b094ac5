//! How much of a folder is read: a hostile or broken one costs no more than this.

use std::time::Duration;

/// Bounds on one reading of one folder.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Entries that are looked at.
    pub entries: usize,
    /// Folders below the model folder that are entered.
    pub depth: usize,
    /// Bytes of a JSON or text file that is read whole.
    pub text_bytes: u64,
    /// Bytes of `config.json`, whose quantisation lists can be long.
    pub config_bytes: u64,
    /// Bytes of a file that is read as a stream: `tokenizer.json`, a weights index.
    pub streamed_bytes: u64,
    /// Bytes of one header of a weights file.
    pub header_bytes: u64,
    /// Bytes of `README.md` that are read.
    pub readme_bytes: u64,
    /// Bytes read of all files of a folder together.
    pub total_bytes: u64,
    /// Files listed in the card.
    pub listed_files: usize,
    /// Bytes of a JSON file that is kept with the record.
    pub kept_bytes: usize,
    /// Time that one folder may take.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 200_000,
            depth: 3,
            text_bytes: 8 << 20,
            config_bytes: 16 << 20,
            streamed_bytes: 128 << 20,
            header_bytes: 100_000_000,
            readme_bytes: 2 << 20,
            total_bytes: 512 << 20,
            listed_files: 1000,
            kept_bytes: 1 << 20,
            time: Duration::from_secs(30),
        }
    }
}
