//! The weights in memory.

use super::sheet::{Quantity, Sheet};
use super::width::Width;
use crate::cards::card::Card;

/// The weights as they are stored, or in another type.
pub fn quantity(card: &Card, asked: Option<Width>) -> Quantity {
    let mut sheet = Sheet::default();
    if let (None, Some(size)) = (asked, card.weights.size_bytes) {
        sheet.note("size_bytes", size);
        return sheet.finish(Some(size), "size_bytes", "the files of the folder, which runtimes load as they are");
    }
    let parameters = sheet.need("parameters", card.weights.parameters.total);
    let width = asked.or_else(|| declared(card));
    match width {
        Some(width) => sheet.note("bits_per_weight", width.bits()),
        None => drop(sheet.need("bits_per_weight", None)),
    }
    let bytes = parameters.zip(width).and_then(|(parameters, width)| width.bytes(parameters));
    let source = "llama.cpp, tools/quantize/README.md, for its quantisations; else the definition of the type";
    sheet.finish(bytes, "parameters * bits_per_weight / 8", source)
}

/// The width that the folder declares: of its quantisation, else of its type.
fn declared(card: &Card) -> Option<Width> {
    match &card.weights.quantization {
        Some(quantization) => match (quantization.bits, quantization.group_size) {
            (Some(bits), Some(group)) if bits > 0 && group > 0 => Some(Width::grouped(bits, group)),
            _ => Width::named(&quantization.method).ok(),
        },
        None => Width::named(card.weights.dtype.as_deref()?).ok(),
    }
}
