//! The weight sets of a folder that holds several, side by side.

use super::findings::Contents;
use super::names::{self, Role, WeightName};
use super::parameters::{complete_sums, gguf_quantization, is_mlx};
use super::sets::WeightSet;
use crate::cards::card::{WeightsFormat, WeightsVariant};

/// Sets of a folder that are told apart in the card.
const MOST_VARIANTS: usize = 100;

/// All the sets, where there are several; the parts of one model are no variants of each other.
pub fn variants(sets: &[WeightSet], chosen: &[usize], contents: &Contents) -> Vec<WeightsVariant> {
    let is_variant = |(at, set): &(usize, &WeightSet)| {
        set.name.role == Role::Model && !set.files.is_empty() && (chosen.len() < 2 || !chosen.contains(at))
    };
    let mut variants: Vec<WeightsVariant> =
        sets.iter().enumerate().filter(is_variant).map(|(_, set)| variant(set, contents)).collect();
    if variants.len() < 2 && chosen.len() < 2 {
        return Vec::new();
    }
    variants.truncate(MOST_VARIANTS);
    name_by_quantization(&mut variants);
    variants.sort_by(|a, b| a.name.cmp(&b.name));
    variants
}

/// A quantisation is the better name where it tells the variants apart.
fn name_by_quantization(variants: &mut [WeightsVariant]) {
    let label = |variant: &WeightsVariant| {
        let name = WeightName::of(&variant.name).filter(|name| name.format == WeightsFormat::Gguf)?;
        names::quantization_label(&name.stem).or_else(|| variant.quantization.clone())
    };
    let labels: Vec<Option<String>> = variants.iter().map(label).collect();
    for (variant, label) in variants.iter_mut().zip(&labels) {
        if let Some(name) = label.as_ref().filter(|_| labels.iter().filter(|other| *other == label).count() == 1) {
            variant.name = name.clone();
        }
    }
}

fn variant(set: &WeightSet, contents: &Contents) -> WeightsVariant {
    let sums = complete_sums(&[set], contents);
    let quantization = gguf_quantization(set, contents, sums.as_ref()).map(|fact| fact.value);
    WeightsVariant {
        name: set.name.set_name(),
        files: set.paths().map(str::to_owned).collect(),
        format: if is_mlx(set, contents) { WeightsFormat::Mlx } else { set.name.format },
        quantization,
        parameters: sums.map(|sums| sums.weights),
        size_bytes: set.size(),
    }
}
