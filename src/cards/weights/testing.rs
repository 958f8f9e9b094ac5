//! Builders of weight files for tests.

use serde_json::{Value, json};

/// A safetensors file of these tensors, one after another, with zeros for data.
pub fn safetensors(tensors: &[(&str, &str, &[u64])]) -> Vec<u8> {
    let mut at = 0;
    let mut header = serde_json::Map::new();
    for (name, dtype, shape) in tensors {
        let bits = match *dtype {
            "F32" | "I32" | "U32" => 32,
            "I64" | "F64" => 64,
            "BF16" | "F16" => 16,
            "F4" => 4,
            _ => 8,
        };
        let end = at + shape.iter().product::<u64>() * bits / 8;
        header.insert((*name).to_owned(), json!({"dtype": dtype, "shape": shape, "data_offsets": [at, end]}));
        at = end;
    }
    with_header(&Value::Object(header).to_string(), usize::try_from(at).unwrap())
}

/// A safetensors file with that text for a header, and so many bytes of data.
pub fn with_header(header: &str, data: usize) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.resize(file.len() + data, 0);
    file
}

/// A value of a GGUF key.
pub enum Gguf<'a> {
    U32(u32),
    F32(f32),
    Bool(bool),
    Text(&'a str),
    Texts(&'a [&'a str]),
    U32s(&'a [u32]),
}

/// A GGUF file in the making.
#[derive(Clone)]
pub struct GgufFile {
    version: u32,
    big_endian: bool,
    bytes: Vec<u8>,
    keys: Vec<u8>,
    key_count: u64,
    tensors: Vec<u8>,
    tensor_count: u64,
    data: u64,
}

impl GgufFile {
    pub fn new() -> Self {
        Self::of(3, false)
    }

    pub fn of(version: u32, big_endian: bool) -> Self {
        let (bytes, keys, tensors) = (b"GGUF".to_vec(), Vec::new(), Vec::new());
        Self { version, big_endian, bytes, keys, key_count: 0, tensors, tensor_count: 0, data: 0 }
    }

    fn number<const N: usize>(&self, mut little: [u8; N]) -> Vec<u8> {
        if self.big_endian {
            little.reverse();
        }
        little.to_vec()
    }

    fn u32(&self, number: u32) -> Vec<u8> {
        self.number(number.to_le_bytes())
    }

    fn length(&self, length: u64) -> Vec<u8> {
        if self.version == 1 { self.u32(u32::try_from(length).unwrap()) } else { self.number(length.to_le_bytes()) }
    }

    fn text(&self, text: &str) -> Vec<u8> {
        [self.length(text.len() as u64), text.as_bytes().to_vec()].concat()
    }

    pub fn key(mut self, name: &str, value: Gguf<'_>) -> Self {
        let value = match value {
            Gguf::U32(number) => [self.u32(4), self.u32(number)].concat(),
            Gguf::F32(number) => [self.u32(6), self.number(number.to_le_bytes())].concat(),
            Gguf::Bool(flag) => [self.u32(7), vec![u8::from(flag)]].concat(),
            Gguf::Text(text) => [self.u32(8), self.text(text)].concat(),
            Gguf::Texts(texts) => {
                let items: Vec<u8> = texts.iter().flat_map(|text| self.text(text)).collect();
                [self.u32(9), self.u32(8), self.length(texts.len() as u64), items].concat()
            }
            Gguf::U32s(numbers) => {
                let items: Vec<u8> = numbers.iter().flat_map(|number| self.u32(*number)).collect();
                [self.u32(9), self.u32(4), self.length(numbers.len() as u64), items].concat()
            }
        };
        let name = self.text(name);
        self.keys.extend([name, value].concat());
        self.key_count += 1;
        self
    }

    /// A tensor of that ggml type and size in bytes.
    pub fn tensor(mut self, name: &str, kind: u32, shape: &[u64], bytes: u64) -> Self {
        let offset = self.data;
        self.data = (self.data + bytes).next_multiple_of(32);
        self.tensor_at(name, kind, shape, offset)
    }

    pub fn tensor_at(mut self, name: &str, kind: u32, shape: &[u64], offset: u64) -> Self {
        let dimensions: Vec<u8> = shape.iter().flat_map(|size| self.length(*size)).collect();
        let shape = [self.u32(u32::try_from(shape.len()).unwrap()), dimensions].concat();
        let info = [self.text(name), shape, self.u32(kind), self.number(offset.to_le_bytes())].concat();
        self.tensors.extend(info);
        self.tensor_count += 1;
        self
    }

    pub fn build(self) -> Vec<u8> {
        let head = [self.u32(self.version), self.length(self.tensor_count), self.length(self.key_count)].concat();
        let mut file = [self.bytes, head, self.keys, self.tensors].concat();
        if self.tensor_count > 0 {
            file.resize(file.len().next_multiple_of(32), 0);
        }
        file.resize(file.len() + usize::try_from(self.data).unwrap(), 0);
        file
    }
}
