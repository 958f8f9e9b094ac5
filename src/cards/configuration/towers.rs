//! The parts beside the backbone: what sees, what hears, and the decoder of an encoder-decoder.

use crate::cards::card::Tower;
use crate::cards::draft::Draft;
use crate::cards::facts::{Fact, Field};

use super::classes::Class;
use super::settings::{Settings, common, is_object, largest};

const VISION: [&str; 9] = [
    "vision_config",
    "vit_config",
    "visual",
    "vision_tower_config",
    "vision_encoder_config",
    "vision_encoder",
    "img_processor",
    "vision",
    "image_embd_layer",
];
const AUDIO: [&str; 8] = [
    "audio_config",
    "audio_encoder",
    "audio_encoder_config",
    "speech_config",
    "whisper_config",
    "audio_tower_config",
    "encoder_config",
    "audio_embd_layer",
];
const WIDTHS: [&str; 5] = ["hidden_size", "d_model", "width", "embed_dim", "vt_hidden_size"];
const LAYERS: [&str; 6] =
    ["num_hidden_layers", "encoder_layers", "depth", "layers", "num_layers", "vt_num_hidden_layers"];
const HEADS: [&str; 5] =
    ["num_attention_heads", "encoder_attention_heads", "num_heads", "heads", "vt_num_attention_heads"];
const FEED_FORWARD: [&str; 4] = ["intermediate_size", "encoder_ffn_dim", "mlp_dim", "vt_intermediate_size"];
/// LLaVA's own repositories name a tower that is kept elsewhere.
const NAMED: [&str; 2] = ["mm_vision_tower", "vision_tower"];

pub fn fill(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    let vision = part(settings, &VISION).map(|(field, class)| tower(draft, "vision", &field, &class));
    draft.card.architecture.vision = vision.or_else(|| named(draft, settings)).or_else(|| encoder(draft, settings));
    let audio = part(settings, &AUDIO).map(|(field, class)| tower(draft, "audio", &field, &class));
    draft.card.architecture.audio = audio;
    draft.card.architecture.decoder = decoder(draft, settings);
}

/// The nested configuration and its class, from the root, from the thinker of an omni model or from the model that a
/// retriever is made of. Phi-4 keeps its towers with the embeddings.
fn part<'a>(settings: &Settings<'a>, keys: &[&str]) -> Option<(Field<'a>, Class)> {
    let holder = settings.root.first(&["thinker_config", "vlm_config", "embd_layer"]);
    let places = [Some(settings.root.clone()), holder, Some(settings.backbone.clone())];
    places.into_iter().flatten().find_map(|place| {
        let key = keys.iter().find(|key| place.get(key).is_some_and(|field| is_object(field.value)))?;
        let field = place.get(key)?;
        let own = field.get("model_type").and_then(|name| name.value.as_str().map(Class::new));
        let class = own.or_else(|| settings.root_class.part(key)).unwrap_or_default();
        Some((field, class))
    })
}

fn tower(draft: &mut Draft<'_>, name: &str, field: &Field<'_>, class: &Class) -> Tower {
    draft.source(format!("/architecture/{name}"), field.source());
    let family = field.first(&["model_type", "model_name", "name"]).and_then(|family| family.string());
    let family = family.filter(|family| !family.value.is_empty());
    let family = draft.noted(format!("/architecture/{name}/family"), family);
    let mut part = |member: &str, fact| draft.noted(format!("/architecture/{name}/{member}"), fact);
    Tower {
        family,
        hidden_size: part("hidden_size", width(field, class)),
        num_hidden_layers: part("num_hidden_layers", size(field, class, &LAYERS)),
        num_attention_heads: part("num_attention_heads", size(field, class, &HEADS)),
        intermediate_size: part("intermediate_size", size(field, class, &FEED_FORWARD)),
        image_size: part("image_size", size(field, class, &["image_size", "img_size"])),
        patch_size: part("patch_size", size(field, class, &["patch_size", "spatial_patch_size"])),
    }
}

/// Qwen2-VL gives the width of its tower as `embed_dim`, and as `hidden_size` that of the text it speaks to.
fn width(field: &Field<'_>, class: &Class) -> Option<Fact<u64>> {
    let own = field.get("embed_dim").filter(|_| class.model_type.starts_with("qwen2_vl"));
    own.and_then(|own| own.positive()).or_else(|| size(field, class, &WIDTHS))
}

/// A size from the part, under the name its class has for it, else the default of its class.
fn size(field: &Field<'_>, class: &Class, keys: &[&str]) -> Option<Fact<u64>> {
    let own = keys.first().and_then(|standard| class.key(standard));
    let keys: Vec<&str> = own.into_iter().chain(keys.iter().copied()).collect();
    let stated = keys.iter().find_map(|key| largest(&field.get(key)?));
    let given = keys.iter().any(|key| field.value.get(*key).is_some());
    stated.or_else(|| keys.iter().filter(|_| !given).find_map(|key| class.default(key, common)))
}

fn named(draft: &mut Draft<'_>, settings: &Settings<'_>) -> Option<Tower> {
    let name = NAMED.iter().find_map(|key| settings.root.get(key)?.string())?;
    draft.source("/architecture/vision", name.source.clone());
    let family = draft.noted("/architecture/vision/family", Some(name));
    Some(Tower { family, ..Tower::default() })
}

/// Of a vision encoder with a text decoder, the encoder is what sees.
fn encoder(draft: &mut Draft<'_>, settings: &Settings<'_>) -> Option<Tower> {
    let field = settings.root.get("encoder").filter(|_| settings.is_any(&["vision-encoder-decoder"]))?;
    let class = Class::new(field.get("model_type")?.value.as_str()?);
    Some(tower(draft, "vision", &field, &class))
}

/// The numbers of the decoder, where the card's own are those of the encoder.
fn decoder(draft: &mut Draft<'_>, settings: &Settings<'_>) -> Option<Tower> {
    // A text part that is itself a pair, as of Florence 2, has both sizes; of another pair the part is the decoder.
    let of_part = || settings.backbone.get("is_encoder_decoder").and_then(|field| field.bool());
    let pair = if settings.nested.is_some() { of_part() } else { settings.is_pair() };
    if settings.nested == Some("decoder") || !pair.is_some_and(|pair| pair.value) {
        return None;
    }
    // T5 gives its decoder the depth of its encoder unless it says otherwise; so what is stated of either goes before
    // the class's own depth of a decoder.
    let depths = [["decoder_layers"], ["num_decoder_layers"], ["num_layers"]];
    let stated = depths.iter().find_map(|key| settings.stated_count(key));
    let layers = stated.or_else(|| depths.iter().find_map(|key| settings.count(key)))?;
    draft.source("/architecture/decoder", layers.source.clone());
    let mut part = |member: &str, fact| draft.noted(format!("/architecture/decoder/{member}"), fact);
    let count = |key: &str, other: &str| settings.count(&[key]).or_else(|| settings.count(&[other]));
    Some(Tower {
        num_hidden_layers: part("num_hidden_layers", Some(layers)),
        hidden_size: part("hidden_size", count("hidden_size", "d_model")),
        num_attention_heads: part("num_attention_heads", count("decoder_attention_heads", "num_heads")),
        intermediate_size: part("intermediate_size", count("decoder_ffn_dim", "d_ff")),
        ..Tower::default()
    })
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::card_of;

    #[test]
    fn what_a_tower_does_not_state_is_its_class_s() {
        let card = card_of(&[(
            "config.json",
            r#"{"model_type": "llava", "text_config": {"model_type": "llama"},
            "vision_config": {"model_type": "clip_vision_model", "hidden_size": 1024, "image_size": 336}}"#,
        )]);
        let tower = card.architecture.vision.unwrap();
        assert_eq!(tower.family.as_deref(), Some("clip_vision_model"));
        assert_eq!((tower.hidden_size, tower.image_size, tower.num_hidden_layers), (Some(1024), Some(336), Some(12)));
        let source = &card.sources["/architecture/vision/num_hidden_layers"];
        assert_eq!(source.derived.as_deref(), Some("class default of clip_vision_model (transformers 5.23.0)"));
        let stated = &card.sources["/architecture/vision/hidden_size"];
        assert_eq!(stated.pointer.as_deref(), Some("/vision_config/hidden_size"));
    }

    #[test]
    fn a_decoder_is_as_deep_as_its_encoder_unless_it_says_otherwise() {
        for (config, depth) in [
            (r#"{"model_type": "t5", "is_encoder_decoder": true, "num_layers": 12}"#, 12),
            (r#"{"model_type": "t5", "is_encoder_decoder": true, "num_layers": 12, "num_decoder_layers": 3}"#, 3),
            (r#"{"model_type": "t5", "is_encoder_decoder": true, "d_model": 768}"#, 6),
        ] {
            let decoder = card_of(&[("config.json", config)]).architecture.decoder.unwrap();
            assert_eq!(decoder.num_hidden_layers, Some(depth), "{config}");
        }
    }

    #[test]
    fn an_omni_model_keeps_its_towers_with_its_thinker() {
        let card = card_of(&[(
            "config.json",
            r#"{"model_type": "qwen2_5_omni", "thinker_config": {"model_type": "qwen2_5_omni_thinker",
            "audio_config": {"d_model": 1280, "encoder_layers": 32}, "text_config": {"hidden_size": 3584}}}"#,
        )]);
        let tower = card.architecture.audio.unwrap();
        assert_eq!((tower.hidden_size, tower.num_hidden_layers), (Some(1280), Some(32)));
        assert_eq!(card.architecture.vision, None);
    }

    #[test]
    fn an_encoder_decoder_has_the_numbers_of_both() {
        let card = card_of(&[(
            "config.json",
            r#"{"model_type": "whisper", "d_model": 384, "encoder_layers": 4, "decoder_layers": 2,
            "encoder_attention_heads": 6, "decoder_attention_heads": 3, "vocab_size": 51865}"#,
        )]);
        assert_eq!(card.architecture.num_hidden_layers, Some(4));
        let decoder = card.architecture.decoder.unwrap();
        assert_eq!((decoder.num_hidden_layers, decoder.num_attention_heads), (Some(2), Some(3)));
    }

    #[test]
    fn a_text_part_may_be_an_encoder_decoder_itself() {
        let card = card_of(&[(
            "config.json",
            r#"{"model_type": "florence2", "is_encoder_decoder": true, "vision_config": {"model_type": "davit"},
            "text_config": {"model_type": "florence2_language", "d_model": 768, "encoder_layers": 6,
            "decoder_layers": 4, "is_encoder_decoder": true, "vocab_size": 51289}}"#,
        )]);
        assert_eq!(card.architecture.num_hidden_layers, Some(6));
        assert_eq!(card.architecture.decoder.unwrap().num_hidden_layers, Some(4));
    }

    #[test]
    fn towers_may_lie_with_the_embeddings_or_in_the_model_of_a_retriever() {
        let phi = card_of(&[(
            "config.json",
            r#"{"model_type": "phi4mm", "architectures": ["Phi4MMForCausalLM"], "hidden_size": 3072, "vocab_size": 9,
            "embd_layer": {"image_embd_layer": {"crop_size": 448}, "audio_embd_layer": {"compression_rate": 8}}}"#,
        )]);
        assert!(phi.architecture.vision.is_some() && phi.architecture.audio.is_some());
        assert_eq!(phi.task.as_deref(), Some("image-text-to-text"));
        let colpali = card_of(&[(
            "config.json",
            r#"{"model_type": "colpali", "architectures": ["ColPaliForRetrieval"], "embedding_dim": 128, "vlm_config":
            {"model_type": "paligemma", "text_config": {"model_type": "gemma", "hidden_size": 2048, "vocab_size": 257216},
            "vision_config": {"model_type": "siglip_vision_model", "hidden_size": 1152}}}"#,
        )]);
        assert_eq!(colpali.architecture.hidden_size, Some(2048));
        assert_eq!(colpali.architecture.vision.unwrap().hidden_size, Some(1152));
    }

    #[test]
    fn a_tower_that_is_null_or_no_object_is_none() {
        for tower in ["null", "{}", "[]", "\"clip\"", "7"] {
            let config = format!(r#"{{"model_type": "llama", "hidden_size": 8, "vision_config": {tower}}}"#);
            assert_eq!(card_of(&[("config.json", config)]).architecture.vision, None, "{tower}");
        }
    }
}
