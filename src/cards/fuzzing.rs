//! The readers of untrusted bytes, for the fuzz targets in `fuzz/`. Not a part of the interface.

use super::{json, weights, words};

pub fn json(bytes: &[u8]) {
    let _ = json::parse(bytes);
}

pub fn safetensors(bytes: &[u8]) {
    weights::read_safetensors(bytes);
}

pub fn gguf(bytes: &[u8]) {
    weights::read_gguf(bytes);
}

pub fn shard_index(bytes: &[u8]) {
    weights::read_index(bytes);
}

pub fn front_matter(bytes: &[u8]) {
    words::read_front_matter(bytes);
}
