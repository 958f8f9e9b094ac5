//! The parts beside the backbone: what sees, what hears, and the decoder of an encoder-decoder.

use crate::cards::card::Tower;
use crate::cards::draft::Draft;
use crate::cards::facts::{Fact, Field};

use super::classes::Class;
use super::settings::{Settings, common, is_object, largest};

const VISION: [&str; 8] = [
    "vision_config",
    "vit_config",
    "visual",
    "vision_tower_config",
    "vision_encoder_config",
    "vision_encoder",
    "img_processor",
    "vision",
];
const AUDIO: [&str; 7] = [
    "audio_config",
    "audio_encoder",
    "audio_encoder_config",
    "speech_config",
    "whisper_config",
    "audio_tower_config",
    "encoder_config",
];
/// LLaVA's own repositories name a tower that is kept elsewhere.
const NAMED: [&str; 2] = ["mm_vision_tower", "vision_tower"];

pub fn fill(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    let vision = part(settings, &VISION).map(|(field, class)| tower(draft, "vision", &field, &class));
    draft.card.architecture.vision = vision.or_else(|| named(draft, settings)).or_else(|| encoder(draft, settings));
    let audio = part(settings, &AUDIO).map(|(field, class)| tower(draft, "audio", &field, &class));
    draft.card.architecture.audio = audio;
    draft.card.architecture.decoder = decoder(draft, settings);
}

/// The nested configuration and its class, from the root or from the thinker of an omni model.
fn part<'a>(settings: &Settings<'a>, keys: &[&str]) -> Option<(Field<'a>, Class)> {
    let thinker = settings.root.get("thinker_config");
    let places = [Some(settings.root.clone()), thinker, Some(settings.backbone.clone())];
    places.into_iter().flatten().find_map(|place| {
        let key = keys.iter().find(|key| place.get(key).is_some_and(|field| is_object(field.value)))?;
        let field = place.get(key)?;
        let own = field.get("model_type").and_then(|name| name.value.as_str().map(Class::new));
        let class = own.or_else(|| settings.root_class.part(key)).unwrap_or_default();
        Some((field, class))
    })
}

fn tower(draft: &mut Draft<'_>, name: &str, field: &Field<'_>, class: &Class) -> Tower {
    let at = |member: &str| format!("/architecture/{name}/{member}");
    draft.source(format!("/architecture/{name}"), field.source());
    let family = field.first(&["model_type", "model_name", "name"]).and_then(|family| family.string());
    let family = family.filter(|family| !family.value.is_empty());
    Tower {
        family: draft.noted(at("family"), family),
        hidden_size: draft.noted(at("hidden_size"), width(field, class)),
        num_hidden_layers: draft.noted(
            at("num_hidden_layers"),
            size(
                field,
                class,
                &["num_hidden_layers", "encoder_layers", "depth", "layers", "num_layers", "vt_num_hidden_layers"],
            ),
        ),
        num_attention_heads: draft.noted(
            at("num_attention_heads"),
            size(
                field,
                class,
                &["num_attention_heads", "encoder_attention_heads", "num_heads", "heads", "vt_num_attention_heads"],
            ),
        ),
        intermediate_size: draft.noted(
            at("intermediate_size"),
            size(field, class, &["intermediate_size", "encoder_ffn_dim", "mlp_dim", "vt_intermediate_size"]),
        ),
        image_size: draft.noted(at("image_size"), size(field, class, &["image_size", "img_size"])),
        patch_size: draft.noted(at("patch_size"), size(field, class, &["patch_size", "spatial_patch_size"])),
    }
}

/// Qwen2-VL gives the width of its tower as `embed_dim`, and as `hidden_size` that of the text it speaks to.
fn width(field: &Field<'_>, class: &Class) -> Option<Fact<u64>> {
    let own = field.get("embed_dim").filter(|_| class.model_type.starts_with("qwen2_vl"));
    own.and_then(|own| own.positive())
        .or_else(|| size(field, class, &["hidden_size", "d_model", "width", "embed_dim", "vt_hidden_size"]))
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
    let keys = |key: &str| settings.count(&[key]);
    let layers = keys("decoder_layers").or_else(|| keys("num_decoder_layers"));
    if settings.nested.is_some() || !settings.is_pair().is_some_and(|pair| pair.value) {
        return None;
    }
    // T5 gives its decoder the depth of its encoder unless it says otherwise.
    let layers = layers.or_else(|| settings.count(&["num_layers"]))?;
    draft.source("/architecture/decoder", layers.source.clone());
    Some(Tower {
        num_hidden_layers: draft.noted("/architecture/decoder/num_hidden_layers", Some(layers)),
        hidden_size: draft.noted("/architecture/decoder/hidden_size", settings.count(&["hidden_size", "d_model"])),
        num_attention_heads: draft.noted(
            "/architecture/decoder/num_attention_heads",
            keys("decoder_attention_heads").or_else(|| keys("num_heads")),
        ),
        intermediate_size: draft
            .noted("/architecture/decoder/intermediate_size", keys("decoder_ffn_dim").or_else(|| keys("d_ff"))),
        ..Tower::default()
    })
}
