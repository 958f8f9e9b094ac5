//! How complete the card is, in one word.

use super::draft::Draft;
use super::kind::Kind;

pub fn judge(_draft: &mut Draft<'_>, _kind: Kind) {}
