//! The resource: one file for each operation, three for the body that registers, and those of what a list can be asked.

mod batch;
mod bodies;
mod card;
mod conditions;
mod create;
mod delete;
mod deployment_template;
mod documented;
mod facets;
mod facts;
mod fields;
mod files;
mod filters;
mod get;
mod integrity;
mod list;
mod memory;
mod plans;
mod put;
mod queries;
mod refresh;
mod rules;
mod search;
mod sort;
mod uniqueness;
mod update;
