//! What lies below the models root.

mod list;
mod register;

/// The address of the model folders.
pub const MODEL_FOLDERS: &str = "/api/v1/model-folders";
