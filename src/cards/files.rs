//! The files of the folder, as the card lists them: what each is by its name.

use super::card::{CardFile, FileKind};
use super::draft::Draft;
use super::warning::WarningCode;
use super::weights;

/// Lists the files in the card; what a card is read from comes first, so that a cap leaves it in.
pub fn list(draft: &mut Draft<'_>) {
    let mut files: Vec<CardFile> = draft
        .listing
        .files
        .iter()
        .map(|entry| CardFile {
            path: entry.path.clone(),
            size_bytes: entry.size,
            kind: kind_of(&entry.path),
            read: false,
        })
        .collect();
    let (count, cap) = (files.len(), draft.limits.listed_files);
    files.sort_by_cached_key(|file| (file.kind == FileKind::Other, depth(&file.path), file.kind, file.path.clone()));
    files.truncate(cap);
    draft.card.files = files;
    if count > cap {
        let detail = format!("the folder holds {count} files, of which the {cap} that matter most are listed");
        draft.warn(WarningCode::BudgetExceeded, Some("/files"), detail, []);
    }
}

fn depth(path: &str) -> usize {
    path.matches('/').count()
}

/// What a file is, by its name: as transformers, diffusers, sentence-transformers, PEFT, ModelScope
/// and Mistral name their files.
pub fn kind_of(path: &str) -> FileKind {
    let folded = path.to_ascii_lowercase();
    let name = folded.rsplit('/').next().unwrap_or(&folded);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if weights::is_index(&folded) {
        FileKind::WeightsIndex
    } else if weights::is_weights(path) {
        FileKind::Weights
    } else if is_chat_template(&folded, name) {
        FileKind::ChatTemplate
    } else if is_tokenizer(name) {
        FileKind::Tokenizer
    } else if name.ends_with("processor_config.json") || name == "feature_extractor_config.json" {
        FileKind::Processor
    } else if name.starts_with("readme") || name == "model_card.md" {
        FileKind::Readme
    } else if is_license(name) {
        FileKind::License
    } else if matches!(extension, "py" | "ipynb" | "sh" | "so" | "dll" | "js") {
        FileKind::Code
    } else if is_config(name, extension) {
        FileKind::Config
    } else {
        FileKind::Other
    }
}

fn is_chat_template(path: &str, name: &str) -> bool {
    matches!(name, "chat_template.json" | "chat_template.jinja" | "template" | "modelfile")
        || (path.contains("additional_chat_templates/") || !path.contains('/')) && name.ends_with(".jinja")
}

fn is_tokenizer(name: &str) -> bool {
    let starts = ["tokenizer", "tekken", "vocab.", "merges.", "added_tokens", "special_tokens_map", "spiece"];
    let ends = [".model", ".tiktoken", ".spm", ".vocab", ".bpe"];
    starts.iter().any(|start| name.starts_with(start)) || ends.iter().any(|end| name.ends_with(end))
}

fn is_license(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    ["license", "licence", "copying", "notice", "use_policy", "eula"].iter().any(|start| stem.starts_with(start))
}

fn is_config(name: &str, extension: &str) -> bool {
    let known = [
        "params.json",
        "modules.json",
        "model_index.json",
        "modular_model_index.json",
        "configuration.json",
        "modelcard.json",
        "model_card.json",
        "quantize_config.json",
        "quant_config.json",
        "checklist.chk",
        "scheduler_config.json",
    ];
    known.contains(&name)
        || matches!(extension, "json" | "yml" | "yaml") && name.contains("config")
        || name.starts_with("sentence_") && extension == "json"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_name_says() {
        for (path, kind) in [
            ("config.json", FileKind::Config),
            ("1_Pooling/config.json", FileKind::Config),
            ("sentence_bert_config.json", FileKind::Config),
            ("mergekit_config.yml", FileKind::Config),
            ("tokenizer.json", FileKind::Tokenizer),
            ("tokenizer_config.json", FileKind::Tokenizer),
            ("qwen.tiktoken", FileKind::Tokenizer),
            ("tokenizer.model", FileKind::Tokenizer),
            ("chat_template.jinja", FileKind::ChatTemplate),
            ("additional_chat_templates/tool_use.jinja", FileKind::ChatTemplate),
            ("preprocessor_config.json", FileKind::Processor),
            ("model.safetensors.index.json", FileKind::WeightsIndex),
            ("model-00001-of-00002.safetensors", FileKind::Weights),
            ("pytorch_model.bin", FileKind::Weights),
            ("Q4/x.GGUF", FileKind::Weights),
            ("README.md", FileKind::Readme),
            ("LICENSE", FileKind::License),
            ("LICENSE.txt", FileKind::License),
            ("modeling_qwen.py", FileKind::Code),
            ("training_args.bin", FileKind::Other),
            ("image.png", FileKind::Other),
            ("", FileKind::Other),
        ] {
            assert_eq!(kind_of(path), kind, "{path}");
        }
    }
}
