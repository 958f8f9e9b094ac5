//! Extractors that hand a handler only values that keep the rules, and tell every fault at once.

mod body;
mod conditions;
mod members;
mod query;

pub use body::{BodyDigest, JsonObject, Patch, Text, ValidJson};
pub use conditions::{Conditions, MAX_CONDITION, tag};
pub use members::{Body, Members};
pub use query::{Parameters, Query, ValidQuery};
