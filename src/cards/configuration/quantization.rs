//! How the weights are quantised, where a configuration says so.
//!
//! The block is in `config.json`, nested in its backbone, or in a side file of the tool that made the
//! weights. Its `ignore` lists may have ten thousand entries and hold regular expressions: neither is
//! looked at.

use serde_json::Value;

use crate::cards::card::Quantization;
use crate::cards::draft::Draft;
use crate::cards::facts::{Fact, Field, Source};
use crate::cards::warning::WarningCode;

use super::settings::Settings;

const BLOCKS: [&str; 2] = ["quantization_config", "compression_config"];
const BITS: [&str; 6] = ["bits", "w_bit", "num_bits", "nbits", "weight_bits", "wbits"];
const GROUP: [&str; 3] = ["group_size", "q_group_size", "weight_block_size"];

pub fn of_config(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    let places = [&settings.root, &settings.backbone];
    let block = BLOCKS.iter().flat_map(|key| places.iter().filter_map(move |place| place.get(key)));
    let found = block
        .filter_map(|field| of_block(&field))
        .next()
        .or_else(|| of_mlx(&settings.root))
        .or_else(|| of_bits(&settings.root));
    if let Some(fact) = found {
        fill(draft, fact);
    }
}

/// The side files of quantisation tools, which tell what older configurations do not.
pub fn of_side_files(draft: &mut Draft<'_>) {
    for file in ["hf_quant_config.json", "quantize_config.json", "quant_config.json"] {
        let Some(document) = draft.json(file) else { continue };
        let root = document.root();
        let fact = if file == "hf_quant_config.json" { of_modelopt(&root) } else { of_tool(&root) };
        if let Some(fact) = fact {
            fill(draft, fact);
        }
    }
}

struct Parts {
    method: Fact<String>,
    bits: Option<Fact<u64>>,
    group: Option<Fact<u64>>,
}

fn fill(draft: &mut Draft<'_>, parts: Parts) {
    if let Some(held) = &draft.card.weights.quantization {
        let held = held.method.clone();
        if !same_method(&held, &parts.method.value) {
            draft.conflict("/weights/quantization/method", &held, &parts.method.value, &parts.method.source);
        }
        return;
    }
    draft.source("/weights/quantization", parts.method.source.clone());
    let quantization = Quantization {
        bits: draft.noted("/weights/quantization/bits", parts.bits),
        group_size: draft.noted("/weights/quantization/group_size", parts.group),
        method: parts.method.value,
    };
    draft.source("/weights/quantization/method", parts.method.source);
    draft.card.weights.quantization = Some(quantization);
}

/// `modelopt` in one file and `modelopt_fp4` in the other are one tool's two names for one thing.
fn same_method(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

fn of_block(block: &Field<'_>) -> Option<Parts> {
    if !block.value.is_object() {
        return None;
    }
    let method = named(block).or_else(|| implied(block))?;
    let bits = bits(block, &method.value);
    Some(Parts { bits, group: group(block), method })
}

fn named(block: &Field<'_>) -> Option<Fact<String>> {
    let mut method = block.first(&["quant_method", "quantization_method"])?.string()?;
    method.value = method.value.to_lowercase().replace("compressed_tensors", "compressed-tensors");
    Some(method)
}

/// A block that does not name its method shows it by what it holds.
fn implied(block: &Field<'_>) -> Option<Fact<String>> {
    let says = |field: Field<'_>, method: &str| Some(Fact::new(method.to_owned(), field.source().by("by its key")));
    if let Some(producer) = block.path(&["producer", "name"]) {
        return producer.string();
    }
    if let Some(field) = block.first(&["quant_algo"]) {
        return says(field, "modelopt");
    }
    let bitsandbytes = ["load_in_4bit", "load_in_8bit", "_load_in_4bit", "_load_in_8bit"];
    if let Some(field) = block.first(&bitsandbytes) {
        return says(field, "bitsandbytes");
    }
    if let Some(field) = block.first(&["config_groups"]) {
        return says(field, "compressed-tensors");
    }
    of_mlx_block(block)
}

fn of_mlx_block(block: &Field<'_>) -> Option<Fact<String>> {
    block.get("bits")?.positive()?;
    block.get("group_size")?.positive()?;
    Some(Fact::new("mlx".to_owned(), block.source().by("bits and group_size without a method, as MLX writes them")))
}

fn of_mlx(root: &Field<'_>) -> Option<Parts> {
    let block = root.get("quantization")?;
    let method = of_mlx_block(&block)?;
    Some(Parts { bits: block.get("bits")?.positive(), group: group(&block), method })
}

/// ChatGLM quantises itself when it is loaded.
fn of_bits(root: &Field<'_>) -> Option<Parts> {
    let field = root.get("quantization_bit")?;
    let bits = field.positive()?;
    let method = Fact::new(format!("chatglm-int{}", bits.value), field.source().by("by its key"));
    Some(Parts { method, bits: Some(bits), group: None })
}

fn of_modelopt(root: &Field<'_>) -> Option<Parts> {
    let block = root.get("quantization")?;
    let named = root.path(&["producer", "name"]).and_then(|name| name.string());
    let algorithm = block.get("quant_algo").and_then(|field| field.string());
    let by_key = || algorithm.clone().map(|fact| fact.derive("by its key", |_| "modelopt".to_owned()));
    let method = named.or_else(by_key)?;
    Some(Parts { bits: bits(&block, &method.value), group: group(&block), method })
}

/// AutoGPTQ and AutoAWQ wrote files of the same names; transformers.js has another one without bits.
fn of_tool(root: &Field<'_>) -> Option<Parts> {
    let bits = root.first(&["bits", "w_bit"])?.positive()?;
    let awq = root.first(&["w_bit", "zero_point"]);
    let (name, how) =
        if awq.is_some() { ("awq", "by the keys of AutoAWQ") } else { ("gptq", "by the keys of AutoGPTQ") };
    let method = named(root).unwrap_or_else(|| Fact::new(name.to_owned(), root.source().by(how)));
    Some(Parts { method, bits: Some(bits), group: group(root) })
}

fn bits(block: &Field<'_>, method: &str) -> Option<Fact<u64>> {
    let groups = || narrowest(block)?.first(&BITS)?.positive();
    block
        .first(&BITS)
        .and_then(|field| field.positive())
        .or_else(|| of_switch(block))
        .or_else(groups)
        .or_else(|| inner(block)?.first(&BITS)?.positive())
        .or_else(|| of_algorithm(&block.get("quant_algo")?))
        .or_else(|| of_codebooks(block))
        .or_else(|| of_type(block))
        .or_else(|| of_name(method))
}

/// HQQ and torchao keep what they were told in a block of their own, torchao under a name for its class.
fn inner<'a>(block: &Field<'a>) -> Option<Field<'a>> {
    let hqq = block.path(&["quant_config", "weight_quant_params"]);
    let torchao = || block.path(&["quant_type", "default", "_data"]).or_else(|| block.get("quant_type_kwargs"));
    hqq.or_else(torchao).filter(|inner| inner.value.is_object())
}

/// AQLM: each group of so many weights is a sum of one entry of each codebook.
fn of_codebooks(block: &Field<'_>) -> Option<Fact<u64>> {
    let count = |key: &str| Some(block.get(key)?.positive()?.value);
    let weights = count("in_group_size")?.checked_mul(count("out_group_size").unwrap_or(1))?;
    let stored = count("num_codebooks")?.checked_mul(count("nbits_per_codebook")?)?;
    let bits = stored.checked_div(weights).filter(|bits| *bits > 0)?;
    Some(Fact::new(bits, block.source().by("num_codebooks x nbits_per_codebook over the weights of a group")))
}

/// Where the type of the weights stands, by the tools that give it a name.
const TYPES: [&[&str]; 5] = [
    &["weights"],
    &["quant_type", "default", "_type"],
    &["quant_type"],
    &["global_quant_config", "weight", "dtype"],
    &["forward_dtype"],
];

/// Of `Int8DynamicActivationInt4WeightConfig` the number before the word for the weights, of `fp8_e4m3` the first.
fn of_type(block: &Field<'_>) -> Option<Fact<u64>> {
    let field = TYPES.iter().find_map(|path| block.path(path).filter(|field| field.value.is_string()))?;
    let name = field.value.as_str()?.to_lowercase().replace('_', "");
    let digit = match name.split_once("weight") {
        Some((head, _)) => head.chars().last(),
        None => name.chars().find(char::is_ascii_digit),
    };
    let bits = digit?.to_digit(10).map(u64::from).filter(|bits| (1..=8).contains(bits))?;
    Some(Fact::new(bits, field.source().by("by the type's name")))
}

fn of_switch(block: &Field<'_>) -> Option<Fact<u64>> {
    let switches = [("load_in_4bit", 4), ("_load_in_4bit", 4), ("load_in_8bit", 8), ("_load_in_8bit", 8)];
    switches.iter().find_map(|(key, bits)| {
        let field = block.get(key).filter(|field| field.value == &Value::Bool(true))?;
        Some(Fact::new(*bits, field.source().by("by its key")))
    })
}

/// What the groups of compressed-tensors say of their weights; of several, the one with the fewest bits.
fn narrowest<'a>(block: &Field<'a>) -> Option<Field<'a>> {
    let groups = block.get("config_groups")?;
    let names = groups.value.as_object()?.keys().take(64);
    let weights = names.filter_map(|name| groups.get(name)?.get("weights").filter(|part| part.value.is_object()));
    weights.min_by_key(|part| part.first(&BITS).and_then(|bits| bits.positive()).map_or(u64::MAX, |bits| bits.value))
}

fn of_algorithm(field: &Field<'_>) -> Option<Fact<u64>> {
    let name = field.value.as_str()?.to_uppercase();
    let bits = match name.as_str() {
        _ if name.contains("FP4") || name.starts_with("W4") || name.contains("INT4") => 4,
        _ if name.contains("FP8") || name.starts_with("W8") || name.contains("INT8") => 8,
        _ => return None,
    };
    Some(Fact::new(bits, field.source().by("by the algorithm's name")))
}

fn of_name(method: &str) -> Option<Fact<u64>> {
    let bits = match method {
        "fp8" | "fbgemm_fp8" | "modelopt" | "mxfp8" | "experts_int8" => 8,
        "mxfp4" | "modelopt_fp4" | "gpt_oss_mxfp4" => 4,
        _ => return None,
    };
    Some(Fact::new(bits, Source::derived(format!("{method} stores that many bits"))))
}

fn group(block: &Field<'_>) -> Option<Fact<u64>> {
    let own = block.first(&GROUP).and_then(|field| super::settings::largest(&field));
    own.or_else(|| narrowest(block)?.first(&GROUP)?.positive()).or_else(|| inner(block)?.first(&GROUP)?.positive())
}

/// A block that cannot be understood is told.
pub fn warn_of_unknown(draft: &mut Draft<'_>, settings: &Settings<'_>, file: &str) {
    let stated = settings.root.get("quantization_config").is_some_and(|block| super::settings::is_object(block.value));
    if stated && draft.card.weights.quantization.is_none() {
        let detail = format!("{file} has a quantization_config that does not say its method");
        draft.warn(WarningCode::ForeignSchema, Some("/weights/quantization"), detail, [file]);
    }
}

#[cfg(test)]
mod tests {
    use crate::cards::card::{Card, Quantization};
    use crate::cards::testing::{card_of, warning_codes};
    use crate::cards::warning::WarningCode;

    fn with(rest: &str, side: &[(&str, &str)]) -> Card {
        let config = format!(r#"{{"model_type": "llama", "hidden_size": 8{rest}}}"#);
        let mut files = vec![("config.json", config.as_str())];
        files.extend_from_slice(side);
        card_of(&files)
    }

    fn of(method: &str, bits: u64, group_size: Option<u64>) -> Option<Quantization> {
        Some(Quantization { method: method.to_owned(), bits: Some(bits), group_size })
    }

    #[test]
    fn the_block_names_its_method() {
        let card = with(r#", "quantization_config": {"quant_method": "GPTQ", "bits": 4, "group_size": 128}"#, &[]);
        assert_eq!(card.weights.quantization, of("gptq", 4, Some(128)));
        let source = &card.sources["/weights/quantization/bits"];
        assert_eq!(source.pointer.as_deref(), Some("/quantization_config/bits"));
    }

    #[test]
    fn a_block_without_a_name_shows_it_by_its_keys() {
        let bitsandbytes = with(r#", "quantization_config": {"load_in_4bit": true}"#, &[]);
        assert_eq!(bitsandbytes.weights.quantization, of("bitsandbytes", 4, None));
        let mlx = with(r#", "quantization": {"group_size": 64, "bits": 4}"#, &[]);
        assert_eq!(mlx.weights.quantization, of("mlx", 4, Some(64)));
        let groups = r#", "quantization_config": {"quant_method": "compressed_tensors", "config_groups":
            {"group_0": {"weights": {"num_bits": 8}}, "group_1": {"weights": {"num_bits": 4, "group_size": 16}}}}"#;
        assert_eq!(with(groups, &[]).weights.quantization, of("compressed-tensors", 4, Some(16)));
    }

    #[test]
    fn each_tool_says_the_bits_in_its_own_way() {
        for (block, method, bits, group) in [
            (
                r#""quant_method": "hqq", "quant_config": {"weight_quant_params": {"nbits": 4, "group_size": 64}}"#,
                "hqq",
                4,
                Some(64),
            ),
            (r#""quant_method": "eetq", "weights": "int8""#, "eetq", 8, None),
            (r#""quant_method": "quanto", "weights": "int4""#, "quanto", 4, None),
            (
                r#""quant_method": "torchao", "quant_type": "int4_weight_only", "quant_type_kwargs": {"group_size": 32}"#,
                "torchao",
                4,
                Some(32),
            ),
            (
                r#""quant_method": "torchao", "quant_type": {"default": {"_type": "Int8DynamicActivationInt4WeightConfig",
                "_data": {"group_size": 128}}}"#,
                "torchao",
                4,
                Some(128),
            ),
            (
                r#""quant_method": "torchao", "quant_type": {"default": {"_type": "Float8WeightOnlyConfig"}}"#,
                "torchao",
                8,
                None,
            ),
            (
                r#""quant_method": "aqlm", "in_group_size": 8, "nbits_per_codebook": 16, "num_codebooks": 1, "out_group_size": 1"#,
                "aqlm",
                2,
                None,
            ),
            (r#""quant_method": "quark", "global_quant_config": {"weight": {"dtype": "fp8_e4m3"}}"#, "quark", 8, None),
            (r#""quant_method": "fp_quant", "forward_dtype": "nvfp4""#, "fp_quant", 4, None),
        ] {
            let card = with(&format!(r#", "quantization_config": {{{block}}}"#), &[]);
            assert_eq!(card.weights.quantization, of(method, bits, group), "{block}");
        }
        let open = with(r#", "quantization_config": {"quant_method": "torchao", "quant_type": "autoquant"}"#, &[]);
        assert_eq!(open.weights.quantization.unwrap().bits, None);
    }

    #[test]
    fn side_files_tell_what_the_configuration_does_not() {
        let modelopt =
            r#"{"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4", "group_size": 16}}"#;
        let card = with("", &[("hf_quant_config.json", modelopt)]);
        assert_eq!(card.weights.quantization, of("modelopt", 4, Some(16)));
        let gptq = with("", &[("quantize_config.json", r#"{"bits": 4, "group_size": -1}"#)]);
        assert_eq!(gptq.weights.quantization, of("gptq", 4, None));
        let awq = with("", &[("quantize_config.json", r#"{"w_bit": 4, "q_group_size": 128, "zero_point": true}"#)]);
        assert_eq!(awq.weights.quantization, of("awq", 4, Some(128)));
    }

    #[test]
    fn the_file_of_another_tool_is_not_taken_for_one() {
        let card = with("", &[("quantize_config.json", r#"{"per_channel": true, "modes": ["q8"]}"#)]);
        assert_eq!(card.weights.quantization, None);
    }

    #[test]
    fn two_files_that_differ_are_a_conflict() {
        let modelopt = r#"{"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4"}}"#;
        let card = with(r#", "quantization_config": {"quant_method": "fp8"}"#, &[("hf_quant_config.json", modelopt)]);
        assert_eq!(card.weights.quantization, of("fp8", 8, None));
        assert!(warning_codes(&card).contains(&WarningCode::ConflictingValues));
    }
}
