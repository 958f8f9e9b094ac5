//! What becomes of a technical name when a model is trained and deployed.

mod check;
