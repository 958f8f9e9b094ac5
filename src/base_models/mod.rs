//! A base model: a pretrained foundation model in a folder on this server, under two names that
//! nothing else in the register has, with the card of what the folder holds.

mod batch;
mod file;
mod folder_card;
pub mod handlers;
mod input;
mod model;
pub(crate) mod names;
mod reference;
mod refresh;
mod register;
mod replace;

pub use input::{BaseModelChanges, NewBaseModel};
pub use model::{BaseModel, StoredCard, href};
pub use reference::{Asked, Reference};
pub use refresh::refresh;
pub use register::{Registration, register};
