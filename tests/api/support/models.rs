//! Model folders below the models root.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A folder that is being filled.
#[derive(Debug, Clone)]
pub struct ModelFolder {
    path: PathBuf,
}

impl ModelFolder {
    /// Makes an empty folder.
    pub fn new(root: &Path, name: &str) -> Self {
        let path = root.join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, and the folders it lies in.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub fn config(self, config: &Value) -> Self {
        self.file("config.json", config.to_string())
    }

    /// The configuration of a small encoder.
    pub fn bert(self) -> Self {
        self.config(&json!({
            "architectures": ["BertForMaskedLM"], "model_type": "bert", "hidden_size": 128, "num_hidden_layers": 2,
            "num_attention_heads": 2, "max_position_embeddings": 512, "vocab_size": 30522
        }))
    }

    /// The configuration of a small decoder.
    pub fn llama(self) -> Self {
        self.config(&json!({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 256, "num_hidden_layers": 4,
            "num_attention_heads": 8, "num_key_value_heads": 2, "max_position_embeddings": 8192, "vocab_size": 32000
        }))
    }
}
