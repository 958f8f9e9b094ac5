//! Which files make up one weight set, and which set is the model's.
//!
//! A folder often holds the same weights more than once: whole and in shards, as safetensors and as a
//! pickle, in several precisions or quantisations, or as the original checkpoint. Each is a set of
//! its own; the sizes and counts of two sets are never added.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Role, WeightName};
use super::shard_index::ShardIndex;
use crate::cards::card::WeightsFormat;
use crate::cards::folder::Entry;

/// Weight files that belong together.
#[derive(Debug, Clone)]
pub struct WeightSet {
    /// The name of one file of the set; `shard` is that of the first.
    pub name: WeightName,
    pub files: Vec<SetFile>,
    /// How many files the names or the index promise.
    pub expected: Option<u64>,
    /// Path of the index that names the files.
    pub index: Option<String>,
    /// Files that the index or the numbering names and that are not there; the first of them.
    pub missing: Vec<String>,
    /// How many these are.
    pub absent: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetFile {
    pub path: String,
    pub size: u64,
    pub number: Option<u64>,
}

impl WeightSet {
    pub fn size(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }

    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.path.as_str())
    }

    /// Order in which loaders choose: transformers takes `model.safetensors`, then its shards, then
    /// `pytorch_model.bin`, then its shards; `consolidated` is the same again in Mistral's layout.
    pub fn rank(&self) -> impl Ord + use<> {
        let stem = match (self.name.format, self.name.stem.as_str()) {
            (_, "model" | "diffusion_pytorch_model" | "pytorch_model") => 0,
            (_, "consolidated") => 1,
            _ => 2,
        };
        let format = match self.name.format {
            WeightsFormat::Safetensors => 0,
            WeightsFormat::Pytorch if stem == 0 => 1,
            WeightsFormat::Gguf => 2,
            WeightsFormat::Pytorch => 3,
            WeightsFormat::Mlx => 4,
            WeightsFormat::Onnx => 5,
            WeightsFormat::Tensorflow => 6,
            WeightsFormat::Flax => 7,
            WeightsFormat::None => 8,
        };
        let sharded = self.expected.is_some();
        (
            self.name.role,
            self.name.variant.is_some(),
            format,
            stem,
            sharded,
            u64::MAX - self.size(),
            self.name.set_name(),
        )
    }
}

/// The most missing files that are spelled out: numbers up to a million can be promised.
const MOST_SPELLED: usize = 20;

/// The key under which files are one set; sets of different numbers of shards are different sets.
type Key = (String, Option<u64>);

/// Groups the files, best set first.
pub fn group(files: &[Entry], indexes: &BTreeMap<String, ShardIndex>) -> Vec<WeightSet> {
    let mut indexed = BTreeSet::new();
    let mut sets: Vec<WeightSet> =
        indexes.iter().filter_map(|(path, index)| by_index(path, index, files, &mut indexed)).collect();
    let mut rest: BTreeMap<Key, WeightSet> = BTreeMap::new();
    for entry in files.iter().filter(|entry| !indexed.contains(&entry.path)) {
        let Some(name) = WeightName::of(&entry.path) else { continue };
        let of = name.shard.and_then(|shard| shard.of);
        let number = name.shard.map(|shard| shard.number);
        let set = rest.entry((name.set_name(), of)).or_insert_with(|| WeightSet {
            name,
            files: Vec::new(),
            expected: of,
            index: None,
            missing: Vec::new(),
            absent: 0,
        });
        set.files.push(SetFile { path: entry.path.clone(), size: entry.size, number });
    }
    sets.extend(rest.into_values().map(|set| WeightSet { missing: unnumbered(&set), absent: absent(&set), ..set }));
    sets.sort_by_cached_key(WeightSet::rank);
    sets
}

/// The set that an index names, whether or not its files are there.
fn by_index(path: &str, index: &ShardIndex, files: &[Entry], indexed: &mut BTreeSet<String>) -> Option<WeightSet> {
    let dir = path.get(..path.rfind('/').map_or(0, |slash| slash + 1))?;
    let name = index.shards.keys().find_map(|shard| WeightName::of(&format!("{dir}{shard}")))?;
    let expected = Some(index.shards.len() as u64);
    let mut set =
        WeightSet { name, files: Vec::new(), expected, index: Some(path.to_owned()), missing: Vec::new(), absent: 0 };
    for shard in index.shards.keys() {
        let path = format!("{dir}{shard}");
        match files.binary_search_by(|entry| entry.path.cmp(&path)).ok().and_then(|at| files.get(at)) {
            Some(entry) => {
                let number = WeightName::of(&path).and_then(|name| name.shard).map(|shard| shard.number);
                indexed.insert(path.clone());
                set.files.push(SetFile { path, size: entry.size, number });
            }
            None => {
                set.absent += 1;
                if set.missing.len() < MOST_SPELLED {
                    set.missing.push(path);
                }
            }
        }
    }
    Some(set)
}

/// How many of the numbers up to the last no file has.
fn absent(set: &WeightSet) -> u64 {
    let Some(of) = set.expected else { return 0 };
    let there: BTreeSet<u64> =
        set.files.iter().filter_map(|file| file.number).filter(|n| (1..=of).contains(n)).collect();
    of.saturating_sub(there.len() as u64)
}

/// The numbers that a set without an index lacks, as file names.
fn unnumbered(set: &WeightSet) -> Vec<String> {
    let Some(of) = set.expected else { return Vec::new() };
    let there: BTreeSet<u64> = set.files.iter().filter_map(|file| file.number).collect();
    let first = set.files.first().map_or("", |file| file.path.as_str());
    let width = if first.contains(&format!("-of-{of:06}")) { 6 } else { 5 };
    let written = set.name.shard.map_or(0, |shard| shard.number);
    (1..=of)
        .filter(|number| !there.contains(number))
        .take(MOST_SPELLED)
        .map(|number| first.replacen(&format!("{written:0width$}-of-"), &format!("{number:0width$}-of-"), 1))
        .collect()
}

/// How a folder is laid out: where the weights of its model lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// In one folder.
    One,
    /// In these folders, one set in each: a pipeline, or modules in a row.
    Parts(Vec<String>),
}

/// The places of the sets that together are the model; none where a folder holds several models.
pub fn choose(sets: &[WeightSet], layout: &Layout) -> Vec<usize> {
    let mut best: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, set) in sets.iter().enumerate().filter(|(_, set)| set.name.role == Role::Model) {
        best.entry(set.name.dir.as_str()).or_insert(at);
    }
    let best_in = |dir: &str| best.get(dir).copied();
    if let Layout::Parts(dirs) = layout {
        let parts: Vec<usize> = dirs.iter().filter_map(|dir| best_in(dir)).collect();
        if !parts.is_empty() {
            return parts;
        }
    }
    if let Some(best) = best_in("").or_else(|| best_gguf(sets)).or_else(|| only_folder(sets)) {
        return vec![preferred_quantization(sets, best)];
    }
    let adapter = || sets.iter().position(|set| set.name.role == Role::Adapter && set.name.dir.is_empty());
    best_conversion(sets).or_else(adapter).into_iter().collect()
}

/// Models for the browser are only published as ONNX, in a folder of that name.
fn best_conversion(sets: &[WeightSet]) -> Option<usize> {
    let is_onnx = |set: &WeightSet| set.name.format == WeightsFormat::Onnx && set.name.dir.starts_with("onnx/");
    sets.iter().position(|set| set.name.role == Role::Model && is_onnx(set))
}

/// GGUF repositories put each quantisation into a folder of its own.
fn best_gguf(sets: &[WeightSet]) -> Option<usize> {
    let is_model = |set: &&WeightSet| set.name.role == Role::Model && !is_copy(&set.name.dir);
    let all_gguf = sets.iter().filter(is_model).all(|set| set.name.format == WeightsFormat::Gguf);
    all_gguf.then(|| sets.iter().position(|set| is_model(&set)))?
}

/// The best set of the one folder that has any.
fn only_folder(sets: &[WeightSet]) -> Option<usize> {
    let is_model = |set: &&WeightSet| set.name.role == Role::Model && !is_copy(&set.name.dir);
    let dirs: BTreeSet<&str> = sets.iter().filter(is_model).map(|set| set.name.dir.as_str()).collect();
    (dirs.len() == 1).then(|| sets.iter().position(|set| is_model(&set)))?
}

/// Folders whose weights are a conversion or an earlier state of the model above them.
fn is_copy(dir: &str) -> bool {
    let first = dir.split('/').next().unwrap_or(dir);
    ["onnx", "openvino", "coreml", "original", "tflite", "runs"].contains(&first) || first.starts_with("checkpoint-")
}

/// Of many GGUF quantisations llama.cpp takes `Q4_K_M` unless told otherwise, else the first file.
fn preferred_quantization(sets: &[WeightSet], best: usize) -> usize {
    let Some(set) = sets.get(best).filter(|set| set.name.format == WeightsFormat::Gguf) else { return best };
    let beside = |other: &WeightSet| {
        other.name.format == WeightsFormat::Gguf
            && other.name.role == Role::Model
            && (other.name.dir == set.name.dir || !set.name.dir.is_empty())
    };
    let labelled = sets.iter().position(|other| {
        beside(other) && super::names::quantization_label(&other.name.stem).as_deref() == Some("Q4_K_M")
    });
    let first = || {
        let mut places: Vec<usize> = (0..sets.len()).filter(|at| sets.get(*at).is_some_and(beside)).collect();
        places.sort_by_key(|at| sets.get(*at).map(|set| set.name.set_name()));
        places.first().copied()
    };
    labelled.or_else(first).unwrap_or(best)
}
