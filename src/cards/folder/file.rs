//! An open file of a model folder.

use std::io::{self, Read, Seek, SeekFrom};
use std::time::Instant;

use cap_std::fs::File;

/// An open regular file and the size it had when it was opened.
#[derive(Debug)]
pub struct OpenFile {
    file: File,
    size: u64,
    deadline: Option<Instant>,
}

/// Why a file was not read to its end: the folder had no time left.
#[derive(Debug, thiserror::Error)]
#[error("the folder took too long to read")]
pub struct OutOfTime;

impl OutOfTime {
    /// Whether this is what ended a reading, and not a disk that does not answer.
    pub fn ended(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Self>())
    }
}

impl OpenFile {
    pub(super) fn new(file: File, size: u64) -> Self {
        Self { file, size, deadline: None }
    }

    /// The same file, of which nothing can be read after that moment.
    pub fn until(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Read for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.deadline.is_some_and(|deadline| Instant::now() > deadline) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, OutOfTime));
        }
        self.file.read(buffer)
    }
}

impl Seek for OpenFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::folder_of;
    use super::*;

    #[test]
    fn nothing_is_read_of_a_file_once_the_time_is_over() {
        let (_held, folder) = folder_of(&[("a", "content")]);
        let mut file = folder.open("a").unwrap().until(Instant::now() + std::time::Duration::from_secs(3600));
        assert_eq!(file.read(&mut [0; 3]).unwrap(), 3);
        file.deadline = Some(Instant::now());
        std::thread::sleep(std::time::Duration::from_millis(2));
        let error = file.read(&mut [0; 3]).unwrap_err();
        assert!(OutOfTime::ended(&error));
        assert!(!OutOfTime::ended(&io::ErrorKind::TimedOut.into()));
    }
}
