//! What the model can be asked to do, told from what was read, each with its evidence.

use super::draft::Draft;
use super::kind::Kind;

pub fn read(_draft: &mut Draft<'_>, _kind: Kind) {}
