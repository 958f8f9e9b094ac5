//! The resource: one file for each operation, and three for the body that registers.

mod batch;
mod bodies;
mod card;
mod conditions;
mod create;
mod delete;
mod deployment_template;
mod files;
mod get;
mod integrity;
mod list;
mod memory;
mod put;
mod refresh;
mod rules;
mod uniqueness;
mod update;
