//! The number of parameters of encoders, from the configuration: BERT and those that are built like it.
//!
//! What stands behind the last layer differs with the class, so the class has to be known.

use super::estimate::{labels, product, sum};
use crate::cards::card::{Architecture, Card};
use crate::cards::facts::Field;

/// How the encoders differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Encoder {
    positions: bool,
    token_types: bool,
    /// The dense layer that stands before the labels, as in RoBERTa, instead of the pooler.
    own_classifier: bool,
    /// No pooler at all.
    unpooled: bool,
    /// Buckets of relative positions, shared by all layers.
    buckets: u64,
}

const BERT: Encoder =
    Encoder { positions: true, token_types: true, own_classifier: false, unpooled: false, buckets: 0 };

fn encoder(family: &str) -> Option<Encoder> {
    Some(match family {
        "bert" => BERT,
        "roberta" | "xlm-roberta" | "camembert" => Encoder { own_classifier: true, ..BERT },
        "distilbert" => Encoder { token_types: false, own_classifier: true, unpooled: true, ..BERT },
        "mpnet" => Encoder { token_types: false, own_classifier: true, buckets: 32, ..BERT },
        _ => return None,
    })
}

/// `None` for a family or a class that is not known, and for one with code of its own.
pub fn total(card: &Card, root: &Field<'_>) -> Option<u64> {
    if root.get("auto_map").is_some() {
        return None;
    }
    let class = card.architectures.first()?;
    match card.family.as_deref()? {
        "albert" => albert(&card.architecture, root, class),
        "modernbert" => modernbert(&card.architecture, class),
        family => bert(&card.architecture, root, class, encoder(family)?),
    }
}

fn count(root: &Field<'_>, key: &str) -> Option<u64> {
    root.get(key)?.count().map(|fact| fact.value)
}

fn bert(architecture: &Architecture, root: &Field<'_>, class: &str, encoder: Encoder) -> Option<u64> {
    let (vocabulary, width) = (architecture.vocab_size?, architecture.hidden_size?);
    let types = if encoder.token_types { count(root, "type_vocab_size").unwrap_or(2) } else { 0 };
    let rows = sum(&[Some(vocabulary), positions(root, encoder), Some(types)])?;
    sum(&[
        product(&[rows, width]),
        product(&[2, width]),
        product(&[architecture.num_hidden_layers?, layer(width, architecture.intermediate_size?)?]),
        product(&[encoder.buckets, architecture.num_attention_heads?]),
        head(root, class, vocabulary, width, encoder),
    ])
}

fn positions(root: &Field<'_>, encoder: Encoder) -> Option<u64> {
    if encoder.positions { count(root, "max_position_embeddings").or(Some(512)) } else { Some(0) }
}

/// Attention and feed-forward with their biases, and two norms.
fn layer(width: u64, inner: u64) -> Option<u64> {
    sum(&[product(&[4, width, width]), product(&[2, width, inner]), product(&[9, width]), Some(inner)])
}

/// A square matrix with its bias.
fn square(width: u64) -> Option<u64> {
    product(&[width, width])?.checked_add(width)
}

fn head(root: &Field<'_>, class: &str, vocabulary: u64, width: u64, encoder: Encoder) -> Option<u64> {
    let labels = labels(root).unwrap_or(2);
    let pooler = || if encoder.unpooled { Some(0) } else { square(width) };
    let words = || sum(&[square(width), product(&[2, width]), Some(vocabulary)]);
    let rows = |labels: u64| product(&[labels, width])?.checked_add(labels);
    let ends = |end: &str| class.ends_with(end);
    if ends("ForMaskedLM") {
        words()
    } else if ends("ForSequenceClassification") {
        sum(&[if encoder.own_classifier { square(width) } else { pooler() }, rows(labels)])
    } else if ends("ForTokenClassification") {
        rows(labels)
    } else if ends("ForQuestionAnswering") {
        rows(2)
    } else if ends("BertForPreTraining") && !encoder.own_classifier {
        sum(&[pooler(), words(), rows(2)])
    } else if ends("Model") && !ends("LMHeadModel") {
        pooler()
    } else {
        None
    }
}

/// ALBERT's layers share their weights, and its embeddings are narrower than they are.
fn albert(architecture: &Architecture, root: &Field<'_>, class: &str) -> Option<u64> {
    let (vocabulary, width) = (architecture.vocab_size?, architecture.hidden_size?);
    let narrow = count(root, "embedding_size").unwrap_or(128);
    let rows = sum(&[Some(vocabulary), positions(root, BERT), Some(count(root, "type_vocab_size").unwrap_or(2))])?;
    let groups =
        count(root, "num_hidden_groups").unwrap_or(1).checked_mul(count(root, "inner_group_num").unwrap_or(1))?;
    let labels = labels(root).unwrap_or(2);
    let head = match class {
        "AlbertModel" => square(width),
        "AlbertForMaskedLM" => sum(&[product(&[width, narrow]), product(&[3, narrow]), Some(vocabulary)]),
        "AlbertForSequenceClassification" => sum(&[square(width), product(&[labels, width])?.checked_add(labels)]),
        _ => return None,
    };
    sum(&[
        product(&[rows.checked_add(2)?, narrow]),
        product(&[narrow, width])?.checked_add(width),
        product(&[groups, layer(width, architecture.intermediate_size?)?]),
        head,
    ])
}

/// ModernBERT has no biases, gated feed-forward layers and rotary positions; its first layer lacks one norm.
fn modernbert(architecture: &Architecture, class: &str) -> Option<u64> {
    let (vocabulary, width, layers) =
        (architecture.vocab_size?, architecture.hidden_size?, architecture.num_hidden_layers?);
    let layer = sum(&[
        product(&[4, width, width]),
        product(&[3, width, architecture.intermediate_size?]),
        product(&[2, width]),
    ])?;
    let head = match class {
        "ModernBertModel" => Some(0),
        "ModernBertForMaskedLM" => sum(&[product(&[width, width]), Some(width), Some(vocabulary)]),
        _ => return None,
    };
    // The norms before the first layer and behind the last, less the one that the first layer has not.
    sum(&[product(&[vocabulary, width]), product(&[layers, layer]), Some(width), head])
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::card_of;

    fn total(config: &str) -> Option<u64> {
        card_of(&[("config.json", config)]).weights.parameters.total
    }

    fn base(family: &str, class: &str, rest: &str) -> Option<u64> {
        total(&format!(
            r#"{{"model_type": "{family}", "architectures": ["{class}"], "hidden_size": 768, "intermediate_size": 3072,
            "num_attention_heads": 12, "num_hidden_layers": 12, {rest}}}"#
        ))
    }

    #[test]
    fn encoders_are_counted_with_what_their_class_puts_behind_them() {
        let bert = r#""vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2"#;
        assert_eq!(base("bert", "BertModel", bert), Some(109_482_240));
        assert_eq!(base("bert", "BertForMaskedLM", bert), Some(109_514_298));
        assert_eq!(base("bert", "BertForPreTraining", bert), Some(110_106_428));
        assert_eq!(base("bert", "BertForSequenceClassification", bert), Some(109_483_778));
        let roberta = r#""vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1"#;
        assert_eq!(base("roberta", "RobertaForMaskedLM", roberta), Some(124_697_433));
        let xlm = r#""vocab_size": 250002, "max_position_embeddings": 514, "type_vocab_size": 1"#;
        assert_eq!(base("xlm-roberta", "XLMRobertaForMaskedLM", xlm), Some(278_295_186));
        let mpnet = r#""vocab_size": 30527, "max_position_embeddings": 514"#;
        assert_eq!(base("mpnet", "MPNetModel", mpnet), Some(109_486_464));
    }

    #[test]
    fn shared_and_narrow_layers_are_counted_as_they_are_stored() {
        let albert =
            r#""embedding_size": 128, "vocab_size": 30000, "max_position_embeddings": 512, "type_vocab_size": 2"#;
        assert_eq!(base("albert", "AlbertForMaskedLM", albert), Some(11_221_680));
        let distilbert = r#"{"model_type": "distilbert", "architectures": ["DistilBertForSequenceClassification"], "dim": 768,
            "hidden_dim": 3072, "n_heads": 12, "n_layers": 6, "vocab_size": 30522, "max_position_embeddings": 512}"#;
        assert_eq!(total(distilbert), Some(66_955_010));
        let modern = r#"{"model_type": "modernbert", "architectures": ["ModernBertForMaskedLM"], "hidden_size": 768,
            "intermediate_size": 1152, "num_hidden_layers": 22, "num_attention_heads": 12, "vocab_size": 50368}"#;
        assert_eq!(total(modern), Some(149_655_232));
    }

    #[test]
    fn an_encoder_with_code_of_its_own_gets_no_number() {
        let rest = r#""vocab_size": 30528, "auto_map": {"AutoModel": "modeling_bert.JinaBertModel"}"#;
        assert_eq!(base("bert", "JinaBertModel", rest), None);
    }
}
