//! Base Models: the register of an organisation's foundation models.
//!
//! A request travels two hops. [`app`] opens its span and finds the handler, the extractors of
//! [`extract`] hand that only values that keep the rules, the handler (in [`base_models`]) reads the
//! folder through [`reading`] on a thread made for it and runs one statement of its model, and the
//! answer, good or bad, leaves through [`answer`]. What a folder holds is told by [`cards`], which
//! knows neither HTTP nor the database.

pub mod access;
pub mod admission;
pub mod answer;
pub mod app;
pub mod base_models;
pub mod cards;
pub mod compression;
pub mod config;
pub mod cors;
pub mod database;
pub mod documentation;
pub mod error;
pub mod extract;
pub mod health;
pub mod idempotency;
pub mod jobs;
pub mod model_folders;
pub mod page;
pub mod problem;
pub mod reading;
pub mod rendering;
mod schema;
pub mod serve;
pub mod telemetry;
pub mod templates;
pub mod trained_model_names;
