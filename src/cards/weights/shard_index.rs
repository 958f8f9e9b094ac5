//! The index of a sharded weight set: which tensor lies in which file.
//!
//! `*.safetensors.index.json` and its kin, as transformers and diffusers write them. An index can
//! have a hundred megabytes and half a million tensors, so a long one is read as a stream, and of each
//! shard only its name, the number of its tensors and a digest of their names are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::de::Read as JsonRead;

use super::tensors::Names;

/// No model is cut into more files than this.
const MOST_SHARDS: usize = 10_000;
/// The longest name of a file.
const LONGEST_NAME: usize = 255;

/// What an index says.
#[derive(Debug, Default)]
pub struct ShardIndex {
    /// The tensors of each shard, by the shard's name.
    pub shards: BTreeMap<String, Names>,
    /// Bytes of tensor data, which may be wrong: merges copy it from their parents.
    pub total_size: Option<u64>,
    pub total_parameters: Option<u64>,
    /// Tensors whose shard has a name that no file of the folder can have.
    pub bad_names: u64,
    /// What ended the reading early. What was read before stays.
    pub broken: Option<String>,
}

/// Reads an index that is in memory.
pub fn read(bytes: &[u8]) -> ShardIndex {
    parse(serde_json::Deserializer::from_slice(bytes)).unwrap_or_default()
}

/// Reads an index as a stream, which takes several times as long and next to no memory. An error of the reader is one
/// here too: of an index that is sound, but of which only a part was read, nothing can be concluded.
pub fn read_stream(reader: impl Read) -> io::Result<ShardIndex> {
    parse(serde_json::Deserializer::from_reader(reader))
}

fn parse<'de>(mut json: serde_json::Deserializer<impl JsonRead<'de>>) -> io::Result<ShardIndex> {
    let mut index = ShardIndex::default();
    match Top(&mut index).deserialize(&mut json).and_then(|()| json.end()) {
        Err(error) if error.is_io() => return Err(error.into()),
        read => index.broken = read.err().map(|error| error.to_string()),
    }
    Ok(index)
}

impl ShardIndex {
    fn place(&mut self, tensor: &str, shard: String) -> Result<(), &'static str> {
        if let Some(names) = self.shards.get_mut(&shard) {
            names.add(tensor);
        } else if !is_file_name(&shard) {
            self.bad_names = self.bad_names.saturating_add(1);
        } else if self.shards.len() >= MOST_SHARDS {
            return Err("it names more files than a model can have");
        } else {
            self.shards.entry(shard).or_default().add(tensor);
        }
        Ok(())
    }
}

/// Whether the text names a file beside the index. The names are the author's, and could be a path
/// to anything: a separator, a drive or a control character makes them none.
fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !name.starts_with('.')
        && !name.contains(|c: char| matches!(c, '/' | '\\' | ':') || c.is_control())
}

struct Top<'i>(&'i mut ShardIndex);
struct Map<'i>(&'i mut ShardIndex);

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the index of a weight set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "weight_map" => map.next_value_seed(Map(self.0))?,
                "metadata" => {
                    let totals = map.next_value::<Totals>()?;
                    self.0.total_size = totals.size;
                    self.0.total_parameters = totals.parameters;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Map<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Map<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object from tensors to files")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(tensor) = map.next_key::<String>()? {
            let shard = map.next_value::<String>()?;
            self.0.place(&tensor, shard).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// The numbers of `metadata`; whatever else stands there is passed over.
#[derive(Default)]
struct Totals {
    size: Option<u64>,
    parameters: Option<u64>,
}

impl<'de> Deserialize<'de> for Totals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TotalsVisitor)
    }
}

struct TotalsVisitor;

impl<'de> Visitor<'de> for TotalsVisitor {
    type Value = Totals;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("metadata")
    }

    fn visit_unit<E>(self) -> Result<Totals, E> {
        Ok(Totals::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Totals, A::Error> {
        let mut totals = Totals::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "total_size" => totals.size = map.next_value::<Count>()?.0,
                "total_parameters" => totals.parameters = map.next_value::<Count>()?.0,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(totals)
    }
}

/// A count, also where it is written as a float; anything else is none.
struct Count(Option<u64>);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a count")
    }

    fn visit_u64<E>(self, count: u64) -> Result<Count, E> {
        Ok(Count(Some(count).filter(|count| *count > 0)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Count, E> {
        Ok(Count(None))
    }

    fn visit_f64<E>(self, float: f64) -> Result<Count, E> {
        let exact = float.fract() == 0.0 && (1.0..=9_007_199_254_740_992.0).contains(&float);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was checked: every such float is an exact u64"
        )]
        Ok(Count(exact.then_some(float as u64)))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Count, E> {
        Ok(Count(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Count, E> {
        Ok(Count(None))
    }

    fn visit_unit<E>(self) -> Result<Count, E> {
        Ok(Count(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Count, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Count(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Count, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Count(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_gives_its_shards_and_totals() {
        let text = br#"{"metadata": {"total_size": 13731385408.0, "total_parameters": 12, "note": [1, {"a": 2}]},
            "weight_map": {"a": "m-00001-of-00002.safetensors", "b": "m-00002-of-00002.safetensors",
                           "c": "m-00002-of-00002.safetensors"}, "more": [1]}"#;
        let index = read(text);
        assert_eq!(read_stream(&text[..]).unwrap().shards, index.shards);
        assert_eq!(index.total_size, Some(13_731_385_408));
        assert_eq!(index.total_parameters, Some(12));
        assert_eq!(index.shards.values().map(|names| names.count).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(index.broken, None);
    }

    #[test]
    fn names_that_are_paths_are_not_taken() {
        for name in ["../x", "/etc/passwd", "a/b", "a\\b", "C:x", "http://h/x", "", ".hidden", "a\u{0}b"] {
            let json = serde_json::json!({"weight_map": {"t": name}}).to_string();
            let index = read(json.as_bytes());
            assert!(index.shards.is_empty(), "{name:?}");
            assert_eq!(index.bad_names, 1, "{name:?}");
        }
    }

    #[test]
    fn what_was_read_before_an_index_breaks_stays() {
        let index = read(&br#"{"weight_map": {"a": "x.safetensors", "b": 7"#[..]);
        assert_eq!(index.shards.len(), 1);
        assert!(index.broken.is_some());
        let trailing = read(&br#"{"weight_map": {"a": "x.safetensors"}} tail"#[..]);
        assert_eq!(trailing.shards.len(), 1);
        assert!(trailing.broken.unwrap().contains("trailing"));
    }

    #[test]
    fn odd_metadata_costs_only_itself() {
        for metadata in ["null", "{}", r#"{"total_size": null}"#, r#"{"total_size": "x"}"#, r#"{"total_size": -4}"#] {
            let json = format!(r#"{{"metadata": {metadata}, "weight_map": {{"a": "x.bin"}}}}"#);
            let index = read(json.as_bytes());
            assert_eq!((index.total_size, index.shards.len(), &index.broken), (None, 1, &None), "{metadata}");
        }
    }

    #[test]
    fn more_shards_than_a_model_can_have_end_the_reading() {
        let map: serde_json::Map<String, serde_json::Value> =
            (0..10_001).map(|i| (format!("t{i}"), format!("{i:05}.bin").into())).collect();
        let index = read(serde_json::json!({ "weight_map": map }).to_string().as_bytes());
        assert_eq!(index.shards.len(), MOST_SHARDS);
        assert!(index.broken.is_some());
    }
}
