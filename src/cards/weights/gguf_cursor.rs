//! A walk through the bytes of a GGUF header that never goes beyond the file or its share of it.

use std::io::{BufReader, Read, Seek};

use super::fault::Fault;

/// How numbers and lengths are written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    pub version: u32,
    /// Most significant byte first, as s390x writes it.
    pub big_endian: bool,
}

pub struct Cursor<R> {
    inner: BufReader<R>,
    at: u64,
    size: u64,
    cap: u64,
    layout: Layout,
}

impl<R: Read + Seek> Cursor<R> {
    pub fn new(reader: R, size: u64, cap: u64) -> Self {
        Self::with(reader, size, cap, Layout::default())
    }

    /// A walk through a file whose layout is known.
    pub fn with(reader: R, size: u64, cap: u64, layout: Layout) -> Self {
        Self { inner: BufReader::with_capacity(1 << 16, reader), at: 0, size, cap, layout }
    }

    /// Reads magic and version, from which all else follows.
    pub fn begin(&mut self) -> Result<Layout, Fault> {
        if self.size < 8 || self.bytes()? != *b"GGUF" {
            return Err(Fault::header("does not begin as a GGUF file does"));
        }
        let written: [u8; 4] = self.bytes()?;
        let little = u32::from_le_bytes(written);
        // A version is a small number: read from the wrong end its lower half is zero.
        let big_endian = little & 0xFFFF == 0;
        let version = if big_endian { u32::from_be_bytes(written) } else { little };
        self.layout = Layout { version, big_endian };
        if (1..=3).contains(&version) {
            Ok(self.layout)
        } else {
            Err(Fault::header(format!("is of the unknown GGUF version {version}")))
        }
    }

    pub fn position(&self) -> u64 {
        self.at
    }

    /// Bytes of the file that are left.
    pub fn remaining(&self) -> u64 {
        self.size.saturating_sub(self.at)
    }

    fn advance(&mut self, by: u64) -> Result<(), Fault> {
        let declared = self.at.saturating_add(by);
        if declared > self.size {
            return Err(Fault::Short { declared, actual: self.size });
        }
        if declared > self.cap {
            return Err(Fault::TooLarge(declared));
        }
        self.at = declared;
        Ok(())
    }

    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.advance(N as u64)?;
        self.inner.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The bytes of a number, least significant first.
    pub fn ordered<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = self.bytes()?;
        if self.layout.big_endian {
            bytes.reverse();
        }
        Ok(bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Fault> {
        self.ordered().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Fault> {
        self.ordered().map(u64::from_le_bytes)
    }

    /// A length or count: 32 bits in version 1, else 64.
    pub fn length(&mut self) -> Result<u64, Fault> {
        if self.layout.version == 1 { self.u32().map(u64::from) } else { self.u64() }
    }

    /// A name with its length before it.
    pub fn name(&mut self, longest: u64) -> Result<String, Fault> {
        let length = self.length()?;
        if length > longest {
            return Err(Fault::header(format!("has a name of {length} bytes")));
        }
        self.text(length)
    }

    /// A text of that length; memory is taken as its bytes arrive.
    pub fn text(&mut self, length: u64) -> Result<String, Fault> {
        self.advance(length)?;
        let mut bytes = Vec::new();
        self.inner.by_ref().take(length).read_to_end(&mut bytes)?;
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    pub fn skip(&mut self, length: u64) -> Result<(), Fault> {
        self.advance(length)?;
        let length = i64::try_from(length).map_err(|_| Fault::header("declares a length beyond any file"))?;
        Ok(self.inner.seek_relative(length)?)
    }
}
