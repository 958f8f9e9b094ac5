//! The number of parameters from the configuration, where the weights cannot be counted.
//!
//! The closed form is the sum of the weight matrices of the model as transformers' classes lay them out. It is exact for
//! the families that are known, with what the class puts behind the last layer; heads for further predictions are not in
//! it, and families and towers that are not known get no number.

use serde_json::Value;

use super::decoder_estimate::estimate;
use super::decoder_switches::Rest;
use super::family::family;
use super::{encoder_estimate as encoder, pair_estimate as pair};
use crate::cards::card::Card;
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field, Source};

/// Fills the counts that are still open.
pub fn fill(draft: &mut Draft<'_>) {
    if draft.card.weights.parameters.total.is_some() || !is_whole(&draft.card.architectures) {
        return;
    }
    let Some(estimate) = of_model(draft) else { return };
    let source = |what: &str| {
        Source::derived(format!(
            "{what} of the closed form of the configuration: embeddings, attention, feed-forward and norms"
        ))
    };
    fill!(draft, weights.parameters.total, Some(Fact::new(estimate.total, source("total"))));
    let active = Some(estimate.active).filter(|active| *active < estimate.total);
    fill!(draft, weights.parameters.active, active.map(|active| Fact::new(active, source("active part"))));
}

fn of_model(draft: &mut Draft<'_>) -> Option<Estimate> {
    let name = draft.card.family.clone()?;
    let document = draft.json("config.json");
    let empty = Value::Null;
    let root = document.as_ref().map_or_else(|| Field::root("config.json", &empty), |document| document.root());
    if let Some(total) = encoder::total(&draft.card, &root).or_else(|| pair::total(&draft.card, &root)) {
        return Some(Estimate { total, active: total });
    }
    let rest = Rest::of(&root, &name);
    let family = rest.adapt(&name, family(&name)?)?;
    let head = Head::of(draft.card.architectures.first().map(String::as_str))?;
    let mut estimate = estimate(&draft.card, &family, &rest, head)?;
    let towers = towers(&draft.card, &name, &root)?;
    estimate.total = estimate.total.checked_add(towers)?;
    estimate.active = estimate.active.checked_add(towers)?;
    Some(estimate)
}

/// Whether the class is that of a whole model. Drafts for speculative decoding borrow the family of
/// their target and have layers of their own.
fn is_whole(architectures: &[String]) -> bool {
    architectures.iter().all(|class| {
        let draft =
            ["Eagle", "Draft", "DFlash", "Medusa", "MTP", "Spec", "DSpark"].iter().any(|mark| class.contains(mark));
        !draft && !class.ends_with(|c: char| c.is_ascii_digit())
    })
}

/// What stands behind the last layer, by the name of the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// The output embedding.
    Words,
    /// A row for each label.
    Labels,
    Nothing,
}

impl Head {
    /// `None` for a class whose head is not known.
    fn of(class: Option<&str>) -> Option<Self> {
        let Some(class) = class else { return Some(Self::Words) };
        let ends = |ends: &[&str]| ends.iter().any(|end| class.ends_with(end));
        match () {
            () if ends(&["CausalLM", "LMHeadModel", "ForConditionalGeneration", "ChatGLMModel"]) => Some(Self::Words),
            () if ends(&["ForSequenceClassification"]) => Some(Self::Labels),
            () if ends(&["Model"]) && !ends(&["RewardModel"]) => Some(Self::Nothing),
            () => None,
        }
    }
}

/// The SigLIP tower of Gemma 3 and what joins it; of other towers the sizes are not told, and of a model with one there
/// is no number.
fn towers(card: &Card, family: &str, root: &Field<'_>) -> Option<u64> {
    let pooled = root.path(&["vision_config", "vision_use_head"]).is_none_or(|field| field.value != false);
    let architecture = &card.architecture;
    let Some(tower) = &architecture.vision else { return architecture.audio.is_none().then_some(0) };
    if family != "gemma3" || tower.family.as_deref() != Some("siglip_vision_model") || pooled {
        return None;
    }
    let (width, inner, patch) = (tower.hidden_size?, tower.intermediate_size?, tower.patch_size?);
    let side = tower.image_size?.checked_div(patch)?;
    let layer = sum(&[product(&[4, width, width]), product(&[2, width, inner]), product(&[9, width]), Some(inner)])?;
    sum(&[
        product(&[3, patch, patch, width])?.checked_add(width),
        product(&[side, side, width]),
        product(&[tower.num_hidden_layers?, layer]),
        product(&[2, width]),
        product(&[width, architecture.hidden_size?])?.checked_add(width),
    ])
}

/// The labels of a classifier; two where the file has none, as transformers has it.
pub fn labels(root: &Field<'_>) -> Option<u64> {
    let named = root.get("id2label").and_then(|map| Some(map.value.as_object()?.len() as u64));
    named.or_else(|| Some(root.get("num_labels")?.positive()?.value))
}

#[derive(Debug, PartialEq, Eq)]
pub struct Estimate {
    pub total: u64,
    pub active: u64,
}

/// A product, unless it is beyond 64 bits.
pub fn product(factors: &[u64]) -> Option<u64> {
    factors.iter().try_fold(1_u64, |product, factor| product.checked_mul(*factor))
}

pub fn sum(terms: &[Option<u64>]) -> Option<u64> {
    terms.iter().try_fold(0_u64, |sum, term| sum.checked_add((*term)?))
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::card_of;

    fn total(config: &str) -> Option<u64> {
        card_of(&[("config.json", config)]).weights.parameters.total
    }

    #[test]
    fn what_stands_behind_the_last_layer_is_that_of_the_class() {
        let of = |class: &str| {
            total(&format!(
                r#"{{"model_type": "llama", "architectures": ["{class}"], "hidden_size": 4096, "intermediate_size": 14336,
                "num_attention_heads": 32, "num_key_value_heads": 8, "num_hidden_layers": 32, "vocab_size": 128256,
                "tie_word_embeddings": false, "id2label": {{"0": "score"}}}}"#
            ))
        };
        assert_eq!(of("LlamaForCausalLM"), Some(8_030_261_248));
        assert_eq!(of("LlamaModel"), Some(7_504_924_672));
        assert_eq!(of("LlamaForSequenceClassification"), Some(7_504_928_768));
        assert_eq!(of("LlamaForQuestionAnswering"), None);
    }

    #[test]
    fn a_tower_is_counted_or_there_is_no_number() {
        let of = |tower: &str| {
            total(&format!(
                r#"{{"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"], "text_config":
                {{"model_type": "gemma3_text", "hidden_size": 5376, "intermediate_size": 21504, "num_attention_heads": 32,
                "num_key_value_heads": 16, "head_dim": 128, "num_hidden_layers": 62, "vocab_size": 262208}},
                "vision_config": {{"model_type": "{tower}", "hidden_size": 1152, "image_size": 896, "patch_size": 14,
                "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16, "vision_use_head": false}}}}"#
            ))
        };
        assert_eq!(of("siglip_vision_model"), Some(27_432_406_640));
        assert_eq!(of("another_tower"), None);
    }
}
