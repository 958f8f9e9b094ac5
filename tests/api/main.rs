//! The service as a client sees it: a real server, a database of its own for each test, and HTTP.
//!
//! The files mirror `src`: what an operation answers is tested in the file of its name. Whatever a test asks for, every
//! answer is also held to what is promised of all answers (see [`support::Answer`]).

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test makes its own folders, and ends where something is not as expected"
)]

mod base_models;
mod cancel;
#[cfg(unix)]
mod command_line;
mod cors;
mod headers;
mod health;
mod idempotency;
mod jobs;
mod limits;
mod methods;
mod migrations;
mod model_folders;
mod openapi;
#[cfg(unix)]
mod paths;
mod problems;
mod races;
#[cfg(unix)]
mod sudden_end;
mod support;
mod trained_model_names;
#[cfg(feature = "embedded")]
mod worn_database;
