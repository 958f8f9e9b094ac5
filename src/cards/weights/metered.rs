//! Reading the head of a large file: what is read is counted and digested, what is skipped is not.

use std::io::{self, Read, Seek, SeekFrom};

use sha2::{Digest as _, Sha256};

/// A reader that knows how much was read through it, and the digest of that.
pub struct Metered<R> {
    inner: R,
    read: u64,
    digest: Sha256,
}

impl<R> Metered<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, read: 0, digest: Sha256::new() }
    }

    /// Bytes read, and their SHA-256.
    pub fn finish(self) -> (u64, [u8; 32]) {
        (self.read, self.digest.finalize().into())
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.digest.update(buffer.get(..count).unwrap_or_default());
        self.read = self.read.saturating_add(count as u64);
        Ok(count)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}
