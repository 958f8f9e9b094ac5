//! A whole folder of a few files. The input is a row of files, each begun by the mark and a byte that
//! chooses its name; a name that comes again replaces the file.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use base_models::cards::{Limits, ModelFolder, extract};
use libfuzzer_sys::fuzz_target;

const MARK: &[u8] = b"\0FILE";

const NAMES: [&str; 32] = [
    "config.json",
    "model.safetensors",
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
    "model.safetensors.index.json",
    "model-Q4_K_M.gguf",
    "mmproj-model-F16.gguf",
    "README.md",
    "LICENSE",
    "tokenizer.json",
    "tokenizer_config.json",
    "generation_config.json",
    "params.json",
    "consolidated.safetensors",
    "model_index.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "adapter_config.json",
    "adapter_model.safetensors",
    "chat_template.jinja",
    "vocab.json",
    "vocab.txt",
    "added_tokens.json",
    "tekken.json",
    "model_card.json",
    "configuration.json",
    "preprocessor_config.json",
    "pytorch_model.bin",
    "quantize_config.json",
];

/// The folder of this process, below `TMPDIR`.
static FOLDER: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("base-models-fuzz-{}", std::process::id())));

fuzz_target!(|bytes: &[u8]| {
    let _ = fs::remove_dir_all(&*FOLDER);
    fs::create_dir(&*FOLDER).expect("TMPDIR can be written to");
    for file in split(bytes) {
        let Some((name, content)) = file.split_first() else { continue };
        let path = FOLDER.join(NAMES[usize::from(*name) % NAMES.len()]);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("TMPDIR can be written to");
        fs::write(path, content).expect("TMPDIR can be written to");
    }
    let folder = ModelFolder::ambient(&FOLDER).expect("the folder was made above");
    let extraction = extract(&folder, &Limits::default()).expect("a folder that is there can be listed");
    serde_json::to_vec(&extraction.card).expect("every card is JSON");
});

fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut files = Vec::new();
    while let Some(at) = bytes.windows(MARK.len()).position(|window| window == MARK) {
        files.push(&bytes[..at]);
        bytes = &bytes[at + MARK.len()..];
    }
    files.push(bytes);
    files
}
