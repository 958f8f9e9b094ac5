//! words

use super::draft::Draft;
use super::kind::Kind;

pub fn read(_draft: &mut Draft<'_>, _kind: Kind) {}
