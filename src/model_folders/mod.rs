//! Model folders: what lies below the models root, whether it is registered or not, and under which names it could be.

mod command;
mod entry;
pub mod handlers;
mod names;
mod register;
mod selection;
mod surveys;
mod table;

pub use command::register_below;
pub use entry::{FolderState, ModelFolderEntry, ProposedNames, RegisteredAs};
pub use register::{RegisteredFolders, RegistrableState};
pub use selection::{Registered, entries};
pub use surveys::Surveys;
pub use table::{registered_table, table};
