//! A base model: a pretrained foundation model in a folder on this server, under two names that
//! nothing else in the register has, with the card of what the folder holds.

mod backfill;
pub(crate) mod batch;
mod draft;
mod facets;
mod facts;
mod file;
mod filter;
mod folder_card;
pub mod handlers;
pub(crate) mod input;
mod listing;
mod model;
mod modelfile;
pub(crate) mod names;
mod notices;
mod order;
#[doc(hidden)]
pub mod plan;
mod reference;
mod refresh;
mod register;
mod replace;
mod scope;
mod selection;
mod words;

pub use backfill::backfill;
pub use input::{BaseModelChanges, NewBaseModel};
pub use model::{BaseModel, StoredCard, href};
pub use reference::{Asked, Reference};
pub use refresh::refresh;
pub use register::Registration;
pub use scope::Scope;
pub use words::Tsvector;
