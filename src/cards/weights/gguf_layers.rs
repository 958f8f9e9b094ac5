//! Which layers of a GGUF model attend to everything, to a window, or keep a state.

use super::gguf_facts::fill_gap;
use super::gguf_keys::Keys;
use crate::cards::card::{Layers, StateSpace};
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::Fact;

/// Layers that keep a state: all of them, or those without key/value heads.
pub fn recurrent(draft: &mut Draft<'_>, keys: Keys<'_>) {
    let count = |key: &str| keys.positive(key).map(|fact| fact.value);
    let state = keys.positive("*.ssm.conv_kernel").map(|fact| {
        fact.map(|kernel| StateSpace {
            state_size: count("*.ssm.state_size"),
            conv_kernel: Some(kernel),
            inner_size: count("*.ssm.inner_size"),
            groups: count("*.ssm.group_count"),
            heads: None,
            head_dim: None,
        })
    });
    let keeps_state = state.is_some() || keys.positive("*.shortconv.l_cache").is_some();
    fill_gap!(draft, architecture.state_space, state);
    if keeps_state {
        let layers = recurrent_layers(keys);
        fill_gap!(draft, architecture.layers, layers);
    }
}

fn recurrent_layers(keys: Keys<'_>) -> Option<Fact<Layers>> {
    let total = keys.positive("*.block_count")?.value;
    if let Some(interval) = keys.positive("*.full_attention_interval") {
        return Some(interval.derive("one layer of so many attends", |interval| {
            let full = total / interval;
            Layers { full_attention: full, recurrent: total - full, ..Layers::default() }
        }));
    }
    let key = "*.attention.head_count_kv";
    let heads = keys.layers(key).unwrap_or_default();
    let widths = keys.layers("*.feed_forward_length").unwrap_or_default();
    let mut layers = Layers::default();
    match heads.as_slice() {
        [] | [0] => layers.recurrent = total,
        [_] => return None,
        _ => heads.iter().enumerate().for_each(|(at, heads)| match (heads, widths.get(at)) {
            (0, Some(width)) if widths.len() > 1 && *width > 0 => layers.other += 1,
            (0, _) => layers.recurrent += 1,
            _ => layers.full_attention += 1,
        }),
    }
    Some(Fact::new(layers, keys.source(key).by("layers without key/value heads keep a state")))
}

/// Every so many-th layer attends fully in these architectures, as llama.cpp's loader sets it where
/// the file does not say.
fn sliding_period(architecture: &str) -> Option<u64> {
    Some(match architecture {
        "gemma2" | "gpt-oss" => 2,
        "gemma3" | "gemma-embedding" => 6,
        "cohere2" | "olmo2" | "exaone4" => 4,
        "gemma3n" => 5,
        _ => return None,
    })
}

pub fn sliding(draft: &mut Draft<'_>, keys: Keys<'_>) {
    let window = keys.positive("*.attention.sliding_window");
    let has_window = window.is_some();
    fill_gap!(draft, architecture.sliding_window, window);
    let (Some(total), true) = (keys.positive("*.block_count"), has_window) else { return };
    let key = "*.attention.sliding_window_pattern";
    let layers = match keys.layers(key).as_deref() {
        Some([period]) => by_period(total.value, *period).map(|layers| Fact::new(layers, keys.source(key))),
        Some(flags) => Some(Fact::new(by_flags(flags), keys.source(key))),
        None => sliding_period(keys.architecture()).and_then(|period| {
            let how = format!("one layer of {period} attends fully, as llama.cpp has it");
            by_period(total.value, period).map(|layers| Fact::new(layers, keys.source("*.block_count").by(how)))
        }),
    };
    fill_gap!(draft, architecture.layers, layers);
}

fn by_period(total: u64, period: u64) -> Option<Layers> {
    let full = total.checked_div(period)?;
    Some(Layers { full_attention: full, sliding_attention: total - full, ..Layers::default() })
}

fn by_flags(flags: &[u64]) -> Layers {
    let sliding = flags.iter().filter(|flag| **flag > 0).count() as u64;
    Layers { sliding_attention: sliding, full_attention: flags.len() as u64 - sliding, ..Layers::default() }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Gguf, GgufFile};
    use super::*;
    use crate::cards::card::{Architecture, Attention};
    use crate::cards::testing::card_of;

    fn architecture(name: &str, keys: Vec<(&str, Gguf<'_>)>) -> Architecture {
        let file = GgufFile::new().key("general.architecture", Gguf::Text(name));
        let file = keys.into_iter().fold(file, |file, (key, value)| file.key(&format!("{name}.{key}"), value));
        card_of(&[("x.gguf", &file.build())]).architecture
    }

    #[test]
    fn layers_without_key_value_heads_keep_a_state() {
        let hybrid = architecture(
            "nemotron_h",
            vec![
                ("block_count", Gguf::U32(5)),
                ("attention.head_count", Gguf::U32s(&[0, 0, 8, 0, 0])),
                ("attention.head_count_kv", Gguf::U32s(&[0, 0, 2, 0, 0])),
                ("feed_forward_length", Gguf::U32s(&[0, 64, 0, 64, 0])),
                ("ssm.conv_kernel", Gguf::U32(4)),
            ],
        );
        let expected = Layers { full_attention: 1, recurrent: 2, other: 2, ..Layers::default() };
        assert_eq!((hybrid.layers, hybrid.attention), (Some(expected), Some(Attention::Hybrid)));
        assert_eq!((hybrid.num_attention_heads, hybrid.num_key_value_heads), (Some(8), Some(2)));
        let mamba = architecture("mamba", vec![("block_count", Gguf::U32(3)), ("ssm.conv_kernel", Gguf::U32(4))]);
        assert_eq!((mamba.layers.map(|layers| layers.recurrent), mamba.attention), (Some(3), Some(Attention::None)));
    }

    #[test]
    fn sliding_layers_follow_the_file_or_the_architecture() {
        let keys = |more: Option<(&'static str, Gguf<'static>)>| {
            let keys = vec![("block_count", Gguf::U32(26)), ("attention.sliding_window", Gguf::U32(4096))];
            keys.into_iter().chain(more).collect()
        };
        let layers =
            |full_attention, sliding_attention| Some(Layers { full_attention, sliding_attention, ..Layers::default() });
        assert_eq!(architecture("gemma2", keys(None)).layers, layers(13, 13));
        assert_eq!(architecture("gemma3", keys(None)).layers, layers(4, 22));
        let flags = Gguf::U32s(&[1, 1, 0]);
        assert_eq!(architecture("x", keys(Some(("attention.sliding_window_pattern", flags)))).layers, layers(1, 2));
        let phi = architecture("phi3", keys(None));
        assert_eq!((phi.layers, phi.sliding_window), (None, Some(4096)));
    }
}
