//! The type the model computes in. The weights may be stored in another one: their headers tell.

use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field};

use super::settings::Settings;

pub fn fill(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    let root = &settings.root;
    let towers = ["vision_config", "audio_config", "encoder_config", "encoder"];
    let found = of(root)
        .or_else(|| of(&settings.backbone))
        .or_else(|| of_switches(root))
        .or_else(|| towers.iter().find_map(|key| of(&root.get(key)?)));
    fill!(draft, weights.dtype, found);
}

/// `dtype` is the newer name of `torch_dtype` and wins over it.
pub fn of(place: &Field<'_>) -> Option<Fact<String>> {
    ["dtype", "torch_dtype"].iter().find_map(|key| plain(&place.get(key)?))
}

/// Without the prefix that Python prints; `auto` says nothing. A composite may give one for each part.
fn plain(field: &Field<'_>) -> Option<Fact<String>> {
    let field = if field.value.is_object() { field.first(&["", "text_config"])? } else { field.clone() };
    let name = field.string()?.map(|name| name.trim_start_matches("torch.").to_owned());
    Some(name).filter(|name| !matches!(name.value.as_str(), "" | "auto"))
}

/// Qwen 1 has a switch for each type.
fn of_switches(root: &Field<'_>) -> Option<Fact<String>> {
    let switches = [("bf16", "bfloat16"), ("fp16", "float16"), ("fp32", "float32")];
    switches.iter().find_map(|(key, name)| {
        let on = root.get(key)?.bool().filter(|on| on.value)?;
        Some(on.derive("by its switch", |_| (*name).to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::card_of;

    fn dtype(config: &str) -> Option<String> {
        card_of(&[("config.json", format!(r#"{{"model_type": "llama", "hidden_size": 8, {config}}}"#))]).weights.dtype
    }

    #[test]
    fn the_newer_key_wins_and_the_prefix_goes() {
        assert_eq!(dtype(r#""torch_dtype": "float32", "dtype": "torch.bfloat16""#).as_deref(), Some("bfloat16"));
    }

    #[test]
    fn a_part_or_a_switch_may_tell_it() {
        assert_eq!(dtype(r#""text_config": {"torch_dtype": "float16"}"#).as_deref(), Some("float16"));
        assert_eq!(dtype(r#""bf16": false, "fp16": true"#).as_deref(), Some("float16"));
    }

    #[test]
    fn what_leaves_it_open_says_nothing() {
        for open in [r#""torch_dtype": "auto""#, r#""torch_dtype": null"#, r#""torch_dtype": 16"#, r#""bf16": false"#] {
            assert_eq!(dtype(open), None, "{open}");
        }
    }
}
