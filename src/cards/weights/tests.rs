//! Whole folders: which set is taken, what is counted, what is told.

use std::time::Duration;

use super::testing::{Gguf, GgufFile, safetensors};
use crate::cards::Limits;
use crate::cards::card::{Card, FileKind, WeightsFormat};
use crate::cards::testing::{card_within, warning_codes as codes};
use crate::cards::warning::WarningCode;

fn folder(files: &[(&str, &[u8])]) -> Card {
    card_within(files, &Limits::default())
}

fn total(card: &Card) -> Option<u64> {
    card.weights.parameters.total
}

const POINTER: &[u8] =
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 4096\n";

fn index(map: &[(&str, &str)], total: u64) -> Vec<u8> {
    let map: serde_json::Map<String, serde_json::Value> =
        map.iter().map(|(tensor, file)| ((*tensor).to_owned(), (*file).into())).collect();
    serde_json::json!({"metadata": {"total_size": total}, "weight_map": map}).to_string().into_bytes()
}

#[test]
fn the_shards_of_an_index_are_one_set() {
    let (one, two) = (safetensors(&[("a", "BF16", &[10])]), safetensors(&[("b", "BF16", &[20])]));
    let index = index(&[("a", "model-00001-of-00002.safetensors"), ("b", "model-00002-of-00002.safetensors")], 60);
    let card = folder(&[
        ("model-00001-of-00002.safetensors", &one),
        ("model-00002-of-00002.safetensors", &two),
        ("model.safetensors.index.json", &index),
    ]);
    assert_eq!(card.warnings, []);
    assert_eq!((total(&card), card.weights.parameters.exact), (Some(30), true));
    assert_eq!((card.weights.shards.expected, card.weights.shards.found), (Some(2), 2));
    assert_eq!(card.weights.size_bytes, Some((one.len() + two.len()) as u64));
    assert_eq!(card.weights.dtype.as_deref(), Some("bfloat16"));
    assert_eq!(card.sources["/weights/parameters/total"].file.as_deref(), Some("model.safetensors.index.json"));
}

#[test]
fn a_model_for_the_browser_is_onnx_alone() {
    let card =
        folder(&[("config.json", b"{}"), ("onnx/model_quantized.onnx", b"quantised"), ("onnx/model.onnx", b"onnx")]);
    assert_eq!((card.weights.format, card.weights.size_bytes), (WeightsFormat::Onnx, Some(4)));
}

#[test]
fn codebooks_are_not_taken_for_weights() {
    let config = br#"{"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "vocab_size": 10,
        "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 128, "tie_word_embeddings": false,
        "quantization_config": {"quant_method": "aqlm", "in_group_size": 8, "nbits_per_codebook": 16, "num_codebooks": 1}}"#;
    let model = safetensors(&[("l.codes", "F16", &[64, 8, 1]), ("l.codebooks", "F16", &[1, 16, 1, 8])]);
    let card = folder(&[("config.json", config), ("model.safetensors", &model)]);
    assert_eq!((total(&card), card.weights.parameters.exact), (Some(42_432), false));
    assert!(card.sources["/weights/parameters/total"].derived.as_ref().unwrap().contains("closed form"));
    assert_eq!(card.weights.parameters.by_dtype["F16"], 640);
}

#[test]
fn copies_of_the_weights_are_never_added() {
    let model = safetensors(&[("a", "F16", &[10])]);
    let shard = safetensors(&[("a", "F16", &[5])]);
    let card = folder(&[
        ("model.safetensors", &model),
        ("model-00001-of-00002.safetensors", &shard),
        ("model-00002-of-00002.safetensors", &shard),
        ("consolidated.safetensors", &model),
        ("model.fp16.safetensors", &model),
        ("pytorch_model.bin", b"PK pickle"),
        ("onnx/model.onnx", b"onnx"),
        ("tf_model.h5", b"h5"),
    ]);
    assert_eq!(total(&card), Some(10));
    assert_eq!(card.weights.size_bytes, Some(model.len() as u64));
    assert_eq!(card.weights.variants.len(), 7);
    assert_eq!(codes(&card), [WarningCode::PickleWeights]);
}

#[test]
fn missing_shards_are_named_once_and_nothing_is_counted() {
    let shard = safetensors(&[("b", "BF16", &[20])]);
    let card = folder(&[("model-00002-of-00003.safetensors", &shard)]);
    assert_eq!(codes(&card), [WarningCode::MissingShards]);
    assert_eq!(card.warnings[0].files, ["model-00001-of-00003.safetensors", "model-00003-of-00003.safetensors"]);
    assert_eq!((total(&card), card.weights.shards.expected, card.weights.shards.found), (None, Some(3), 1));
}

#[test]
fn an_index_without_files_names_what_is_missing() {
    let index = index(&[("a", "model-00001-of-00001.safetensors"), ("b", "../../../etc/passwd")], 60);
    let card = folder(&[("model.safetensors.index.json", &index)]);
    assert_eq!(codes(&card), [WarningCode::MissingShards, WarningCode::IndexMismatch]);
    assert_eq!(card.warnings[0].files, ["model-00001-of-00001.safetensors"]);
    assert_eq!((card.weights.format, card.weights.size_bytes), (WeightsFormat::Safetensors, None));
}

#[test]
fn an_index_of_other_tensors_and_shards_it_does_not_know_are_told() {
    let shard = safetensors(&[("a", "BF16", &[10])]);
    let index = index(&[("a", "model-00001-of-00001.safetensors"), ("b", "model-00001-of-00001.safetensors")], 60);
    let card = folder(&[
        ("model-00001-of-00001.safetensors", &shard),
        ("model-00001-of-00004.safetensors", &shard),
        ("model.safetensors.index.json", &index),
    ]);
    assert!(codes(&card).contains(&WarningCode::IndexMismatch));
    assert!(codes(&card).contains(&WarningCode::ExtraShards));
    assert_eq!(total(&card), Some(10));
}

#[test]
fn pointers_and_empty_files_are_findings_with_the_size_they_stand_for() {
    let card = folder(&[("model-00001-of-00002.safetensors", POINTER), ("model-00002-of-00002.safetensors", b"")]);
    assert_eq!(codes(&card), [WarningCode::LfsPointer, WarningCode::ZeroBytes]);
    assert!(card.warnings[0].detail.contains("4096 bytes"));
    assert_eq!((card.weights.size_bytes, card.weights.shards.found), (Some(4096), 0));
}

#[test]
fn a_file_cut_off_is_told_and_still_counted_by_its_header() {
    let file = safetensors(&[("a", "F32", &[1000])]);
    let card = folder(&[("model.safetensors", &file[..file.len() / 2])]);
    assert_eq!(codes(&card), [WarningCode::TruncatedFile]);
    assert_eq!(total(&card), Some(1000));
}

#[test]
fn a_pipeline_counts_one_set_of_each_component() {
    let (unet, encoder) = (safetensors(&[("u", "F32", &[100])]), safetensors(&[("t", "F32", &[7])]));
    let half = safetensors(&[("u", "F16", &[100])]);
    let card = folder(&[
        (
            "model_index.json",
            br#"{"_class_name": "XPipeline", "unet": ["diffusers", "U"], "text_encoder": ["transformers", "T"]}"#,
        ),
        ("unet/diffusion_pytorch_model.safetensors", &unet),
        ("unet/diffusion_pytorch_model.fp16.safetensors", &half),
        ("text_encoder/model.safetensors", &encoder),
        ("x_checkpoint.safetensors", &unet),
    ]);
    assert_eq!(total(&card), Some(107));
    assert_eq!(card.weights.variants.len(), 2);
}

#[test]
fn the_modules_of_a_sentence_transformer_are_one_model() {
    let (model, dense) = (safetensors(&[("m", "F32", &[100])]), safetensors(&[("linear.weight", "F32", &[5])]));
    let card = folder(&[
        (
            "modules.json",
            br#"[{"idx": 0, "path": ""}, {"idx": 1, "path": "1_Pooling"}, {"idx": 2, "path": "2_Dense"}]"#,
        ),
        ("model.safetensors", &model),
        ("2_Dense/model.safetensors", &dense),
        ("onnx/model.onnx", b"x"),
    ]);
    assert_eq!(total(&card), Some(105));
}

fn quantised(file_type: u32) -> Vec<u8> {
    GgufFile::new()
        .key("general.architecture", Gguf::Text("qwen3moe"))
        .key("general.file_type", Gguf::U32(file_type))
        .key("qwen3moe.context_length", Gguf::U32(40960))
        .key("qwen3moe.embedding_length", Gguf::U32(256))
        .key("qwen3moe.block_count", Gguf::U32(2))
        .key("qwen3moe.attention.head_count", Gguf::U32(8))
        .key("qwen3moe.attention.head_count_kv", Gguf::U32s(&[2, 2]))
        .key("qwen3moe.attention.key_length", Gguf::U32(128))
        .key("qwen3moe.expert_count", Gguf::U32(4))
        .key("qwen3moe.expert_used_count", Gguf::U32(1))
        .key("tokenizer.ggml.tokens", Gguf::Texts(&["<s>", "a", "<|im_end|>"]))
        .key("tokenizer.ggml.eos_token_id", Gguf::U32(2))
        .key("tokenizer.chat_template", Gguf::Text("{{ x }}"))
        .key("tokenizer.chat_template.rag", Gguf::Text("{{ y }}"))
        .key("general.license", Gguf::Text("Apache-2.0"))
        .key("general.base_model.0.repo_url", Gguf::Text("https://huggingface.co/Qwen/Qwen3"))
        .key("general.tags", Gguf::Texts(&["chat"]))
        .tensor("blk.0.ffn_up_exps.weight", 12, &[256, 4, 4], 2304)
        .tensor("output.weight", 0, &[256], 1024)
        .build()
}

#[test]
fn a_gguf_file_fills_the_card_with_its_keys_for_sources() {
    let card = folder(&[("x-Q4_K_M.gguf", &quantised(15))]);
    let architecture = &card.architecture;
    assert_eq!(card.warnings, []);
    assert_eq!((card.family.as_deref(), card.library.as_deref()), (Some("qwen3moe"), Some("gguf")));
    assert_eq!((architecture.context_length, architecture.hidden_size), (Some(40960), Some(256)));
    assert_eq!((architecture.num_key_value_heads, architecture.head_dim), (Some(2), Some(128)));
    assert_eq!((architecture.vocab_size, card.tokenizer.eos_token.as_deref()), (Some(3), Some("<|im_end|>")));
    assert_eq!(card.weights.quantization.as_ref().map(|q| (q.method.as_str(), q.bits)), Some(("Q4_K_M", Some(4))));
    assert_eq!((total(&card), card.weights.parameters.active), (Some(4352), Some(256 + 1024)));
    assert_eq!(card.chat_template.named["rag"], "{{ y }}");
    assert_eq!(
        (card.license.id.as_deref(), &card.base_models[..]),
        (Some("apache-2.0"), &["Qwen/Qwen3".to_owned()][..])
    );
    let source = &card.sources["/architecture/context_length"];
    assert_eq!(source.pointer.as_deref(), Some("qwen3moe.context_length"));
}

#[test]
fn many_quantisations_are_variants_and_the_usual_one_speaks_for_them() {
    let projector = GgufFile::new().key("general.architecture", Gguf::Text("clip")).tensor("v", 0, &[8], 32).build();
    let card = folder(&[
        ("x-Q8_0.gguf", &quantised(7)),
        ("x-Q4_K_M.gguf", &quantised(15)),
        ("UD/x-UD-Q4_K_XL.gguf", &quantised(15)),
        ("vision.gguf", &projector),
    ]);
    let names: Vec<&str> = card.weights.variants.iter().map(|variant| variant.name.as_str()).collect();
    assert_eq!(names, ["Q4_K_M", "Q8_0", "UD-Q4_K_XL"]);
    assert_eq!(card.weights.quantization.as_ref().map(|q| q.method.as_str()), Some("Q4_K_M"));
    assert_eq!(total(&card), Some(4352));
}

#[test]
fn a_folder_of_several_models_has_no_weights_of_its_own() {
    let model = safetensors(&[("a", "F16", &[10])]);
    let card = folder(&[("one/model.safetensors", &model), ("two/model.safetensors", &model)]);
    assert_eq!((total(&card), card.weights.variants.len()), (None, 2));
    let alone = folder(&[("one/model.safetensors", &model)]);
    assert_eq!(total(&alone), Some(10));
}

#[test]
fn the_files_that_matter_come_first_and_say_whether_they_were_read() {
    let model = safetensors(&[("a", "F16", &[10])]);
    let card = folder(&[("a.png", b"x"), ("model.safetensors", &model), ("zz/readme.md", b"x")]);
    let kinds: Vec<FileKind> = card.files.iter().map(|file| file.kind).collect();
    assert_eq!(kinds, [FileKind::Weights, FileKind::Other, FileKind::Readme]);
    assert!(card.files[0].read);
}

#[test]
fn an_empty_folder_has_no_weights() {
    assert_eq!(codes(&folder(&[])), [WarningCode::NoWeights]);
}

#[test]
fn a_download_that_did_not_finish_is_told() {
    let model = safetensors(&[("a", "F16", &[10])]);
    let card = folder(&[
        ("model.safetensors", &model),
        (".cache/huggingface/download/x.incomplete", b"x"),
        ("._____temp/model.safetensors", b"x"),
    ]);
    assert_eq!(codes(&card), [WarningCode::PartialDownload]);
    assert_eq!(card.warnings[0].files.len(), 2);
}

#[cfg(unix)]
#[test]
fn links_to_nothing_are_told_once() {
    let root = tempfile::tempdir().unwrap();
    for name in ["a.safetensors", "b.safetensors"] {
        std::os::unix::fs::symlink("/nowhere/x", root.path().join(name)).unwrap();
    }
    let opened = crate::cards::ModelFolder::ambient(root.path()).unwrap();
    let card = crate::cards::extract(&opened, &Limits::default()).unwrap().card;
    assert_eq!(codes(&card), [WarningCode::LinkRefused, WarningCode::NoWeights]);
    assert_eq!(card.warnings[0].files, ["a.safetensors", "b.safetensors"]);
}

#[test]
fn very_many_broken_sets_cost_a_few_warnings() {
    let names: Vec<String> = (0..300).map(|i| format!("x{i}-00001-of-99999.gguf")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"GGUF"[..])).collect();
    let card = folder(&files);
    assert!(card.warnings.len() <= 25, "{}", card.warnings.len());
    assert!(card.weights.variants.len() <= 100);
    assert!(card.warnings.iter().all(|warning| warning.files.len() <= 20 && warning.detail.len() < 4000));
}

#[test]
fn the_time_of_a_folder_ends_inside_a_long_header_too() {
    let names: Vec<String> = (0..60_000).map(|at| format!("model.layers.{at}.self_attn.q_proj.weight")).collect();
    let tensors: Vec<(&str, &str, &[u64])> = names.iter().map(|name| (name.as_str(), "F32", &[0][..])).collect();
    let gguf = names.iter().fold(GgufFile::new(), |file, name| file.tensor(name, 0, &[32], 128));
    let map: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "model-00001-of-00001.safetensors")).collect();
    // Nothing is read whole here: what is in memory is parsed faster than any limit would notice.
    let limits = Limits { time: Duration::from_millis(5), text_bytes: 1000, ..Limits::default() };
    for (name, content) in [
        ("model.safetensors", safetensors(&tensors)),
        ("model.gguf", gguf.build()),
        ("model.safetensors.index.json", index(&map, 60)),
    ] {
        let card = card_within(&[(name, &content)], &limits);
        assert!(codes(&card).contains(&WarningCode::BudgetExceeded), "{name}: {:?}", card.warnings);
        assert_eq!((total(&card), card.weights.shards.expected), (None, None), "{name}");
        let whole = folder(&[(name, &content)]);
        assert!(total(&whole).is_some() || whole.weights.shards.expected == Some(1), "{name}: {:?}", whole.weights);
    }
}
