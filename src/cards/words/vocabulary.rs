//! A vocabulary as it passes by: how many tokens it has, and which of them tell something. Its
//! tokens are not kept, so that a file of 30 MB costs some kilobytes of memory.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fill_in_middle::Marks;

/// Ids above this are counted without a look whether they were met before; no real vocabulary has them.
const LARGEST_ID: u64 = 1 << 24;

#[derive(Debug, Default)]
pub struct Vocabulary {
    pub marks: Marks,
    ids: Vec<u64>,
    count: u64,
}

impl Vocabulary {
    /// Counts a token once, however often the file lists its id.
    pub fn see_id(&mut self, id: u64) {
        let (word, bit) = (usize::try_from(id / 64).unwrap_or(usize::MAX), 1_u64 << (id % 64));
        if id < LARGEST_ID && word >= self.ids.len() {
            self.ids.resize(word + 1, 0);
        }
        match self.ids.get_mut(word) {
            Some(held) if *held & bit != 0 => {}
            Some(held) => {
                *held |= bit;
                self.count += 1;
            }
            None => self.count += 1,
        }
    }

    pub fn size(&self) -> Option<u64> {
        Some(self.count).filter(|count| *count > 0)
    }
}

/// A map from tokens to ids, or a list of tokens with their scores, where the place is the id.
pub struct Tokens<'a>(pub &'a mut Vocabulary);

impl<'de> DeserializeSeed<'de> for Tokens<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tokens<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map or a list of tokens")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(Token(self.0))?.is_some() {
            if let Some(id) = map.next_value_seed(Id)? {
                self.0.see_id(id);
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut id = 0;
        while list.next_element_seed(Scored(self.0))?.is_some() {
            self.0.see_id(id);
            id += 1;
        }
        Ok(())
    }
}

/// A list of objects that name a token and its id: `added_tokens` of `tokenizer.json`,
/// `special_tokens` of `tekken.json`.
pub struct AddedTokens<'a>(pub &'a mut Vocabulary);

impl<'de> DeserializeSeed<'de> for AddedTokens<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AddedTokens<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of added tokens")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(AddedToken(self.0))?.is_some() {}
        Ok(())
    }
}

struct AddedToken<'a>(&'a mut Vocabulary);

impl<'de> DeserializeSeed<'de> for AddedToken<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for AddedToken<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an added token")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "content" | "token_str" => map.next_value_seed(Token(self.0))?,
                "id" | "rank" => {
                    if let Some(id) = map.next_value_seed(Id)? {
                        self.0.see_id(id);
                    }
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The text of a token.
struct Token<'a>(&'a mut Vocabulary);

impl<'de> DeserializeSeed<'de> for Token<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Token<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a token")
    }

    fn visit_str<E: Error>(self, token: &str) -> Result<(), E> {
        self.0.marks.see(token);
        Ok(())
    }
}

/// A pair of a token and its score.
struct Scored<'a>(&'a mut Vocabulary);

impl<'de> DeserializeSeed<'de> for Scored<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Scored<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a pair of a token and its score")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<(), A::Error> {
        pair.next_element_seed(Token(self.0))?;
        while pair.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// An id; anything else in its place is passed over.
pub struct Id;

impl<'de> DeserializeSeed<'de> for Id {
    type Value = Option<u64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<u64>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Id {
    type Value = Option<u64>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an id")
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<Option<u64>, E> {
        Ok(Some(id))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<u64>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<u64>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
