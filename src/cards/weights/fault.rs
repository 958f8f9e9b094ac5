//! What can be wrong with one weights file.

use std::io;

use crate::cards::folder::OutOfTime;

/// A finding about one file; the texts go behind the file's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The header breaks the rules of its format.
    #[error("{0}")]
    Header(String),
    /// The header promises more bytes than the file has.
    #[error("is cut off: it has {actual} bytes of {declared}")]
    Short { declared: u64, actual: u64 },
    /// The file goes on after the last tensor.
    #[error("has {0} bytes too many at its end")]
    Long(u64),
    #[error("has a header of {0} bytes, more than are read")]
    TooLarge(u64),
    /// The time of the folder was over before the end of the header.
    #[error("took too long to read")]
    OutOfTime,
    #[error("cannot be read ({0})")]
    Unreadable(io::ErrorKind),
}

impl Fault {
    pub fn header(what: impl Into<String>) -> Self {
        Self::Header(what.into())
    }

    pub fn of_json(error: serde_json::Error) -> Self {
        if error.is_io() {
            Self::from(io::Error::from(error))
        } else {
            Self::Header(format!("has a header that is not valid: {error}"))
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if OutOfTime::ended(&error) { Self::OutOfTime } else { Self::Unreadable(error.kind()) }
    }
}
