use super::*;
use crate::cards::testing::card_of;

fn weights(dtype: &str) -> Vec<u8> {
    let size = if dtype == "F32" || dtype == "I32" { 4 } else { 1 };
    let header = format!(r#"{{"a": {{"dtype": "{dtype}", "shape": [1], "data_offsets": [0, {size}]}}}}"#);
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; size]].concat()
}

fn config(architecture: &str, more: &str) -> String {
    format!(r#"{{"model_type": "x", "architectures": ["{architecture}"], "hidden_size": 8{more}}}"#)
}

fn verdict(files: &[(&str, &[u8])]) -> (Convertible, ConversionCode) {
    let OllamaConversion { convertible, code, detail, source } = Deployment::of(&card_of(files)).ollama;
    assert!(!detail.is_empty() && source.contains("2026-08-21"));
    (convertible, code)
}

const TOKENIZER: (&str, &[u8]) = ("tokenizer.json", br#"{"model": {"vocab": {"a": 0}}}"#);

#[test]
fn the_table_has_the_architectures_of_its_version() {
    let names: Vec<&str> = ARCHITECTURES.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(names.len(), 39);
    assert!(is_known("Qwen2ForCausalLM") && !is_known("Qwen3ForCausalLM") && !is_known("MistralForCausalLM"));
    assert!(ARCHITECTURES.contains("2026-08-21") && !is_known("") && !is_known("# Source"));
}

#[test]
fn a_whole_model_of_a_known_architecture_is_converted() {
    let (config, weights) = (config("LlamaForCausalLM", ""), weights("F32"));
    let files = [("config.json", config.as_bytes()), ("model.safetensors", weights.as_slice()), TOKENIZER];
    assert_eq!(verdict(&files), (Convertible::Yes, ConversionCode::Converted));
    assert_eq!(verdict(&files[..2]), (Convertible::No, ConversionCode::NoTokenizer));
    assert_eq!(verdict(&files[..1]), (Convertible::Unknown, ConversionCode::NoWeights));
}

#[test]
fn an_unknown_architecture_is_refused_with_or_without_weights() {
    let unknown = config("Qwen3ForCausalLM", "");
    assert_eq!(verdict(&[("config.json", unknown.as_bytes())]), (Convertible::No, ConversionCode::Architecture));
    let code = config("MyModel", r#", "auto_map": {"AutoModel": "modeling_mine.MyModel"}"#);
    assert_eq!(verdict(&[("config.json", code.as_bytes())]), (Convertible::No, ConversionCode::RemoteCode));
    let known = config("LlamaForCausalLM", r#", "auto_map": {"AutoModel": "modeling_mine.MyModel"}"#);
    assert_eq!(verdict(&[("config.json", known.as_bytes())]).1, ConversionCode::NoWeights);
    let pipeline: &[u8] = br#"{"_class_name": "FluxPipeline"}"#;
    assert_eq!(verdict(&[("model_index.json", pipeline)]), (Convertible::No, ConversionCode::Architecture));
    let bare = weights("F32");
    assert_eq!(verdict(&[("model.safetensors", bare.as_slice())]), (Convertible::No, ConversionCode::NoArchitecture));
}

#[test]
fn weights_it_does_not_read_are_refused() {
    let plain = config("LlamaForCausalLM", "");
    for (name, code) in
        [("pytorch_model.bin", ConversionCode::WeightsFormat), ("model.onnx", ConversionCode::WeightsFormat)]
    {
        assert_eq!(
            verdict(&[("config.json", plain.as_bytes()), (name, b"x"), TOKENIZER]),
            (Convertible::No, code),
            "{name}"
        );
    }
    let awq = config("LlamaForCausalLM", r#", "quantization_config": {"quant_method": "awq", "bits": 4}"#);
    let files = [("config.json", awq.as_bytes()), ("model.safetensors", &weights("I32")), TOKENIZER];
    assert_eq!(verdict(&files), (Convertible::No, ConversionCode::Quantization));
    let packed = [("config.json", plain.as_bytes()), ("model.safetensors", &weights("U8")), TOKENIZER];
    assert_eq!(verdict(&packed), (Convertible::No, ConversionCode::Quantization));
}

#[test]
fn an_adapter_is_judged_by_the_family_of_its_base_model() {
    let of = |kind: &str, base: &str| {
        let config = format!(r#"{{"peft_type": "{kind}", "base_model_name_or_path": "{base}"}}"#);
        verdict(&[("adapter_config.json", config.as_bytes()), ("adapter_model.safetensors", &weights("F32"))])
    };
    assert_eq!(of("LORA", "meta-llama/Llama-3.2-1B"), (Convertible::Yes, ConversionCode::Converted));
    assert_eq!(of("LORA", "google/gemma-2-2b"), (Convertible::Yes, ConversionCode::Converted));
    assert_eq!(of("LORA", "Qwen/Qwen2.5-7B"), (Convertible::No, ConversionCode::AdapterFamily));
    assert_eq!(of("LORA", "/data/ours"), (Convertible::Unknown, ConversionCode::AdapterFamily));
    assert_eq!(of("IA3", "meta-llama/Llama-3.2-1B"), (Convertible::No, ConversionCode::AdapterType));
}

#[test]
fn a_gguf_file_is_taken_as_it_is() {
    let mut card = Card::default();
    card.weights.format = WeightsFormat::Gguf;
    assert_eq!(Deployment::of(&card).ollama.code, ConversionCode::Gguf);
    assert_eq!(Deployment::of_gone_folder().ollama.convertible, Convertible::Unknown);
}
