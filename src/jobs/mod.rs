//! A job: work that takes longer than a request, whose progress can be watched and which survives a
//! restart. Jobs lie in the database; each instance of the service works on one at a time.

pub mod handlers;
mod model;
mod refresh_cards;
mod verify_digests;
mod worker;

pub use handlers::accepted;
pub use model::{Job, Subject};
pub use worker::{WakeUp, work};
