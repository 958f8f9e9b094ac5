//! The resource: one file for each operation, and three for the body that registers.

mod bodies;
mod card;
mod conditions;
mod create;
mod delete;
mod deployment_template;
mod get;
mod list;
mod rules;
mod uniqueness;
mod update;
