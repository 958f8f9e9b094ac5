//! Base Models: the register of an organisation's foundation models.

pub mod cards;
