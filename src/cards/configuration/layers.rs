//! Which layers attend to everything, which to a window, and which keep a state instead.
//!
//! That decides how much memory a token takes. Files give it as a list with a word for each layer, as
//! a pattern of letters, or as a period.

use serde_json::Value;

use crate::cards::card::Layers;
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field};

use super::settings::Settings;
use super::shape::is_attention_free;

const LISTS: [&str; 5] = ["layer_types", "layers_block_type", "attn_type_list", "block_types", "hybrid_layer_pattern"];
const WINDOWS: [&str; 6] = [
    "sliding_window",
    "sliding_window_size",
    "attention_window_size",
    "attention_chunk_size",
    "local_attention",
    "attention_window",
];
/// ModernBERT's period, in which the first layer attends to everything.
const FIRST_OF: &str = "global_attn_every_n_layers";
/// Every so many layers attend to everything; these classes say so by default.
const PERIODS: [(&str, u64); 15] = [
    ("gemma2", 2),
    ("vaultgemma", 2),
    ("gemma3_text", 6),
    ("gemma3n_text", 5),
    ("cohere2", 4),
    ("cohere2_moe", 4),
    ("olmo3", 4),
    ("exaone4", 4),
    ("cwm", 4),
    ("afmoe", 4),
    ("gpt_oss", 2),
    ("qwen3_next", 4),
    ("qwen3_5_text", 4),
    ("qwen3_5_moe_text", 4),
    ("llama4_text", 4),
];

/// Lists of numbers, and what 0 and 1 mean in them.
const NUMBERS: [(&str, [Layer; 2]); 2] =
    [("/attn_type_list", [Layer::Recurrent, Layer::Full]), ("/hybrid_layer_pattern", [Layer::Full, Layer::Sliding])];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Full,
    Sliding,
    Recurrent,
    Other,
}

pub fn fill(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    fill!(draft, architecture.sliding_window, window(settings));
    let depth = draft.card.architecture.num_hidden_layers;
    let written = listed(settings).or_else(|| spelled(settings)).or_else(|| lettered(settings));
    let layers = written.or_else(|| numbered(settings)).or_else(|| {
        let windowed = draft.card.architecture.sliding_window.is_some();
        periodic(settings, depth?, windowed)
    });
    let varied = |layers: &Fact<Layers>| is_varied(&layers.value);
    fill!(draft, architecture.layers, layers.filter(varied));
}

/// Qwen classes carry a window that they use only when told to.
fn window(settings: &Settings<'_>) -> Option<Fact<u64>> {
    let switch = settings.flag("use_sliding_window");
    let unused = switch == Some(false) || (switch.is_none() && settings.model_type().starts_with("qwen"));
    let read = |field: &Field<'_>| field.positive().or_else(|| super::settings::common(field));
    settings.fact(&WINDOWS, read).filter(|_| !unused)
}

fn is_varied(layers: &Layers) -> bool {
    layers.sliding_attention > 0 || layers.recurrent > 0 || layers.other > 0
}

fn count(layers: impl IntoIterator<Item = Layer>) -> Layers {
    let mut counts = Layers::default();
    for layer in layers {
        let counter = match layer {
            Layer::Full => &mut counts.full_attention,
            Layer::Sliding => &mut counts.sliding_attention,
            Layer::Recurrent => &mut counts.recurrent,
            Layer::Other => &mut counts.other,
        };
        *counter = counter.saturating_add(1);
    }
    counts
}

/// A word for each layer. That of RecurrentGemma is one period, and its attention has a window.
fn listed(settings: &Settings<'_>) -> Option<Fact<Layers>> {
    let field = LISTS.iter().find_map(|key| settings.field(&[key]).filter(|field| field.value.is_array()))?;
    let numbers = NUMBERS.iter().find(|(key, _)| field.pointer.ends_with(key)).map(|(_, meaning)| *meaning);
    let words: Vec<Layer> = field.value.as_array()?.iter().filter_map(|value| word(value, numbers)).collect();
    let depth = settings.count(&["num_hidden_layers"]).map_or(words.len(), |depth| bounded(depth.value));
    let repeats = field.pointer.ends_with("/block_types");
    let length = if repeats { depth } else { words.len() };
    let own = length.saturating_sub(shared(settings));
    let layers = count(words.iter().copied().cycle().take(length).enumerate().map(|(at, layer)| match layer {
        Layer::Full | Layer::Sliding if at >= own => Layer::Other,
        Layer::Full if repeats => Layer::Sliding,
        layer => layer,
    }));
    let layers = with_widths(settings, layers);
    let how = if own < length {
        "its entries, counted; the last use the keys and values of others"
    } else {
        "its entries, counted"
    };
    Some(Fact::new(layers, field.source().by(how)))
}

/// The last layers of Gemma 3n and some of its successors use the keys and values of earlier ones.
fn shared(settings: &Settings<'_>) -> usize {
    let field = settings.field(&["num_kv_shared_layers"]).and_then(|field| field.positive());
    field.map_or(0, |fact| bounded(fact.value))
}

/// Where layers of one kind have heads of their own: Gemma 4 for those that see everything, MiMo for those with a window.
fn with_widths(settings: &Settings<'_>, layers: Layers) -> Layers {
    let count = |keys: &[&str]| Some(settings.field(keys)?.positive()?.value);
    let width = |heads: u64, key: u64, value: Option<u64>| heads.checked_mul(key.checked_add(value.unwrap_or(key))?);
    let global = || {
        let heads = count(&["num_global_key_value_heads"]).or_else(|| count(&["num_key_value_heads"]))?;
        width(heads, count(&["global_head_dim"])?, None)
    };
    let split = || {
        let heads = count(&["num_key_value_heads"])?;
        width(heads, count(&["head_dim"])?, Some(count(&["v_head_dim"])?))
            .filter(|_| settings.field(&["kv_lora_rank"]).is_none())
    };
    let windowed = || {
        let heads = count(&["swa_num_key_value_heads"])?;
        width(heads, count(&["swa_head_dim", "head_dim"])?, count(&["swa_v_head_dim", "v_head_dim"]))
    };
    Layers {
        full_attention_width: global().or_else(split),
        sliding_attention_width: windowed().or_else(split),
        ..layers
    }
}

/// No model has more layers than this; it bounds the work that a number in a file can cause.
fn bounded(depth: u64) -> usize {
    usize::try_from(depth.min(100_000)).unwrap_or(0)
}

fn word(value: &Value, numbers: Option<[Layer; 2]>) -> Option<Layer> {
    if let Some(number) = value.as_u64() {
        return numbers?.get(usize::try_from(number).ok()?).copied();
    }
    Some(match value.as_str()? {
        "sliding_attention" | "chunked_attention" | "local_attention" | "sliding" | "local" => Layer::Sliding,
        "mamba" | "mamba2" | "linear_attention" | "conv" | "recurrent" | "linear" | "kda" | "gated_deltanet" => {
            Layer::Recurrent
        }
        "mlp" | "moe" | "dense" | "ffn" => Layer::Other,
        _ => Layer::Full,
    })
}

/// EXAONE 4: one period of `L` for a window and `G` for everything.
fn spelled(settings: &Settings<'_>) -> Option<Fact<Layers>> {
    let field = settings.field(&["sliding_window_pattern"])?;
    let period = field.value.as_str()?.chars().map(|letter| match letter {
        'L' => Some(Layer::Sliding),
        'G' => Some(Layer::Full),
        _ => None,
    });
    let period: Vec<Layer> = period.collect::<Option<_>>()?;
    let depth = bounded(settings.count(&["num_hidden_layers"])?.value);
    Some(Fact::new(count(period.iter().copied().cycle().take(depth)), field.source().by("its letters, repeated")))
}

/// Nemotron-H: `M` a state, `*` attention, `-` and `E` feed-forward.
fn lettered(settings: &Settings<'_>) -> Option<Fact<Layers>> {
    let field = settings.field(&["hybrid_override_pattern"])?;
    let layers = field.value.as_str()?.chars().filter_map(|letter| match letter {
        'M' => Some(Layer::Recurrent),
        '*' => Some(Layer::Full),
        '-' | 'E' => Some(Layer::Other),
        _ => None,
    });
    Some(Fact::new(count(layers), field.source().by("its letters, counted")))
}

/// The numbers of the layers of each kind: Kimi Linear, LFM2, Bamba.
fn numbered(settings: &Settings<'_>) -> Option<Fact<Layers>> {
    let field = settings
        .path(&["linear_attn_config", "full_attn_layers"])
        .or_else(|| settings.field(&["attn_layer_indices", "full_attn_idxs", "global_attn_idx"]))?;
    let full = u64::try_from(field.value.as_array()?.len()).ok()?;
    let depth = settings.count(&["num_hidden_layers"])?.value;
    let recurrent = depth.checked_sub(full)?;
    let layers = Layers { full_attention: full, recurrent, ..Layers::default() };
    Some(Fact::new(layers, field.source().by("its entries, counted; the other layers keep a state")))
}

/// Every so many layers one attends to everything.
fn periodic(settings: &Settings<'_>, depth: u64, windowed: bool) -> Option<Fact<Layers>> {
    if is_attention_free(settings) {
        return None;
    }
    let recurrent = settings.field(&["attn_layer_period", "full_attention_interval"]);
    let sliding = settings.field(&["sliding_window_pattern", "_sliding_window_pattern", FIRST_OF]);
    let of_class = || PERIODS.iter().find(|(name, _)| *name == settings.model_type()).map(|(_, period)| *period);
    let fact = recurrent.as_ref().or(sliding.as_ref()).and_then(|field| field.positive());
    let period = fact.as_ref().map(|fact| fact.value).or_else(of_class)?;
    let stated = settings.field(&["attn_layer_offset"]).and_then(|offset| offset.count());
    let first = settings.field(&[FIRST_OF]).map(|_| 0);
    let full = full_layers(depth, period, stated.map(|offset| offset.value).or(first))?;
    let rest = depth.checked_sub(full)?;
    let of_deltas = ["qwen3_next", "qwen3_5_text", "qwen3_5_moe_text"].contains(&settings.model_type());
    let keeps_state = recurrent.is_some() || of_deltas;
    if !keeps_state && !windowed {
        return None;
    }
    let (sliding, recurrent) = if keeps_state { (0, rest) } else { (rest, 0) };
    let layers = Layers { full_attention: full, sliding_attention: sliding, recurrent, ..Layers::default() };
    let layers = with_widths(settings, layers);
    let how = format!("every {period} layers one attends to everything");
    let source = fact.map(|fact| fact.source).unwrap_or_default().by(how);
    Some(Fact::new(layers, source))
}

/// With an offset the first such layer is that one, else the last of the period.
fn full_layers(depth: u64, period: u64, offset: Option<u64>) -> Option<u64> {
    match offset {
        Some(offset) => Some(depth.saturating_sub(offset).div_ceil(period.max(1))),
        None => depth.checked_div(period),
    }
}

#[cfg(test)]
mod tests {
    use crate::cards::card::{Attention, Layers};
    use crate::cards::testing::card_of;

    fn layers(config: &str) -> Option<[u64; 4]> {
        let of = |layers: Layers| [layers.full_attention, layers.sliding_attention, layers.recurrent, layers.other];
        card_of(&[("config.json", config)]).architecture.layers.map(of)
    }

    #[test]
    fn a_list_has_a_word_for_each_layer() {
        let config = r#"{"model_type": "olmo3", "hidden_size": 8, "num_hidden_layers": 3, "sliding_window": 4096,
            "layer_types": ["sliding_attention", "sliding_attention", "full_attention"]}"#;
        assert_eq!(layers(config), Some([1, 2, 0, 0]));
    }

    #[test]
    fn a_pattern_has_a_letter_for_each_layer() {
        let config = r#"{"model_type": "nemotron_h", "hidden_size": 8, "num_hidden_layers": 6,
            "hybrid_override_pattern": "M-M*ME", "num_attention_heads": 2}"#;
        assert_eq!(layers(config), Some([1, 0, 3, 2]));
        assert_eq!(card_of(&[("config.json", config)]).architecture.attention, Some(Attention::Hybrid));
    }

    #[test]
    fn a_period_may_be_spelled() {
        let config = r#"{"model_type": "exaone4", "hidden_size": 8, "num_hidden_layers": 64, "sliding_window": 4096,
            "sliding_window_pattern": "LLLG"}"#;
        assert_eq!(layers(config), Some([16, 48, 0, 0]));
    }

    #[test]
    fn a_period_is_the_file_s_or_the_class_s() {
        let jamba = r#"{"model_type": "jamba", "hidden_size": 8, "num_hidden_layers": 32, "attn_layer_period": 8,
            "attn_layer_offset": 4}"#;
        assert_eq!(layers(jamba), Some([4, 0, 28, 0]));
        let gemma = r#"{"model_type": "gemma2", "hidden_size": 8, "num_hidden_layers": 26, "sliding_window": 4096}"#;
        assert_eq!(layers(gemma), Some([13, 13, 0, 0]));
        let modernbert = r#"{"model_type": "modernbert", "hidden_size": 8, "num_hidden_layers": 22,
            "global_attn_every_n_layers": 3, "local_attention": 128}"#;
        assert_eq!(layers(modernbert), Some([8, 14, 0, 0]));
    }

    #[test]
    fn the_layers_that_attend_may_be_numbered() {
        let config = r#"{"model_type": "kimi_linear", "hidden_size": 8, "num_hidden_layers": 4,
            "linear_attn_config": {"full_attn_layers": [4], "kda_layers": [1, 2, 3]}}"#;
        assert_eq!(layers(config), Some([1, 0, 3, 0]));
    }

    #[test]
    fn a_short_list_repeats_and_a_huge_depth_is_bounded() {
        let config = r#"{"model_type": "recurrent_gemma", "hidden_size": 8, "num_hidden_layers": 26,
            "attention_window_size": 2048, "block_types": ["recurrent", "recurrent", "attention"]}"#;
        assert_eq!(layers(config), Some([0, 8, 18, 0]));
        let huge = config.replace("26", "99999999999999");
        assert_eq!(layers(&huge).map(|counts| counts.iter().sum()), Some(100_000));
    }

    #[test]
    fn layers_that_share_keys_and_values_keep_none() {
        let config = r#"{"model_type": "gemma3n_text", "hidden_size": 8, "num_hidden_layers": 5, "sliding_window": 512,
            "num_kv_shared_layers": 2, "layer_types": ["sliding_attention", "sliding_attention", "full_attention",
            "sliding_attention", "full_attention"]}"#;
        assert_eq!(layers(config), Some([1, 2, 0, 2]));
    }

    #[test]
    fn layers_of_one_kind_may_have_heads_of_their_own() {
        let widths = |config: &str| {
            let layers = card_of(&[("config.json", config)]).architecture.layers.unwrap();
            (layers.full_attention_width, layers.sliding_attention_width)
        };
        let gemma = r#"{"model_type": "gemma4_text", "hidden_size": 8, "num_hidden_layers": 2, "sliding_window": 1024,
            "head_dim": 256, "num_key_value_heads": 16, "global_head_dim": 512, "num_global_key_value_heads": 4,
            "layer_types": ["sliding_attention", "full_attention"]}"#;
        assert_eq!(widths(gemma), (Some(4096), None));
        let mimo = r#"{"model_type": "mimo_v2_flash", "hidden_size": 8, "num_hidden_layers": 2, "sliding_window": 128,
            "head_dim": 192, "v_head_dim": 128, "num_key_value_heads": 4, "swa_head_dim": 192, "swa_v_head_dim": 128,
            "swa_num_key_value_heads": 8, "hybrid_layer_pattern": [0, 1]}"#;
        assert_eq!(widths(mimo), (Some(1280), Some(2560)));
    }

    #[test]
    fn a_window_that_is_switched_off_does_not_count() {
        let config =
            r#"{"model_type": "qwen2", "hidden_size": 8, "sliding_window": 131072, "use_sliding_window": false}"#;
        assert_eq!(card_of(&[("config.json", config)]).architecture.sliding_window, None);
    }

    #[test]
    fn layers_that_are_all_alike_are_not_told() {
        let config =
            r#"{"model_type": "llama", "hidden_size": 8, "layer_types": ["full_attention", "full_attention"]}"#;
        assert_eq!(layers(config), None);
    }
}
