//! The header of a safetensors file.
//!
//! `u64` little-endian length, that many bytes of JSON, then the tensors; see "Format" in the README
//! of huggingface/safetensors. The rules are those its reader enforces, and two it does not: a tensor
//! named twice and white space before the `{` are refused, because readers differ on what they mean.
//! A long header is read as a stream, a tensor at a time, so that memory follows the number of tensors
//! and never a number that the file declares.

use std::fmt;
use std::io::{BufReader, Read};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::de::Read as JsonRead;

use super::fault::Fault;
use super::packing::Packing;
use super::tensors::{Seen, Sums, Tensor};

/// Bytes of the length that the file begins with.
const LENGTH_BYTES: u64 = 8;
/// More tensors than any model has; the largest known header names 1.3 million.
const MOST_TENSORS: usize = 2_000_000;
const LONGEST_NAME: usize = 1024;
/// Headers up to this length are read whole, which is several times as fast as a stream.
const SHORT: u64 = 1 << 20;
/// Findings told of one file.
const MOST_FAULTS: usize = 8;

/// What a header says.
#[derive(Debug, Default)]
pub struct Header {
    pub sums: Sums,
    /// `format` of the metadata: `pt`, `mlx`, `tf`, `flax`, `np`.
    pub format: Option<String>,
    pub faults: Vec<Fault>,
}

/// Reads the header of a file of that size. An error means that nothing of it can be used; what is
/// wrong with a header that can be used is in its `faults`.
pub fn read(mut reader: impl Read, size: u64, cap: u64, packing: &Packing) -> Result<Header, Fault> {
    let length = header_length(&mut reader, size, cap)?;
    let mut reading = Reading { header: Header::default(), packing, seen: Seen::default(), spans: Vec::new() };
    let mut header = reader.take(length);
    if length <= SHORT {
        let mut bytes = Vec::new();
        header.read_to_end(&mut bytes)?;
        first_byte(&mut bytes.as_slice())?;
        reading.parse(serde_json::Deserializer::from_slice(&bytes))?;
    } else {
        let mut json = BufReader::with_capacity(1 << 16, header);
        first_byte(&mut json)?;
        reading.parse(serde_json::Deserializer::from_reader(b"{".chain(json)))?;
    }
    reading.check_spans(size.saturating_sub(LENGTH_BYTES).saturating_sub(length), size);
    Ok(reading.header)
}

fn header_length(reader: &mut impl Read, size: u64, cap: u64) -> Result<u64, Fault> {
    if size < LENGTH_BYTES {
        return Err(Fault::header("is too short for a safetensors file"));
    }
    let mut bytes = [0; 8];
    reader.read_exact(&mut bytes)?;
    let length = u64::from_le_bytes(bytes);
    let declared = length.saturating_add(LENGTH_BYTES);
    match length {
        _ if bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) => {
            Err(Fault::header("begins with text: it is no safetensors file"))
        }
        0 => Err(Fault::header("has an empty header")),
        _ if length > cap => Err(Fault::TooLarge(length)),
        _ if declared > size => Err(Fault::Short { declared, actual: size }),
        _ => Ok(length),
    }
}

fn first_byte(json: &mut impl Read) -> Result<(), Fault> {
    let mut first = [0];
    json.read_exact(&mut first)?;
    if first == *b"{" { Ok(()) } else { Err(Fault::header("has a header that does not begin with {")) }
}

struct Reading<'p> {
    header: Header,
    packing: &'p Packing,
    seen: Seen,
    /// Where each tensor begins and ends.
    spans: Vec<(u64, u64)>,
}

/// One tensor's entry; keys that the format does not know are passed over.
#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Shape,
    data_offsets: (u64, u64),
}

/// A shape, multiplied as it is read. `None`: beyond 64 bits.
struct Shape(Option<u64>);

impl Reading<'_> {
    fn parse<'de>(&mut self, mut json: serde_json::Deserializer<impl JsonRead<'de>>) -> Result<(), Fault> {
        self.deserialize(&mut json).and_then(|()| json.end()).map_err(Fault::of_json)
    }

    fn fault(&mut self, fault: Fault) {
        if self.header.faults.len() < MOST_FAULTS {
            self.header.faults.push(fault);
        }
    }

    fn tensor(&mut self, name: &str, entry: &Entry) {
        let (begin, end) = entry.data_offsets;
        let (Some(elements), Some(bytes)) = (entry.shape.0, end.checked_sub(begin)) else {
            return self.fault(Fault::header(format!("declares sizes of {} that make no sense", short(name))));
        };
        self.spans.push((begin, end));
        match bits(&entry.dtype).map(|bits| elements.checked_mul(bits)) {
            None => {
                self.fault(Fault::header(format!("has the unknown type {} at {}", short(&entry.dtype), short(name))))
            }
            Some(Some(bits)) if bits % 8 == 0 && bits / 8 == bytes => {}
            Some(_) => self.fault(Fault::header(format!("gives {} a place that is not of its size", short(name)))),
        }
        let dtype = entry.dtype.get(..entry.dtype.len().min(16)).unwrap_or("?");
        self.header.sums.add(&Tensor { name, dtype, elements, bytes }, self.packing);
    }

    /// The tensors must fill the rest of the file one after another, without hole or overlap.
    fn check_spans(&mut self, room: u64, size: u64) {
        self.spans.sort_unstable();
        let mut at = 0;
        let mut gapless = true;
        for &(begin, end) in &self.spans {
            gapless &= begin == at;
            at = at.max(end);
        }
        if !gapless {
            self.fault(Fault::header("has tensors that overlap or leave holes"));
        }
        if at > room {
            self.fault(Fault::Short { declared: (size - room).saturating_add(at), actual: size });
        } else if at < room {
            self.fault(Fault::Long(room - at));
        }
        if self.header.sums.overflow {
            self.fault(Fault::header("declares more than can be counted"));
        }
    }

    fn metadata(&mut self, metadata: Option<Metadata>) {
        let Some(metadata) = metadata else { return };
        self.header.format = metadata.format;
        if metadata.odd {
            self.fault(Fault::header("has metadata that is not text"));
        }
    }
}

/// A name as a message shows it.
fn short(name: &str) -> String {
    let mut shown: String = name.chars().take(80).flat_map(char::escape_default).collect();
    if name.chars().count() > 80 {
        shown.push('…');
    }
    shown
}

/// Bits of an element; `None` for a type that the format does not know.
fn bits(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" | "F8_E5M2" | "F8_E4M3" | "F8_E8M0" | "F8_E4M3FNUZ" | "F8_E5M2FNUZ" => 8,
        "I16" | "U16" | "F16" | "BF16" => 16,
        "I32" | "U32" | "F32" => 32,
        "C64" | "F64" | "I64" | "U64" => 64,
        _ => return None,
    })
}

impl<'de> DeserializeSeed<'de> for &mut Reading<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Reading<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if !self.seen.is_new(&name) {
                return Err(A::Error::custom(format!("{} is named twice", short(&name))));
            }
            if name == "__metadata__" {
                let metadata = map.next_value()?;
                self.metadata(metadata);
                continue;
            }
            if name.len() > LONGEST_NAME || self.spans.len() >= MOST_TENSORS {
                return Err(A::Error::custom("it names more than a model can hold"));
            }
            let entry: Entry = map.next_value()?;
            self.tensor(&name, &entry);
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of dimensions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
        let mut product = Some(1_u64);
        while let Some(dimension) = seq.next_element::<u64>()? {
            product = product.and_then(|product| product.checked_mul(dimension));
        }
        Ok(Shape(product))
    }
}

/// What is wanted of `__metadata__`, which should map text to text.
#[derive(Default)]
struct Metadata {
    format: Option<String>,
    odd: bool,
}

/// A text, or that there was something else.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Other(IgnoredAny),
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MetadataVisitor)
    }
}

struct MetadataVisitor;

impl<'de> Visitor<'de> for MetadataVisitor {
    type Value = Metadata;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of metadata")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
        let mut metadata = Metadata::default();
        while let Some(key) = map.next_key::<String>()? {
            match map.next_value()? {
                Text::Text(text) if key == "format" && text.len() <= 64 => metadata.format = Some(text),
                Text::Text(_) => {}
                Text::Other(_) => metadata.odd = true,
            }
        }
        Ok(metadata)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{safetensors, with_header};
    use super::*;

    fn header(file: &[u8]) -> Result<Header, Fault> {
        read(file, file.len() as u64, 100_000_000, &Packing::default())
    }

    fn fault(file: &[u8]) -> Fault {
        match header(file) {
            Err(fault) => fault,
            Ok(mut header) => header.faults.pop().expect("a fault"),
        }
    }

    #[test]
    fn the_elements_of_each_type_are_counted() {
        let file = safetensors(&[("a", "F32", &[3, 4]), ("b", "BF16", &[5]), ("s", "F32", &[]), ("z", "F32", &[0, 9])]);
        let header = header(&file).unwrap();
        assert_eq!(header.faults, []);
        assert_eq!(header.sums.by_dtype, [("BF16".to_owned(), 5), ("F32".to_owned(), 13)].into());
        assert_eq!((header.sums.bytes, header.sums.weights, header.sums.names.count), (62, 18, 4));
    }

    #[test]
    fn metadata_padding_and_unknown_keys_are_no_fault() {
        let text = r#"{"__metadata__": {"format": "pt", "note": "x"},
                       "a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2], "more": [1]}}      "#;
        let read = header(&with_header(text, 2)).unwrap();
        assert_eq!((read.format.as_deref(), read.faults.len()), (Some("pt"), 0));
        let null =
            with_header(r#"{"__metadata__": null, "a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}}"#, 2);
        assert_eq!(header(&null).unwrap().faults, []);
    }

    #[test]
    fn a_long_header_is_read_as_a_short_one_is() {
        let text = r#"{"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}}"#;
        let long = format!("{text}{}", " ".repeat(1 << 20));
        let (short, long) = (header(&with_header(text, 2)).unwrap(), header(&with_header(&long, 2)).unwrap());
        assert_eq!((short.sums, short.faults), (long.sums, long.faults));
        assert!(header(&with_header(&format!("{}{text}", " ".repeat(1 << 20)), 2)).is_err());
    }

    #[test]
    fn lengths_that_the_file_does_not_have_are_refused_before_memory_is_taken() {
        assert_eq!(fault(b"1234567"), Fault::header("is too short for a safetensors file"));
        assert_eq!(fault(&[0; 8]), Fault::header("has an empty header"));
        assert_eq!(fault(&u64::MAX.to_le_bytes()), Fault::TooLarge(u64::MAX));
        assert_eq!(fault(&99_999_999_u64.to_le_bytes()), Fault::Short { declared: 100_000_007, actual: 8 });
        assert!(matches!(fault(b"<!doctype html>"), Fault::Header(text) if text.contains("text")));
    }

    #[test]
    fn a_cut_file_and_one_with_a_tail_are_told_with_their_sizes() {
        let file = safetensors(&[("a", "F32", &[3])]);
        let size = file.len() as u64;
        assert_eq!(fault(&file[..file.len() - 4]), Fault::Short { declared: size, actual: size - 4 });
        assert_eq!(fault(&[file, vec![0; 7]].concat()), Fault::Long(7));
    }

    #[test]
    fn a_header_that_readers_differ_on_is_refused() {
        let entry = r#"{"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}"#;
        for text in [
            format!(r#"{{"a": {entry}, "a": {entry}}}"#),
            format!(r#" {{"a": {entry}}}"#),
            format!("{{\"a\": {entry}}}\0"),
            r#"{"__metadata__": {}, "__metadata__": {}}"#.to_owned(),
            "[]".to_owned(),
            format!(r#"{{"a": {entry}"#),
            r#"{"a": {"dtype": "U8", "shape": [-1], "data_offsets": [0, 1]}}"#.to_owned(),
            r#"{"a": {"dtype": "U8", "shape": [1]}}"#.to_owned(),
        ] {
            assert!(matches!(header(&with_header(&text, 1)), Err(Fault::Header(_))), "{text}");
        }
    }

    #[test]
    fn sizes_that_do_not_fit_each_other_are_told_and_the_rest_is_kept() {
        for (entry, what) in [
            (r#"{"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}"#, "not of its size"),
            (r#"{"dtype": "Q9", "shape": [4], "data_offsets": [0, 4]}"#, "unknown type Q9"),
            (r#"{"dtype": "F4", "shape": [7], "data_offsets": [0, 4]}"#, "not of its size"),
            (r#"{"dtype": "U8", "shape": [4294967296, 4294967296], "data_offsets": [0, 4]}"#, "make no sense"),
            (r#"{"dtype": "U8", "shape": [4], "data_offsets": [4, 0]}"#, "make no sense"),
            (r#"{"dtype": "U8", "shape": [2], "data_offsets": [2, 4]}"#, "holes"),
        ] {
            let text = format!(r#"{{"odd": {entry}, "b": {{"dtype": "U8", "shape": [3], "data_offsets": [4, 7]}}}}"#);
            let header = header(&with_header(&text, 7)).unwrap();
            assert!(header.faults.iter().any(|fault| fault.to_string().contains(what)), "{what}: {:?}", header.faults);
            assert_eq!(header.sums.by_dtype.get("U8").map(|count| *count >= 3), Some(true), "{what}");
        }
    }
}
