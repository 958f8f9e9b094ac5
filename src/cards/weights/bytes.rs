//! The readers of headers over bytes in memory, for the fuzz targets.

use std::io::Cursor as Bytes;

use super::gguf_cursor::Cursor;
use super::gguf_value::{self, Value};
use super::packing::{Method, Packing};
use super::{gguf, safetensors, shard_index};

/// As much as a header may have; more is a matter of patience, not of the bytes.
const CAP: u64 = 1 << 20;

pub fn read_safetensors(bytes: &[u8]) {
    for method in [Method::Plain, Method::Gptq, Method::Mlx] {
        let packing = Packing { method, bits: Some(3), group_size: Some(64), fp4_experts: true };
        let _ = safetensors::read(bytes, bytes.len() as u64, CAP, &packing);
    }
}

/// Reads a GGUF header, and in each of its lists the first and the last text.
pub fn read_gguf(bytes: &[u8]) {
    let size = bytes.len() as u64;
    let Ok(header) = gguf::read(Bytes::new(bytes), size, CAP, &Packing::default()) else { return };
    for value in header.keys.values() {
        if let Value::Array(array) = value {
            let cursor = Cursor::with(Bytes::new(bytes), size, CAP, header.layout);
            let _ = gguf_value::texts(cursor, array, &[0, array.count.saturating_sub(1)]);
        }
    }
}

pub fn read_index(bytes: &[u8]) {
    let _ = shard_index::read(bytes);
}
