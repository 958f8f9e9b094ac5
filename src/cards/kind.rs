//! What kind of folder it is: decided first, because which fields can be filled follows from it.

use super::draft::Draft;

/// The kinds of model folder, in the order in which they are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing that is known here.
    Nothing,
}

impl Kind {
    pub fn of(_draft: &mut Draft<'_>) -> Self {
        Self::Nothing
    }
}
