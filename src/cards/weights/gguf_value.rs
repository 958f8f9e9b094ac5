//! The values of GGUF's keys: numbers, texts, and arrays, of which only short ones are kept.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use super::fault::Fault;
use super::gguf_cursor::Cursor;
use super::gguf_types::ValueType;

/// Strings up to this are kept; chat templates are the longest that are wanted.
const KEPT_STRING: u64 = 1 << 20;
/// Arrays up to this many elements are kept: per-layer numbers, tags, languages.
const KEPT_ELEMENTS: u64 = 2048;

/// A value of a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    Array(Array),
    /// A string too long to keep.
    Long(u64),
}

/// An array, with its elements where they are few.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub kind: ValueType,
    pub count: u64,
    /// Where the elements begin in the file.
    pub at: u64,
    pub items: Vec<Value>,
}

pub fn value_type<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<ValueType, Fault> {
    let number = cursor.u32()?;
    ValueType::of(number).ok_or_else(|| Fault::header(format!("has a value of the unknown type {number}")))
}

pub fn value<R: Read + Seek>(cursor: &mut Cursor<R>, kind: ValueType, kept: &mut u64) -> Result<Value, Fault> {
    Ok(match kind {
        ValueType::String => {
            let length = cursor.length()?;
            if length > KEPT_STRING.min(*kept) {
                cursor.skip(length)?;
                return Ok(Value::Long(length));
            }
            *kept -= length;
            Value::Text(cursor.text(length)?)
        }
        ValueType::Array => Value::Array(array(cursor, kept)?),
        ValueType::U8 => Value::Unsigned(cursor.bytes::<1>().map(u8::from_le_bytes)?.into()),
        ValueType::I8 => signed(cursor.bytes::<1>().map(i8::from_le_bytes)?.into()),
        ValueType::U16 => Value::Unsigned(cursor.ordered().map(u16::from_le_bytes)?.into()),
        ValueType::I16 => signed(cursor.ordered().map(i16::from_le_bytes)?.into()),
        ValueType::U32 => Value::Unsigned(cursor.u32()?.into()),
        ValueType::I32 => signed(cursor.ordered().map(i32::from_le_bytes)?.into()),
        ValueType::U64 => Value::Unsigned(cursor.u64()?),
        ValueType::I64 => signed(cursor.ordered().map(i64::from_le_bytes)?),
        ValueType::F32 => Value::Float(shortest(cursor.ordered().map(f32::from_le_bytes)?)),
        ValueType::F64 => Value::Float(cursor.ordered().map(f64::from_le_bytes)?),
        ValueType::Bool => Value::Bool(cursor.bytes::<1>()? != [0]),
    })
}

fn signed(number: i64) -> Value {
    u64::try_from(number).map_or(Value::Signed(number), Value::Unsigned)
}

/// The number that was meant by a 32-bit float: 0.1 and not 0.10000000149.
fn shortest(float: f32) -> f64 {
    float.to_string().parse().unwrap_or_else(|_| f64::from(float))
}

fn array<R: Read + Seek>(cursor: &mut Cursor<R>, kept: &mut u64) -> Result<Array, Fault> {
    let kind = value_type(cursor)?;
    let count = cursor.length()?;
    let mut array = Array { kind, count, at: cursor.position(), items: Vec::new() };
    let smallest = kind.size().unwrap_or(4);
    if kind == ValueType::Array {
        return Err(Fault::header("has arrays in an array"));
    }
    if count > cursor.remaining() / smallest {
        return Err(Fault::header(format!("declares an array of {count} elements, more than it can hold")));
    }
    let cost = count.saturating_mul(size_of::<Value>() as u64);
    if count <= KEPT_ELEMENTS && cost <= *kept {
        *kept -= cost;
        for _ in 0..count {
            array.items.push(value(cursor, kind, kept)?);
        }
    } else if kind == ValueType::String {
        for _ in 0..count {
            let length = cursor.length()?;
            cursor.skip(length)?;
        }
    } else {
        cursor.skip(count.saturating_mul(smallest))?;
    }
    Ok(array)
}

/// The texts of an array of strings at these places: tokens by their ids.
pub fn texts<R: Read + Seek>(
    mut cursor: Cursor<R>,
    array: &Array,
    wanted: &[u64],
) -> Result<BTreeMap<u64, String>, Fault> {
    let mut found = BTreeMap::new();
    let last = wanted.iter().copied().filter(|id| *id < array.count).max();
    if array.kind != ValueType::String {
        return Ok(found);
    }
    cursor.skip(array.at)?;
    for at in 0..last.map_or(0, |last| last + 1) {
        let length = cursor.length()?;
        if wanted.contains(&at) && length <= KEPT_STRING {
            found.insert(at, cursor.text(length)?);
        } else {
            cursor.skip(length)?;
        }
    }
    Ok(found)
}
