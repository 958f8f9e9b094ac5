//! The header of a GGUF file: its keys and what its tensors add up to.
//!
//! After `docs/gguf.md` of ggml-org/ggml, with the checks of its `gguf.cpp` and the smallest of the
//! limits that readers in use set. Versions 1 to 3 are read, in either byte order. Arrays are passed
//! over, but for short ones; no declared length is believed before it was held against the file.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use super::fault::Fault;
use super::gguf_cursor::{Cursor, Layout};
use super::gguf_types::TensorType;
use super::gguf_value::{Value, value, value_type};
use super::packing::Packing;
use super::tensors::{Seen, Sums, Tensor};

const MOST_KEYS: u64 = 100_000;
const MOST_TENSORS: u64 = 2_000_000;
const LONGEST_NAME: u64 = 65_535;
/// `GGML_MAX_NAME`, which includes the closing zero.
const LONGEST_TENSOR_NAME: usize = 64;
const MOST_DIMENSIONS: u32 = 4;
const DEFAULT_ALIGNMENT: u64 = 32;
/// Bytes of strings and arrays kept of one file.
const KEPT_BYTES: u64 = 8 << 20;
const MOST_FAULTS: usize = 8;
/// Fewest bytes of a key with its value (length, one letter, type, one byte), and of a tensor (length,
/// dimensions, type, offset), in version 1.
const SMALLEST_KEY: u64 = 10;
const SMALLEST_TENSOR: u64 = 20;

/// What a header says.
#[derive(Debug, Default)]
pub struct Header {
    pub layout: Layout,
    pub keys: BTreeMap<String, Value>,
    pub tensors: u64,
    pub sums: Sums,
    pub faults: Vec<Fault>,
}

/// Reads the header of a file of that size.
pub fn read<R: Read + Seek>(reader: R, size: u64, cap: u64, packing: &Packing) -> Result<Header, Fault> {
    let mut cursor = Cursor::new(reader, size, cap);
    let layout = cursor.begin()?;
    let tensors = cursor.length()?;
    let keys = cursor.length()?;
    let room = cursor.remaining();
    if keys > MOST_KEYS || tensors > MOST_TENSORS || keys > room / SMALLEST_KEY || tensors > room / SMALLEST_TENSOR {
        return Err(Fault::header(format!("declares {tensors} tensors and {keys} keys, more than it can hold")));
    }
    let mut header = Header { layout, tensors, ..Header::default() };
    let mut kept = KEPT_BYTES;
    for _ in 0..keys {
        header.key(&mut cursor, &mut kept)?;
    }
    let alignment = header.alignment()?;
    let places = header.tensor_infos(&mut cursor, packing)?;
    header.check_places(&places, alignment, cursor.position(), size);
    Ok(header)
}

/// The architecture alone: the keys are read up to the one that names it.
pub fn architecture<R: Read + Seek>(reader: R, size: u64, cap: u64) -> Result<String, Fault> {
    let mut cursor = Cursor::new(reader, size, cap);
    cursor.begin()?;
    cursor.length()?;
    let keys = cursor.length()?;
    let mut kept = KEPT_BYTES;
    for _ in 0..keys.min(MOST_KEYS) {
        let name = cursor.name(LONGEST_NAME)?;
        let kind = value_type(&mut cursor)?;
        if let Value::Text(text) = value(&mut cursor, kind, &mut kept)?
            && name == "general.architecture"
        {
            return Ok(text);
        }
    }
    Err(Fault::header("names no architecture"))
}

/// Where a tensor's data begin, and how long they are, as far as its type is known.
struct Place {
    offset: u64,
    bytes: Option<u64>,
}

impl Header {
    /// Lets go of the keys, but for those that say what the file is: a folder can hold many files.
    pub fn keep_only_names(&mut self) {
        const NAMES: [&str; 3] = ["general.type", "general.architecture", "general.file_type"];
        let is_short = |value: &Value| !matches!(value, Value::Text(text) if text.len() > 64);
        self.keys.retain(|key, value| NAMES.contains(&key.as_str()) && is_short(value));
    }

    fn fault(&mut self, what: impl Into<String>) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault::header(what));
        }
    }

    fn key<R: Read + Seek>(&mut self, cursor: &mut Cursor<R>, kept: &mut u64) -> Result<(), Fault> {
        let name = cursor.name(LONGEST_NAME)?;
        let kind = value_type(cursor)?;
        let value = value(cursor, kind, kept)?;
        if name.is_empty() {
            self.fault("has a key without a name");
        }
        if self.keys.insert(name, value).is_some() {
            self.fault("has a key twice");
        }
        Ok(())
    }

    fn alignment(&self) -> Result<u64, Fault> {
        match self.keys.get("general.alignment") {
            None => Ok(DEFAULT_ALIGNMENT),
            Some(Value::Unsigned(alignment)) if alignment.is_power_of_two() => Ok(*alignment),
            Some(_) => Err(Fault::header("declares an alignment that is no power of two")),
        }
    }

    fn tensor_infos<R: Read + Seek>(&mut self, cursor: &mut Cursor<R>, packing: &Packing) -> Result<Vec<Place>, Fault> {
        let (mut places, mut names) = (Vec::new(), Seen::default());
        for _ in 0..self.tensors {
            let name = cursor.name(LONGEST_NAME)?;
            places.push(self.tensor(cursor, &name, packing)?);
            if name.len() >= LONGEST_TENSOR_NAME {
                self.fault("has a tensor with a name of 64 bytes or more");
            }
            if !names.is_new(&name) {
                self.fault("has two tensors of one name");
            }
        }
        Ok(places)
    }

    fn tensor<R: Read + Seek>(
        &mut self,
        cursor: &mut Cursor<R>,
        name: &str,
        packing: &Packing,
    ) -> Result<Place, Fault> {
        let dimensions = cursor.u32()?;
        if dimensions > MOST_DIMENSIONS {
            return Err(Fault::header(format!("has a tensor of {dimensions} dimensions")));
        }
        let (mut row, mut elements) = (1, Some(1_u64));
        for at in 0..dimensions {
            let size = cursor.length()?;
            row = if at == 0 { size } else { row };
            elements = elements.and_then(|elements| elements.checked_mul(size));
        }
        let number = cursor.u32()?;
        let offset = cursor.u64()?;
        let elements = elements.ok_or_else(|| Fault::header("has a tensor of more elements than can be counted"))?;
        let kind = TensorType::of(number);
        let bytes = kind.and_then(|kind| kind.size(row, elements));
        let unknown = format!("type {number}");
        let dtype = kind.map_or(unknown.as_str(), |kind| kind.name);
        self.sums.add(&Tensor { name, dtype, elements, bytes: bytes.unwrap_or(0) }, packing);
        if bytes.is_none() {
            self.fault(format!("has tensors of {dtype} whose size cannot be told"));
        }
        Ok(Place { offset, bytes })
    }

    /// Each tensor begins where the one before it ends, padded; all of them lie inside the file.
    fn check_places(&mut self, places: &[Place], alignment: u64, end_of_header: u64, size: u64) {
        if places.is_empty() {
            return;
        }
        let padded = |at: u64| at.checked_next_multiple_of(alignment);
        let (mut expected, mut in_order, mut end) = (Some(0), true, padded(end_of_header));
        let start = end;
        for place in places {
            in_order &= expected.is_none_or(|expected| expected == place.offset);
            let after = place.bytes.and_then(|bytes| place.offset.checked_add(bytes));
            let last = start.and_then(|start| start.checked_add(place.offset.checked_add(place.bytes.unwrap_or(0))?));
            end = end.and_then(|end| Some(end.max(last?)));
            expected = after.and_then(padded);
        }
        if !in_order {
            self.fault("has tensors that overlap or leave holes");
        }
        match end {
            Some(end) if end <= size => {}
            Some(end) => self.faults.push(Fault::Short { declared: end, actual: size }),
            None => self.fault("has tensors that lie beyond what can be counted"),
        }
        if self.sums.overflow {
            self.fault("declares more than can be counted");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor as Bytes;

    use super::super::gguf_value::texts;
    use super::super::testing::{Gguf, GgufFile};
    use super::*;

    fn header(file: &[u8]) -> Result<Header, Fault> {
        read(Bytes::new(file), file.len() as u64, 1 << 20, &Packing::default())
    }

    fn sample(version: u32, big_endian: bool) -> GgufFile {
        GgufFile::of(version, big_endian)
            .key("general.architecture", Gguf::Text("llama"))
            .key("llama.block_count", Gguf::U32(2))
            .key("llama.rope.freq_base", Gguf::F32(10000.1))
            .key("flag", Gguf::Bool(true))
            .key("tokenizer.ggml.tokens", Gguf::Texts(&["<s>", "a", "</s>"]))
            .key("layers", Gguf::U32s(&[4, 0]))
            .tensor("w", 12, &[256, 2], 288)
            .tensor("norm", 0, &[3], 12)
    }

    #[test]
    fn every_version_and_byte_order_reads_the_same() {
        for (version, big_endian) in [(1, false), (2, false), (3, false), (2, true), (3, true)] {
            let header = header(&sample(version, big_endian).build()).unwrap();
            assert_eq!(header.layout, Layout { version, big_endian });
            assert_eq!(header.faults, [], "{version} {big_endian}");
            assert_eq!(header.keys["llama.block_count"], Value::Unsigned(2));
            assert_eq!(header.keys["llama.rope.freq_base"], Value::Float(10000.1));
            assert_eq!(header.sums.by_dtype, [("F32".to_owned(), 3), ("Q4_K".to_owned(), 512)].into());
            assert_eq!((header.sums.bytes, header.sums.main_dtype()), (300, Some("Q4_K")));
        }
    }

    #[test]
    fn tokens_are_found_by_their_ids_in_a_long_list() {
        let tokens: Vec<String> = (0..5000).map(|id| format!("t{id}")).collect();
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let file = GgufFile::new().key("list", Gguf::Texts(&tokens)).key("n", Gguf::U32(7)).build();
        let header = header(&file).unwrap();
        let Value::Array(list) = &header.keys["list"] else { panic!("no list") };
        assert_eq!((list.count, list.items.len()), (5000, 0));
        let cursor = Cursor::with(Bytes::new(&file), file.len() as u64, 1 << 20, header.layout);
        let found = texts(cursor, list, &[4999, 3, 70_000]).unwrap();
        assert_eq!(found, [(3, "t3".to_owned()), (4999, "t4999".to_owned())].into());
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error_or_a_finding() {
        let file = sample(3, false).build();
        for length in 0..file.len() - 20 {
            match header(&file[..length]) {
                Err(Fault::Short { .. } | Fault::Header(_)) => {}
                Ok(header) => assert!(matches!(header.faults[..], [Fault::Short { .. }]), "{length}"),
                other => panic!("{length}: {other:?}"),
            }
        }
    }

    #[test]
    fn declared_numbers_are_held_against_the_file() {
        let with = |counts: [u64; 2], rest: &[u8]| {
            [b"GGUF\x03\0\0\0".to_vec(), counts[0].to_le_bytes().into(), counts[1].to_le_bytes().into(), rest.to_vec()]
                .concat()
        };
        let huge_string = [u64::MAX.to_le_bytes().to_vec(), vec![0; 64]].concat();
        let huge_array: Vec<u8> =
            [&1_u64.to_le_bytes()[..], b"k", &9_u32.to_le_bytes(), &8_u32.to_le_bytes(), &(1_u64 << 62).to_le_bytes()]
                .concat();
        let nested: Vec<u8> = [
            &1_u64.to_le_bytes()[..],
            b"k",
            &9_u32.to_le_bytes(),
            &9_u32.to_le_bytes(),
            &1_u64.to_le_bytes(),
            &[0; 16],
        ]
        .concat();
        for file in [
            with([u64::MAX, 0], &[0; 64]),
            with([0, u64::MAX], &[0; 64]),
            with([0, 1], &huge_string),
            with([0, 1], &huge_array),
            with([0, 1], &nested),
            with([1, 0], &[0xFF; 64]),
        ] {
            assert!(matches!(header(&file), Err(Fault::Header(_) | Fault::Short { .. })), "{file:?}");
        }
    }

    #[test]
    fn places_that_do_not_fit_are_told() {
        let faults = |file: GgufFile| header(&file.build()).unwrap().faults;
        let overlap = sample(3, false).tensor_at("again", 0, &[3], 0);
        assert!(faults(overlap).contains(&Fault::header("has tensors that overlap or leave holes")));
        let far = GgufFile::new().tensor_at("far", 0, &[3], 1 << 40);
        assert!(faults(far).iter().any(|fault| matches!(fault, Fault::Short { .. })));
        let beyond = GgufFile::new().tensor_at("beyond", 0, &[3], u64::MAX);
        assert!(faults(beyond).iter().any(|fault| matches!(fault, Fault::Header(_))));
        let removed = GgufFile::new().tensor("old", 4, &[32], 64);
        assert!(faults(removed).iter().any(|fault| fault.to_string().contains("type 4")));
        let twice = GgufFile::new().tensor("w", 0, &[8], 32).tensor("w", 0, &[8], 32);
        assert!(faults(twice).contains(&Fault::header("has two tensors of one name")));
    }

    #[test]
    fn an_alignment_must_be_a_power_of_two() {
        for (alignment, right) in [(0, false), (24, false), (64, true)] {
            let file = GgufFile::new().key("general.alignment", Gguf::U32(alignment)).build();
            assert_eq!(header(&file).is_ok(), right, "{alignment}");
        }
    }
}
