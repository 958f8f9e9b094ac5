//! What the tests are written with.

mod answer;
mod app;
mod database;
mod models;
#[cfg(unix)]
mod program;
mod raw;
mod wait;

pub use answer::Answer;
pub use app::{Setup, TestApp, manners, new_model};
pub use database::TestDatabase;
pub use models::ModelFolder;
#[cfg(unix)]
pub use program::{Running, ask, program};
pub use raw::RawConnection;
pub use wait::{eventually, within};

/// Where base models are registered.
pub const BASE_MODELS: &str = "/api/v1/base-models";

/// Where jobs are watched.
pub const JOBS: &str = "/api/v1/jobs";
