//! From the headers to the card: which set, how many weights, in what form.

use std::collections::BTreeMap;

use super::estimate;
use super::findings::Contents;
use super::gguf;
use super::gguf_facts;
use super::gguf_keys::Keys;
use super::gguf_parts;
use super::gguf_tokens as tokens;
use super::inspect::{self, Content};
use super::names::Role;
use super::packing::{Method, Packing};
use super::sets::{SetFile, WeightSet};
use super::shard_index::ShardIndex;
use super::tensors::Sums;
use super::variants::variants;
use crate::cards::card::{Quantization, Shards, WeightsFormat};
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Source};

/// How the weights are packed, by what the configuration says of the quantisation.
pub fn packing(draft: &mut Draft<'_>) -> Packing {
    let fp4_experts = draft.json("config.json").is_some_and(|document| {
        document.root().get("expert_dtype").is_some_and(|dtype| dtype.value.as_str() == Some("fp4"))
    });
    let Some(quantization) = &draft.card.weights.quantization else {
        return Packing { fp4_experts, ..Packing::default() };
    };
    Packing {
        method: Method::named(&quantization.method, quantization.bits),
        bits: quantization.bits,
        group_size: quantization.group_size,
        fp4_experts,
    }
}

/// GGUF headers say what a file is for, whatever its name.
pub fn assign_roles(sets: &mut [WeightSet], contents: &Contents) {
    for set in sets.iter_mut().filter(|set| set.name.role == Role::Model) {
        let header = set.paths().find_map(|path| gguf_header(contents, path));
        set.name.role = header.map_or(Role::Model, gguf_facts::role);
    }
}

fn gguf_header<'c>(contents: &'c Contents, path: &str) -> Option<&'c gguf::Header> {
    match contents.get(path)? {
        Content::Gguf(header) => Some(header),
        _ => None,
    }
}

/// Puts into the card what the chosen sets hold.
pub fn fill(
    draft: &mut Draft<'_>,
    sets: &[WeightSet],
    chosen: &[usize],
    contents: &Contents,
    indexes: &BTreeMap<String, ShardIndex>,
) {
    draft.card.weights.variants = variants(sets, chosen, contents);
    let chosen: Vec<&WeightSet> = chosen.iter().filter_map(|at| sets.get(*at)).collect();
    let Some(first) = chosen.first().copied() else { return };
    format(draft, first, contents);
    shards(draft, &chosen, contents);
    size(draft, &chosen, contents);
    let sums = complete_sums(&chosen, contents);
    if first.name.format == WeightsFormat::Gguf {
        gguf(draft, first, contents, sums.as_ref());
        projector(draft, sets);
    }
    if let Some(sums) = sums {
        let files = chosen.iter().map(|set| set.files.len()).sum();
        counts(draft, &sums, files, first);
        if first.name.format == WeightsFormat::Safetensors {
            stored_type(draft, &sums, first);
        }
    } else {
        declared_total(draft, &chosen, indexes);
        estimate::fill(draft);
        total_by_size(draft, first);
    }
}

/// The first file that has an architecture speaks for the set; further shards hold no keys.
fn gguf(draft: &mut Draft<'_>, set: &WeightSet, contents: &Contents, sums: Option<&Sums>) {
    let headers = || set.paths().filter_map(|path| Some((path, gguf_header(contents, path)?)));
    let speaking = headers().find(|(_, header)| header.keys.contains_key("general.architecture"));
    if let Some((path, _)) = speaking.or_else(|| headers().next())
        && let Some(header) = inspect::gguf_header(draft, path)
    {
        gguf_facts::fill(draft, Keys::new(path, &header));
        tokens::fill(draft, path, &header);
    }
    if let Some(quantization) = gguf_quantization(set, contents, sums) {
        gguf_facts::quantization(draft, &quantization.value, quantization.source);
    }
    if draft.card.library.is_none() {
        fill!(draft, library, Some(Fact::new("gguf".to_owned(), source_of(set).by("the weights are GGUF"))));
    }
}

/// The towers that llama.cpp keeps in a file of their own.
fn projector(draft: &mut Draft<'_>, sets: &[WeightSet]) {
    let projector = sets.iter().find(|set| set.name.role == Role::Projector);
    let Some(path) = projector.and_then(|set| set.paths().next()) else { return };
    if let Some(header) = inspect::gguf_header(draft, path) {
        gguf_parts::towers(draft, Keys::new(path, &header), "clip");
    }
}

fn source_of(set: &WeightSet) -> Source {
    Source::file(set.index.clone().or_else(|| set.paths().next().map(str::to_owned)).unwrap_or_default())
}

fn format(draft: &mut Draft<'_>, set: &WeightSet, contents: &Contents) {
    draft.card.weights.format = if is_mlx(set, contents) { WeightsFormat::Mlx } else { set.name.format };
    draft.source("/weights/format", source_of(set));
}

/// MLX writes safetensors and says so in their metadata.
pub fn is_mlx(set: &WeightSet, contents: &Contents) -> bool {
    set.paths().any(|path| {
        matches!(contents.get(path), Some(Content::Safetensors(header)) if header.format.as_deref() == Some("mlx"))
    })
}

fn shards(draft: &mut Draft<'_>, chosen: &[&WeightSet], contents: &Contents) {
    let there = |file: &&SetFile| contents.get(&file.path).is_some_and(Content::is_there);
    let found = chosen.iter().flat_map(|set| &set.files).filter(there).count() as u64;
    let expected = chosen
        .iter()
        .any(|set| set.expected.is_some())
        .then(|| chosen.iter().map(|set| set.expected.unwrap_or(set.files.len() as u64)).fold(0, u64::saturating_add));
    draft.card.weights.shards = Shards { expected, found };
}

/// The size on disk; of a Git LFS pointer, the size it stands for.
fn size(draft: &mut Draft<'_>, chosen: &[&WeightSet], contents: &Contents) {
    let (mut bytes, mut declared) = (0_u64, false);
    for file in chosen.iter().flat_map(|set| &set.files) {
        let size = match contents.get(&file.path) {
            Some(Content::Pointer(size)) => {
                declared = true;
                size.unwrap_or(0)
            }
            _ => file.size,
        };
        bytes = bytes.saturating_add(size);
    }
    let how =
        if declared { "sum of file sizes, some as their Git LFS pointers declare them" } else { "sum of file sizes" };
    let source = chosen.first().map(|set| source_of(set)).unwrap_or_default().by(how);
    fill!(draft, weights.size_bytes, Some(Fact::new(bytes, source)).filter(|fact| fact.value > 0));
}

/// The sums of all files, if every file that should be there was read.
pub fn complete_sums(chosen: &[&WeightSet], contents: &Contents) -> Option<Sums> {
    let mut sums = Sums::default();
    for set in chosen {
        if set.absent > 0 || set.files.is_empty() {
            return None;
        }
        for path in set.paths() {
            sums.merge(contents.get(path)?.sums()?);
        }
    }
    (!sums.overflow && sums.names.count > 0).then_some(sums)
}

fn counts(draft: &mut Draft<'_>, sums: &Sums, files: usize, first: &WeightSet) {
    let how = match files {
        1 => "sum over the tensors of the header".to_owned(),
        _ => format!("sum over the tensors of the headers of {files} files"),
    };
    let source = source_of(first).by(how);
    draft.card.weights.parameters.by_dtype = sums.by_dtype.clone();
    if first.name.format == WeightsFormat::Safetensors && packing(draft).method == Method::Opaque {
        return;
    }
    draft.card.weights.parameters.exact = true;
    fill!(draft, weights.parameters.total, Some(Fact::new(sums.weights, source.clone())));
    let active = active(draft, sums)
        .map(|active| Fact::new(active, source.by("the total less the routed experts that a token does not pass")));
    fill!(draft, weights.parameters.active, active);
}

/// Of the routed experts a token passes `active` of `total`.
fn active(draft: &Draft<'_>, sums: &Sums) -> Option<u64> {
    let experts = draft.card.architecture.experts.as_ref()?;
    let (total, active) = (experts.total?, experts.active?);
    if sums.routed == 0 || active > total {
        return None;
    }
    let idle = u128::from(sums.routed).checked_mul(u128::from(total - active))?.checked_div(u128::from(total))?;
    sums.weights.checked_sub(u64::try_from(idle).ok()?)
}

/// The type of the weights, where the configuration left it open.
fn stored_type(draft: &mut Draft<'_>, sums: &Sums, set: &WeightSet) {
    let Some(dtype) = sums.main_dtype() else { return };
    let source = source_of(set).by("the type that most bytes are stored in");
    let name = match dtype {
        "BF16" => "bfloat16",
        "F16" => "float16",
        "F32" => "float32",
        "F64" => "float64",
        "F8_E4M3" | "F8_E5M2" => {
            let fp8 = Quantization { method: "fp8".to_owned(), bits: Some(8), group_size: None };
            if draft.card.weights.quantization.is_none() {
                fill!(draft, weights.quantization, Some(Fact::new(fp8, source)));
            }
            return;
        }
        _ => return,
    };
    if draft.card.weights.dtype.is_none() && draft.card.weights.quantization.is_none() {
        fill!(draft, weights.dtype, Some(Fact::new(name.to_owned(), source)));
    }
}

/// Where the files are not all there, what their index says of them.
fn declared_total(draft: &mut Draft<'_>, chosen: &[&WeightSet], indexes: &BTreeMap<String, ShardIndex>) {
    let [set] = chosen else { return };
    let Some((path, index)) = set.index.as_ref().and_then(|path| indexes.get_key_value(path)) else { return };
    let fact = |total, key: &str, how: &str| Fact::new(total, Source::key(path, format!("/metadata/{key}")).by(how));
    let declared = index.total_parameters.map(|total| fact(total, "total_parameters", "as the index declares it"));
    let by_size = || {
        // Some indexes tell the bytes before a cast to half of them: more than the files have.
        let on_disk = draft.card.weights.size_bytes.filter(|_| set.absent == 0).unwrap_or(u64::MAX);
        let size = index.total_size.filter(|size| *size <= on_disk)?;
        let total = size.checked_div(element_bytes(draft)?)?;
        Some(fact(total, "total_size", "estimated: its bytes over those of a weight"))
    };
    let total = declared.or_else(by_size);
    fill!(draft, weights.parameters.total, total);
}

/// Bytes of a weight in the type the configuration declares, unless it is quantised.
fn element_bytes(draft: &Draft<'_>) -> Option<u64> {
    if draft.card.weights.quantization.is_some() {
        return None;
    }
    match draft.card.weights.dtype.as_deref()? {
        "float32" => Some(4),
        "bfloat16" | "float16" => Some(2),
        _ => None,
    }
}

/// The last resort: how many weights would fill the files, which also hold a little else.
fn total_by_size(draft: &mut Draft<'_>, set: &WeightSet) {
    if draft.card.weights.parameters.total.is_some() || set.absent > 0 {
        return;
    }
    let counted = matches!(draft.card.weights.format, WeightsFormat::Safetensors | WeightsFormat::Pytorch);
    let total = draft.card.weights.size_bytes.filter(|_| counted).zip(element_bytes(draft)).map(|(size, bytes)| {
        let how = "estimated: size of the files over the bytes of a weight";
        Fact::new(size / bytes.max(1), source_of(set).by(how))
    });
    fill!(draft, weights.parameters.total, total);
}

/// The quantisation of a GGUF set: what it declares, else the type that most bytes are stored in.
pub fn gguf_quantization(set: &WeightSet, contents: &Contents, sums: Option<&Sums>) -> Option<Fact<String>> {
    let header = |path| Some((path, gguf_header(contents, path)?));
    let declared = set.paths().filter_map(header).find_map(|(path, header)| {
        let name = gguf_facts::file_type(header)?;
        Some(Fact::new(name.to_owned(), Source::key(path, "general.file_type")))
    });
    let stored = || {
        let name = sums?.main_dtype()?.to_owned();
        Some(Fact::new(name, source_of(set).by("the type that most bytes are stored in")))
    };
    declared.or_else(stored).filter(|_| set.name.format == WeightsFormat::Gguf)
}
