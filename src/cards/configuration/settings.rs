//! The settings of a model: which part of a `config.json` is the backbone, and how a value is looked up.
//!
//! A multimodal configuration nests that of its text backbone, and the root often holds leftovers under
//! the same keys. So each value is taken from the backbone, then from the defaults of the backbone's
//! class (nested configurations are saved as differences from them), and only then from the root.

use std::collections::BTreeMap;

use serde_json::Value;

use super::classes::Class;
use crate::cards::facts::{Fact, Field};

/// Where the backbone is, in the order in which the places are tried.
const BACKBONES: [&[&str]; 11] = [
    &["thinker_config", "text_config"],
    &["vlm_config", "text_config"],
    &["text_config"],
    &["llm_config"],
    &["language_config"],
    &["lm_config"],
    &["language"],
    &["lfm"],
    &["decoder"],
    &["transf_decoder", "config_dict"],
    &["transformer_layer_config"],
];

/// Members that a file has whether or not it states anything about the shape of the model.
const SAYS_NOTHING: [&str; 2] = ["tie_word_embeddings", "is_encoder_decoder"];

pub struct Settings<'a> {
    pub root: Field<'a>,
    pub backbone: Field<'a>,
    /// Class of the whole model.
    pub root_class: Class,
    /// Class of the backbone, whose defaults count.
    pub class: Class,
    /// The key the backbone lies under, if it is nested.
    pub nested: Option<&'static str>,
    /// Whether what is absent may be taken from the class.
    defaults: bool,
}

impl<'a> Settings<'a> {
    pub fn of(root: Field<'a>) -> Self {
        let root_class = class_of(&root).unwrap_or_default();
        let found = BACKBONES.iter().find_map(|path| Some((*path, root.path(path).filter(is_configuration)?)));
        let (nested, backbone) = match found {
            Some((path, backbone)) => (path.last().copied(), backbone),
            None => (None, root.clone()),
        };
        let part = || part_of(&root, &root_class);
        let class = match nested {
            Some(_) => class_of(&backbone).or_else(part).unwrap_or_default(),
            None => part().unwrap_or_else(|| root_class.clone()),
        };
        let defaults = nested.is_some() || states_shape(&root, &class);
        Self { root, backbone, root_class, class, nested, defaults }
    }

    /// The member of the first of these names, in the backbone, else in the root.
    pub fn field(&self, keys: &[&str]) -> Option<Field<'a>> {
        self.backbone.first(keys).or_else(|| self.root.first(keys))
    }

    /// A member below members, in the backbone, else in the root.
    pub fn path(&self, keys: &[&str]) -> Option<Field<'a>> {
        self.backbone.path(keys).or_else(|| self.root.path(keys))
    }

    /// A value under the first of these keys that gives one. The first key is the standard name; the
    /// class may know it by another, which is then tried before.
    pub fn fact<T>(&self, keys: &[&str], read: impl Fn(&Field<'_>) -> Option<Fact<T>>) -> Option<Fact<T>> {
        let keys = self.names(keys);
        self.stated(&keys, &read)
            .or_else(|| self.class_default(&keys, &read))
            .or_else(|| keys.iter().find_map(|key| read(&self.root.get(key)?)))
    }

    /// A whole number above zero; of a list with one for each layer, the largest.
    pub fn count(&self, keys: &[&str]) -> Option<Fact<u64>> {
        self.fact(keys, largest)
    }

    /// The same without the defaults of the class.
    pub fn stated_count(&self, keys: &[&str]) -> Option<Fact<u64>> {
        let keys = self.names(keys);
        self.stated(&keys, &largest).or_else(|| keys.iter().find_map(|key| largest(&self.root.get(key)?)))
    }

    fn names<'k>(&self, keys: &[&'k str]) -> Vec<&'k str>
    where
        'static: 'k,
    {
        let own = keys.first().and_then(|standard| self.class.key(standard));
        own.into_iter().chain(keys.iter().copied()).collect()
    }

    fn stated<T>(&self, keys: &[&str], read: &impl Fn(&Field<'_>) -> Option<Fact<T>>) -> Option<Fact<T>> {
        keys.iter().find_map(|key| read(&self.backbone.get(key)?))
    }

    /// A key that is there with null or an unusable value was set on purpose: the default does not count.
    fn class_default<T>(&self, keys: &[&str], read: &impl Fn(&Field<'_>) -> Option<Fact<T>>) -> Option<Fact<T>> {
        let present = |key: &&str| self.backbone.value.get(*key).is_some();
        if !self.defaults || keys.iter().any(present) {
            return None;
        }
        let fixed = |key: &&&str| !self.class.follows(key);
        keys.iter().filter(fixed).find_map(|key| self.class.default(key, read))
    }

    /// Whether the model is an encoder with a decoder: what the file says, else its class.
    pub fn is_pair(&self) -> Option<Fact<bool>> {
        let stated = self.root.get("is_encoder_decoder").and_then(|field| field.bool());
        stated.or_else(|| self.root_class.default("is_encoder_decoder", |field| field.bool()))
    }

    pub fn model_type(&self) -> &str {
        &self.class.model_type
    }

    /// Whether the whole model or its backbone is of one of these types.
    pub fn is_any(&self, model_types: &[&str]) -> bool {
        model_types.iter().any(|name| *name == self.root_class.model_type || *name == self.class.model_type)
    }

    /// Whether a switch is on, in the backbone or in the root.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.field(&[key])?.value.as_bool()
    }
}

fn class_of(field: &Field<'_>) -> Option<Class> {
    field.get("model_type")?.value.as_str().map(Class::new)
}

/// The class of the text part where the file leaves it out: the parent class says.
fn part_of(root: &Field<'_>, root_class: &Class) -> Option<Class> {
    let holder = root.first(&["thinker_config", "vlm_config"]).and_then(|holder| class_of(&holder));
    holder.as_ref().unwrap_or(root_class).part("text_config")
}

fn is_configuration(field: &Field<'_>) -> bool {
    is_object(field.value)
}

/// Names of sizes that transformers itself writes.
const STANDARD: [&str; 5] =
    ["hidden_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings", "vocab_size"];
/// Members that only transformers writes.
const WRITTEN: [&str; 4] = ["architectures", "auto_map", "transformers_version", "torch_dtype"];

/// Whether a `config.json` is one of transformers: by what only it writes, or by the names of its class
/// or of most classes for the sizes. A `model_type` alone is written by other programs too. The first
/// Mamba models, which had a library of their own, are read the same way.
pub fn is_of_transformers(root: &Field<'_>) -> bool {
    let class = class_of(root);
    let own = |name: &str| class.as_ref().and_then(|class| class.key(name)).is_some_and(|key| root.get(key).is_some());
    let all = |names: &[&str]| names.iter().all(|name| root.get(name).is_some());
    let sized = all(&["hidden_size"]) || all(&["num_hidden_layers"]) || STANDARD.iter().any(|name| own(name));
    let nested = || BACKBONES.iter().any(|path| root.path(path).is_some_and(|field| is_configuration(&field)));
    WRITTEN.iter().any(|key| root.get(key).is_some())
        || all(&["hidden_size", "num_attention_heads"])
        || all(&["d_model", "n_layer", "ssm_cfg"])
        || (class.is_some() && (sized || nested()))
}

/// Whether a file states anything of what its class has defaults for. `{"model_type": "llama"}` beside
/// a GGUF file does not: the defaults of the class would be another model's.
fn states_shape(root: &Field<'_>, class: &Class) -> bool {
    let mut members = root.value.as_object().into_iter().flatten();
    members.any(|(key, _)| !SAYS_NOTHING.contains(&key.as_str()) && class.has_default(key))
}

/// The number, or the largest of a list with one for each layer.
pub fn largest(field: &Field<'_>) -> Option<Fact<u64>> {
    if !field.value.is_array() {
        return field.positive();
    }
    let counts = field.counts()?;
    let largest = counts.value.iter().copied().max().filter(|largest| *largest > 0)?;
    let same = counts.value.iter().all(|count| *count == largest);
    let how = if same { "the same in every layer" } else { "the largest of the layers" };
    Some(counts.derive(how, |_| largest))
}

/// The number, or the most frequent one of a list with one for each layer that is not zero.
pub fn common(field: &Field<'_>) -> Option<Fact<u64>> {
    if !field.value.is_array() {
        return field.positive();
    }
    let counts = field.counts()?;
    let mut frequency = BTreeMap::<u64, usize>::new();
    counts.value.iter().filter(|count| **count > 0).for_each(|count| *frequency.entry(*count).or_default() += 1);
    let common = frequency.into_iter().max_by_key(|(_, times)| *times)?.0;
    Some(counts.derive("the most frequent of the layers", |_| common))
}

/// Whether a value is an object with members.
pub fn is_object(value: &Value) -> bool {
    value.as_object().is_some_and(|members| !members.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn hidden_size(config: Value) -> Option<(u64, Option<String>)> {
        let fact = Settings::of(Field::root("config.json", &config)).count(&["hidden_size"])?;
        Some((fact.value, fact.source.pointer))
    }

    #[test]
    fn the_backbone_comes_before_the_root() {
        let config = json!({"model_type": "llava", "hidden_size": 1, "text_config": {"hidden_size": 4096}});
        assert_eq!(hidden_size(config), Some((4096, Some("/text_config/hidden_size".to_owned()))));
        let omni = json!({"model_type": "qwen2_5_omni", "thinker_config": {"text_config": {"hidden_size": 3584}},
            "talker_config": {"hidden_size": 896}});
        assert_eq!(hidden_size(omni).unwrap().0, 3584);
    }

    #[test]
    fn the_class_of_the_backbone_comes_before_the_root_too() {
        let config = json!({"model_type": "llava", "hidden_size": 1, "text_config": {"vocab_size": 32064}});
        assert_eq!(hidden_size(config), Some((4096, None)));
        let unknown = json!({"model_type": "nobody", "hidden_size": 1, "llm_config": {"model_type": "nobody_text"}});
        assert_eq!(hidden_size(unknown), Some((1, Some("/hidden_size".to_owned()))));
    }

    #[test]
    fn a_flat_file_of_a_nested_class_is_believed() {
        let config = json!({"model_type": "gemma3", "hidden_size": 1152});
        assert_eq!(hidden_size(config).unwrap().0, 1152);
    }

    #[test]
    fn a_null_is_not_filled_by_the_class() {
        let config = json!({"model_type": "qwen3", "hidden_size": 8, "head_dim": null});
        let settings = Settings::of(Field::root("config.json", &config));
        assert_eq!(settings.count(&["head_dim"]), None);
    }

    #[test]
    fn a_file_that_states_no_size_is_not_filled_by_the_class() {
        assert_eq!(hidden_size(json!({"model_type": "llama"})), None);
    }

    #[test]
    fn of_a_list_with_one_for_each_layer_one_is_taken() {
        let value = json!([4, 8, 8, 0]);
        let field = Field::root("config.json", &value);
        assert_eq!(largest(&field).unwrap().value, 8);
        assert_eq!(common(&field).unwrap().value, 8);
        assert_eq!(largest(&Field::root("config.json", &json!([]))), None);
    }

    #[test]
    fn a_type_alone_does_not_make_a_file_one_of_transformers() {
        let of = |config: Value| is_of_transformers(&Field::root("config.json", &config));
        assert!(!of(json!({"model_type": "opt", "num_layers": 12, "hidden_dim": 768})));
        assert!(!of(json!({"dim": 7168, "n_layers": 61})));
        assert!(of(json!({"model_type": "gla", "hidden_size": 1024})));
        assert!(of(json!({"model_type": "gpt2", "n_embd": 768})));
        assert!(of(json!({"architectures": ["LlamaForCausalLM"]})));
        assert!(of(json!({"d_model": 2560, "n_layer": 64, "ssm_cfg": {}})));
    }
}
