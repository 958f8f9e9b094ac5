//! What stands beside the backbone of a GGUF model: an adapter, a decoder, the towers of a projector file.

use super::gguf_facts::fill_gap;
use super::gguf_keys::Keys;
use crate::cards::card::{Adapter, ArchitectureKind, Tower};
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::Fact;

/// An adapter carries the name of the architecture it is for, and nothing of its sizes.
pub fn adapter(draft: &mut Draft<'_>, keys: Keys<'_>) {
    let Some(kind) = keys.text("general.type").filter(|kind| kind.value == "adapter") else { return };
    fill_gap!(draft, architecture.kind, Some(kind.map(|_| ArchitectureKind::Adapter)));
    if draft.card.adapter.is_some() {
        return;
    }
    let name = keys.text("adapter.type").map(|fact| fact.map(|name| name.to_uppercase()));
    draft.source("/adapter", keys.source("general.type"));
    draft.card.adapter = Some(Adapter {
        kind: draft.noted("/adapter/type", name),
        alpha: draft.noted("/adapter/alpha", keys.number("adapter.lora.alpha")),
        ..Adapter::default()
    });
}

/// A decoder is as deep as its encoder unless the file says otherwise.
pub fn decoder(draft: &mut Draft<'_>, keys: Keys<'_>) {
    let is_pair = draft.card.architecture.kind == Some(ArchitectureKind::EncoderDecoder);
    if !is_pair || draft.card.architecture.decoder.is_some() {
        return;
    }
    let depth = keys.positive("*.decoder_block_count").or_else(|| keys.positive("*.block_count"));
    let Some(depth) = depth else { return };
    draft.source("/architecture/decoder", depth.source.clone());
    let tower = Tower {
        num_hidden_layers: draft.noted("/architecture/decoder/num_hidden_layers", Some(depth)),
        hidden_size: draft.noted("/architecture/decoder/hidden_size", keys.positive("*.embedding_length")),
        num_attention_heads: draft
            .noted("/architecture/decoder/num_attention_heads", keys.common("*.attention.head_count")),
        intermediate_size: draft.noted("/architecture/decoder/intermediate_size", keys.common("*.feed_forward_length")),
        ..Tower::default()
    };
    draft.card.architecture.decoder = Some(tower);
}

/// What sees and what hears: of `clip` in a projector file, else of the model's own architecture.
pub fn towers(draft: &mut Draft<'_>, keys: Keys<'_>, owner: &str) {
    if draft.card.architecture.vision.is_none() {
        draft.card.architecture.vision = tower(draft, keys, owner, "vision");
    }
    if draft.card.architecture.audio.is_none() {
        draft.card.architecture.audio = tower(draft, keys, owner, "audio");
    }
}

fn tower(draft: &mut Draft<'_>, keys: Keys<'_>, owner: &str, sense: &str) -> Option<Tower> {
    let switch = format!("{owner}.has_{sense}_encoder");
    let key = |name: &str| format!("{owner}.{sense}.{name}");
    let depth = keys.positive(&key("block_count"));
    let source = match keys.flag(&switch) {
        Some(false) => return None,
        Some(true) => keys.source(&switch),
        None => depth.as_ref()?.source.clone(),
    };
    draft.source(format!("/architecture/{sense}"), source);
    let family = keys.text(&format!("{owner}.projector_type")).or_else(|| keys.text(&key("projector_type")));
    let family = draft.noted(format!("/architecture/{sense}/family"), family);
    let mut part = |member: &str, fact: Option<Fact<u64>>| draft.noted(format!("/architecture/{sense}/{member}"), fact);
    Some(Tower {
        family,
        num_hidden_layers: part("num_hidden_layers", depth),
        hidden_size: part("hidden_size", keys.positive(&key("embedding_length"))),
        num_attention_heads: part("num_attention_heads", keys.positive(&key("attention.head_count"))),
        intermediate_size: part("intermediate_size", keys.positive(&key("feed_forward_length"))),
        image_size: part("image_size", keys.positive(&key("image_size"))),
        patch_size: part("patch_size", keys.positive(&key("patch_size"))),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Gguf, GgufFile};
    use crate::cards::card::{ArchitectureKind, Capability, Card, Modality};
    use crate::cards::testing::card_of;

    fn model() -> GgufFile {
        GgufFile::new()
            .key("general.architecture", Gguf::Text("llama"))
            .key("llama.block_count", Gguf::U32(2))
            .key("llama.embedding_length", Gguf::U32(64))
            .key("tokenizer.ggml.tokens", Gguf::Texts(&["a", "b"]))
            .tensor("token_embd.weight", 0, &[64, 2], 512)
    }

    fn card(files: &[(&str, GgufFile)]) -> Card {
        let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(path, file)| (*path, file.clone().build())).collect();
        card_of(&files)
    }

    #[test]
    fn a_decoder_with_a_vocabulary_writes_text() {
        let card = card(&[("m.gguf", model())]);
        assert_eq!((card.task, card.capabilities), (None, vec![Capability::Completion]));
        assert_eq!((card.modalities.input, card.modalities.output), (vec![Modality::Text], vec![Modality::Text]));
        assert_eq!(card.sources["/capabilities/0"].pointer.as_deref(), Some("general.architecture"));
    }

    #[test]
    fn a_projector_beside_a_model_sees() {
        let projector = GgufFile::new()
            .key("general.architecture", Gguf::Text("clip"))
            .key("clip.has_vision_encoder", Gguf::Bool(true))
            .key("clip.vision.block_count", Gguf::U32(27))
            .key("clip.vision.image_size", Gguf::U32(896))
            .tensor("v.blk.0.w", 0, &[8], 32);
        let card = card(&[("m.gguf", model()), ("mmproj-F16.gguf", projector)]);
        let tower = card.architecture.vision.unwrap();
        assert_eq!((tower.num_hidden_layers, tower.image_size), (Some(27), Some(896)));
        assert_eq!(card.sources["/architecture/vision"].file.as_deref(), Some("mmproj-F16.gguf"));
        assert_eq!(card.capabilities, [Capability::Completion, Capability::Vision]);
        assert_eq!((card.weights.parameters.total, card.architecture.audio), (Some(128), None));
    }

    #[test]
    fn an_adapter_a_pair_and_a_ranking_encoder_are_told_apart() {
        let adapter = GgufFile::new()
            .key("general.architecture", Gguf::Text("llama"))
            .key("general.type", Gguf::Text("adapter"))
            .key("adapter.type", Gguf::Text("lora"))
            .key("adapter.lora.alpha", Gguf::F32(16.0))
            .tensor("blk.0.attn_q.weight.lora_a", 0, &[8], 32);
        let adapter = card(&[("lora.gguf", adapter)]);
        assert_eq!(adapter.architecture.kind, Some(ArchitectureKind::Adapter));
        assert_eq!((adapter.adapter.unwrap().alpha, adapter.capabilities), (Some(16.0), vec![]));

        let pair = GgufFile::new()
            .key("general.architecture", Gguf::Text("t5"))
            .key("t5.block_count", Gguf::U32(12))
            .key("t5.decoder_block_count", Gguf::U32(6));
        assert_eq!(card(&[("t5.gguf", pair)]).architecture.decoder.unwrap().num_hidden_layers, Some(6));

        let ranks =
            GgufFile::new().key("general.architecture", Gguf::Text("bert")).key("bert.pooling_type", Gguf::U32(4));
        let ranks = card(&[("r.gguf", ranks)]);
        assert_eq!((ranks.task.as_deref(), ranks.capabilities), (Some("text-ranking"), vec![Capability::Rerank]));

        let draws = GgufFile::new().key("general.architecture", Gguf::Text("flux"));
        assert_eq!(card(&[("flux.gguf", draws)]).architecture.kind, Some(ArchitectureKind::Diffusion));
    }
}
