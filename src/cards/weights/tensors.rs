//! What the headers of weight files add up to, whatever their format.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, DefaultHasher, Hash as _, Hasher as _, RandomState};

use super::packing::Packing;

/// Types are counted apart up to this many; a file with more of them is made up.
const MOST_DTYPES: usize = 64;

/// One tensor, as a header describes it.
#[derive(Debug, Clone, Copy)]
pub struct Tensor<'a> {
    pub name: &'a str,
    pub dtype: &'a str,
    /// Stored elements: the product of the shape.
    pub elements: u64,
    /// Stored bytes.
    pub bytes: u64,
}

/// Sums over tensors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Stored elements by their type.
    pub by_dtype: BTreeMap<String, u64>,
    /// Stored bytes by type.
    pub bytes_by_dtype: BTreeMap<String, u64>,
    /// Bytes of tensor data.
    pub bytes: u64,
    /// Weights that the elements stand for, packed ones unpacked.
    pub weights: u64,
    /// Those of them in routed experts, of which a token passes only some.
    pub routed: u64,
    pub names: Names,
    /// Whether a number grew beyond 64 bits: then none of them is to be believed.
    pub overflow: bool,
}

impl Sums {
    pub fn add(&mut self, tensor: &Tensor<'_>, packing: &Packing) {
        self.names.add(tensor.name);
        let weights = packing.weights(tensor);
        self.overflow |= !(grow(&mut self.bytes, tensor.bytes)
            && grow(&mut self.weights, weights)
            && (!is_routed_expert(tensor.name) || grow(&mut self.routed, weights))
            && grow_entry(&mut self.by_dtype, tensor.dtype, tensor.elements)
            && grow_entry(&mut self.bytes_by_dtype, tensor.dtype, tensor.bytes));
    }

    pub fn merge(&mut self, other: &Self) {
        self.names.merge(&other.names);
        self.overflow |= other.overflow
            || !(grow(&mut self.bytes, other.bytes)
                && grow(&mut self.weights, other.weights)
                && grow(&mut self.routed, other.routed)
                && other.by_dtype.iter().all(|(dtype, count)| grow_entry(&mut self.by_dtype, dtype, *count))
                && other.bytes_by_dtype.iter().all(|(dtype, size)| grow_entry(&mut self.bytes_by_dtype, dtype, *size)));
    }

    /// The type that most bytes are stored in.
    pub fn main_dtype(&self) -> Option<&str> {
        self.bytes_by_dtype.iter().max_by_key(|(_, bytes)| **bytes).map(|(dtype, _)| dtype.as_str())
    }
}

fn grow(sum: &mut u64, by: u64) -> bool {
    let grown = sum.checked_add(by);
    *sum = grown.unwrap_or(*sum);
    grown.is_some()
}

fn grow_entry(sums: &mut BTreeMap<String, u64>, key: &str, by: u64) -> bool {
    if let Some(sum) = sums.get_mut(key) {
        return grow(sum, by);
    }
    let room = sums.len() < MOST_DTYPES;
    if room {
        sums.insert(key.to_owned(), by);
    }
    room
}

/// A set of tensor names, kept as their number and the sum of their hashes: enough to tell whether an
/// index and a header name the same tensors, at sixteen bytes instead of the names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Names {
    pub count: u64,
    sum: u64,
}

impl Names {
    pub fn add(&mut self, name: &str) {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.wrapping_add(hasher.finish());
    }

    fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// Names that were seen, by their hashes under a key of this process, which no file can foresee.
#[derive(Default)]
pub struct Seen {
    state: RandomState,
    hashes: HashSet<u64>,
}

impl Seen {
    pub fn is_new(&mut self, name: &str) -> bool {
        self.hashes.insert(self.state.hash_one(name))
    }
}

/// Whether the tensor belongs to experts that tokens are routed to. The names are those of
/// transformers (`experts`, and Granite's fused `block_sparse_moe`), MLX (`switch_mlp`) and GGUF (`_exps`).
fn is_routed_expert(name: &str) -> bool {
    let mut parts = name.split('.').peekable();
    while let Some(part) = parts.next() {
        let fused = part == "block_sparse_moe"
            && parts.peek().is_some_and(|next| matches!(*next, "input_linear" | "output_linear"));
        if fused || matches!(part, "experts" | "switch_mlp") || part.ends_with("_exps") {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routed_experts_are_known_by_the_names_of_every_layout() {
        for routed in [
            "model.layers.3.mlp.experts.17.down_proj.weight",
            "model.layers.0.block_sparse_moe.input_linear.weight",
            "model.layers.0.mlp.experts.gate_up_proj_blocks",
            "model.layers.0.mlp.switch_mlp.up_proj.weight",
            "blk.0.ffn_down_exps.weight",
        ] {
            assert!(is_routed_expert(routed), "{routed}");
        }
        for other in [
            "model.layers.3.mlp.shared_experts.up_proj.weight",
            "model.layers.0.block_sparse_moe.router.layer.weight",
            "blk.0.ffn_down_shexp.weight",
            "blk.0.ffn_gate_inp.weight",
        ] {
            assert!(!is_routed_expert(other), "{other}");
        }
    }

    #[test]
    fn the_same_names_in_another_order_are_the_same_set() {
        let set = |names: &[&str]| {
            let mut set = Names::default();
            names.iter().for_each(|name| set.add(name));
            set
        };
        assert_eq!(set(&["a", "b"]), set(&["b", "a"]));
        assert_ne!(set(&["a", "b"]), set(&["a", "c"]));
    }

    #[test]
    fn a_sum_beyond_64_bits_is_told() {
        let mut sums = Sums::default();
        let huge = Tensor { name: "w", dtype: "F32", elements: u64::MAX, bytes: 1 };
        sums.add(&huge, &Packing::default());
        assert!(!sums.overflow);
        sums.add(&huge, &Packing::default());
        assert!(sums.overflow);
    }
}
