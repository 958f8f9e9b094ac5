//! Weights: how many, in what form, and whether all of them are there.
//!
//! Only headers are read. The files are put together to sets first, because a folder often holds the
//! same weights several times, and nothing of two sets is ever added.

mod bytes;
mod decoder_estimate;
mod decoder_switches;
mod encoder_estimate;
mod estimate;
mod family;
mod fault;
mod findings;
mod gguf;
mod gguf_cursor;
mod gguf_facts;
mod gguf_keys;
mod gguf_layers;
mod gguf_parts;
mod gguf_tokens;
mod gguf_types;
mod gguf_value;
#[cfg(test)]
mod hostile_tests;
mod inspect;
mod metered;
mod names;
mod packing;
mod pair_estimate;
mod parameters;
mod parts;
mod safetensors;
mod sets;
mod shard_index;
mod tensors;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod variants;

use std::collections::BTreeMap;
use std::io::BufReader;

use super::card::WeightsFormat;
use super::draft::Draft;
use super::folder::Entry;
use super::kind::Kind;
use super::warning::WarningCode;
pub use bytes::{read_gguf, read_index, read_safetensors};
use findings::Contents;
use metered::Metered;
pub use names::is_index;
use names::{Role, WeightName};
use packing::Packing;
use sets::WeightSet;
use shard_index::ShardIndex;

/// More indexes and weight files than a folder of one model has; each costs memory while it is read.
const MOST_INDEXES: usize = 64;
const MOST_FILES: usize = 10_000;
/// Bytes of a GGUF header that are searched for the architecture alone.
const LONGEST_SEARCH: u64 = 64 << 20;

/// Whether a file of that name holds weights.
pub fn is_weights(path: &str) -> bool {
    WeightName::of(path).is_some_and(|name| name.role != Role::Sidecar || name.extension == "gguf")
}

/// What the names and sizes of files tell of the weights among them, without opening one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The files of the sets that are models, or go on top of one.
    pub files: Vec<Entry>,
    /// How many files the numbering of the best set promises and that are not there.
    pub absent: u64,
}

pub fn outline(files: &[Entry]) -> Outline {
    let sets = sets::group(files, &BTreeMap::new());
    let usable = sets.iter().filter(|set| matches!(set.name.role, Role::Model | Role::Adapter));
    let absent = usable.clone().next().map_or(0, |set| set.absent);
    let files = usable.flat_map(|set| set.files.iter().map(|file| Entry { path: file.path.clone(), size: file.size }));
    Outline { files: files.collect(), absent }
}

/// What the GGUF files of one model have in common: the name without shard and quantisation.
pub fn gguf_stem(path: &str) -> Option<String> {
    let name = WeightName::of(path).filter(|name| name.format == WeightsFormat::Gguf && name.role == Role::Model)?;
    let folded = name.stem.to_ascii_uppercase();
    let stem = names::quantization_label(&name.stem)
        .and_then(|label| folded.rfind(&label))
        .and_then(|at| name.stem.get(..at))
        .map_or(name.stem.as_str(), |stem| stem.trim_end_matches(['-', '.', '_']));
    Some(stem.to_lowercase())
}

/// The first number of a GGUF file's shards, 1 where it is whole.
pub fn gguf_shard(path: &str) -> u64 {
    WeightName::of(path).and_then(|name| name.shard).map_or(1, |shard| shard.number)
}

/// The `general.architecture` of a GGUF file, which its author mostly put first; no more of it is read than that takes.
pub fn gguf_architecture(draft: &mut Draft<'_>, path: &str) -> Result<String, String> {
    let file = draft.open(path).ok_or_else(|| format!("{path} cannot be read"))?;
    let size = file.size();
    gguf::architecture(file, size, LONGEST_SEARCH).map_err(|fault| format!("{path} {fault}"))
}

pub fn read(draft: &mut Draft<'_>, _kind: Kind) {
    findings::of_listing(draft);
    let indexes = indexes(draft);
    let mut sets = sets::group(&draft.listing.files, &indexes);
    let packing = parameters::packing(draft);
    let contents = contents(draft, &sets, &packing);
    parameters::assign_roles(&mut sets, &contents);
    let layout = parts::layout(draft);
    let chosen = sets::choose(&sets, &layout);

    findings::of_contents(draft, &contents);
    findings::of_sets(draft, &sets);
    for (path, index) in &indexes {
        findings::of_index(draft, path, index, &contents);
    }
    findings::of_pickles(draft, &sets);
    findings::of_no_weights(draft, &sets, &contents);
    parts::warn_of_bare(draft, &sets);
    parameters::fill(draft, &sets, &chosen, &contents, &indexes);
    // Also for a folder without weights: its configuration says how many there will be.
    estimate::fill(draft);
}

/// The indexes of the folder, by their paths.
fn indexes(draft: &mut Draft<'_>) -> BTreeMap<String, ShardIndex> {
    let indexes = draft.listing.files.iter().filter(|entry| is_index(&entry.path));
    let paths: Vec<String> = indexes.map(|entry| entry.path.clone()).take(MOST_INDEXES).collect();
    paths.into_iter().filter_map(|path| Some((path.clone(), index(draft, &path)?))).collect()
}

fn index(draft: &mut Draft<'_>, path: &str) -> Option<ShardIndex> {
    let file = draft.open(path)?;
    let (size, cap) = (file.size(), draft.limits.streamed_bytes);
    let whole = draft.limits.text_bytes;
    if size <= whole {
        return draft.bytes(path, whole).map(|bytes| shard_index::read(&bytes));
    }
    if size > cap {
        let detail = format!("{path} has {size} bytes, more than the {cap} that are read of an index");
        draft.warn(WarningCode::BudgetExceeded, Some("/weights/shards"), detail, [path]);
        return None;
    }
    let mut reader = Metered::new(file);
    let index = shard_index::read_stream(BufReader::with_capacity(1 << 16, &mut reader));
    let (length, digest) = reader.finish();
    draft.note_digest(path, length, digest);
    index.map_err(|error| draft.warn_of_error(path, &error)).ok()
}

/// Looks into every file, those of the best set first, so that a budget ends with the others.
fn contents(draft: &mut Draft<'_>, sets: &[WeightSet], packing: &Packing) -> Contents {
    let mut contents = Contents::new();
    let files = sets.iter().flat_map(|set| set.files.iter().map(|file| (set.name.format, file)));
    for (format, file) in files.clone().take(MOST_FILES) {
        contents.insert(file.path.clone(), inspect::inspect(draft, file, format, packing));
    }
    let rest: Vec<String> = files.skip(MOST_FILES).map(|(_, file)| file.path.clone()).collect();
    findings::warn_of(draft, WarningCode::BudgetExceeded, Some("/weights"), &rest, |files| {
        format!("the folder holds too many weight files to look into all of them; left out: {files}")
    });
    contents
}
