//! Names of trained models: what DeepExtension makes of a base model's technical name and the name of a training.
//!
//! A customised model, one that was saved and one that was deployed each carry the name of the one before, and the last
//! is a model name of Ollama, which takes 80 characters. So the technical name decides how long the name of a training
//! can be.

pub mod handlers;
mod name;

pub use name::{ENOUGH, QuantMode, TrainedNames, notice, train_name_characters};
