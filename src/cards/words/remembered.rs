//! What was found in a content before, by its SHA-256: folders of one family share their licence and
//! their vocabulary, and a folder that is read again has its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Contents that are remembered, so that folders without end fill no memory.
const MOST: usize = 256;

pub type Digest = [u8; 32];

pub struct Remembered<V>(Mutex<BTreeMap<Digest, V>>);

impl<V: Copy> Remembered<V> {
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    pub fn get(&self, digest: &Digest) -> Option<V> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(digest).copied()
    }

    pub fn put(&self, digest: Digest, found: V) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST {
            held.clear();
        }
        held.insert(digest, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_there_until_there_is_too_much() {
        let remembered = Remembered::new();
        remembered.put([0; 32], 1);
        assert_eq!((remembered.get(&[0; 32]), remembered.get(&[1; 32])), (Some(1), None));
        for number in 0..=u8::MAX {
            remembered.put([number; 32], number.into());
        }
        assert_eq!(remembered.get(&[u8::MAX; 32]), Some(255));
        assert!(remembered.0.lock().unwrap().len() <= MOST);
    }
}
