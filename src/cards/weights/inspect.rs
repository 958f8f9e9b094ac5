//! Looking into one weights file: its header, or why there is none.

use std::io::Read as _;

use super::fault::Fault;
use super::gguf;
use super::metered::Metered;
use super::packing::Packing;
use super::safetensors;
use super::sets::SetFile;
use super::tensors::Sums;
use crate::cards::card::WeightsFormat;
use crate::cards::draft::{Draft, is_lfs_pointer, lfs_size};

/// Git LFS pointers are at most this long.
const LONGEST_POINTER: u64 = 1024;

/// What was found in a weights file.
#[derive(Debug)]
pub enum Content {
    Safetensors(safetensors::Header),
    Gguf(gguf::Header),
    /// A format that is not looked into.
    Opaque,
    /// A Git LFS pointer, with the size of what it stands for.
    Pointer(Option<u64>),
    Empty,
    Broken(Fault),
    /// Not read at all; a warning says why.
    Unread,
}

impl Content {
    /// The sums over the tensors, if they are to be believed.
    pub fn sums(&self) -> Option<&Sums> {
        let sums = match self {
            Self::Safetensors(header) => &header.sums,
            Self::Gguf(header) => &header.sums,
            _ => return None,
        };
        (!sums.overflow).then_some(sums)
    }

    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Safetensors(header) => &header.faults,
            Self::Gguf(header) => &header.faults,
            Self::Broken(fault) => std::slice::from_ref(fault),
            _ => &[],
        }
    }

    /// Whether the file is there with something in it.
    pub fn is_there(&self) -> bool {
        !matches!(self, Self::Pointer(_) | Self::Empty)
    }
}

pub fn inspect(draft: &mut Draft<'_>, file: &SetFile, format: WeightsFormat, packing: &Packing) -> Content {
    if file.size == 0 {
        return Content::Empty;
    }
    if file.size <= LONGEST_POINTER
        && let Some(pointer) = pointer(draft, &file.path)
    {
        return pointer;
    }
    match format {
        WeightsFormat::Safetensors => header(draft, &file.path, |reader, size, cap| {
            safetensors::read(reader, size, cap, packing).map(Content::Safetensors)
        }),
        WeightsFormat::Gguf => header(draft, &file.path, |reader, size, cap| {
            let mut header = gguf::read(reader, size, cap, &Packing::default())?;
            header.keep_only_names();
            Ok(Content::Gguf(header))
        }),
        _ => Content::Opaque,
    }
}

/// The header of a GGUF file once more, with all its keys.
pub fn gguf_header(draft: &mut Draft<'_>, path: &str) -> Option<gguf::Header> {
    let read =
        |reader: &mut Metered<File>, size, cap| gguf::read(reader, size, cap, &Packing::default()).map(Content::Gguf);
    match header(draft, path, read) {
        Content::Gguf(header) => Some(header),
        _ => None,
    }
}

/// The pointer that a small file is; `None` if it is something else.
fn pointer(draft: &mut Draft<'_>, path: &str) -> Option<Content> {
    let Some(file) = draft.open(path) else { return Some(Content::Unread) };
    let mut bytes = Vec::new();
    file.take(LONGEST_POINTER).read_to_end(&mut bytes).ok()?;
    if !is_lfs_pointer(&bytes) {
        return None;
    }
    draft.note_read(path, &bytes);
    Some(Content::Pointer(lfs_size(&bytes)))
}

type File = crate::cards::folder::OpenFile;

fn header(
    draft: &mut Draft<'_>,
    path: &str,
    read: impl FnOnce(&mut Metered<File>, u64, u64) -> Result<Content, Fault>,
) -> Content {
    let Some(file) = draft.open(path) else { return Content::Unread };
    let size = file.size();
    let mut reader = Metered::new(file);
    let read = read(&mut reader, size, draft.limits.header_bytes);
    let (length, digest) = reader.finish();
    draft.note_digest(path, length, digest);
    match read {
        Ok(content) => content,
        Err(Fault::OutOfTime) => {
            draft.warn_exhausted(path);
            Content::Unread
        }
        Err(fault) => Content::Broken(fault),
    }
}
