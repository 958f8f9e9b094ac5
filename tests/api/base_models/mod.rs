//! The resource: one file for each operation, and three for the body that registers.

mod bodies;
mod create;
mod rules;
mod uniqueness;
