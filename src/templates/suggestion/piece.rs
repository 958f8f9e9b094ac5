//! Pieces of text that stand between the contents of messages.

use crate::templates::jinja::Clock;

/// What stands for the system message while a template is probed.
pub const SYSTEM: char = '\u{F0010}';

/// A text in which the system message and dates may stand.
pub type Piece = Vec<char>;

/// How many characters all of them begin with alike.
pub fn common_prefix<'a>(pieces: impl IntoIterator<Item = &'a Piece>) -> usize {
    let mut pieces = pieces.into_iter();
    let Some(first) = pieces.next() else { return 0 };
    let alike = pieces.fold(first.len(), |alike, piece| {
        first.iter().zip(piece).take(alike).take_while(|(one, other)| one == other).count()
    });
    outside_date(first, alike).0
}

/// How many characters all of them end with alike.
pub fn common_suffix<'a>(pieces: impl IntoIterator<Item = &'a Piece>) -> usize {
    let mut pieces = pieces.into_iter();
    let Some(first) = pieces.next() else { return 0 };
    let alike = pieces.fold(first.len(), |alike, piece| {
        first.iter().rev().zip(piece.iter().rev()).take(alike).take_while(|(one, other)| one == other).count()
    });
    first.len() - outside_date(first, first.len() - alike).1
}

/// The nearest places before and after a cut at which no date is cut through.
fn outside_date(piece: &[char], cut: usize) -> (usize, usize) {
    let open = piece.iter().take(cut).rposition(|&c| c == Clock::OPEN);
    let close = piece.iter().take(cut).rposition(|&c| c == Clock::CLOSE);
    match open {
        Some(open) if close.is_none_or(|close| close < open) => {
            let after = piece.iter().skip(cut).position(|&c| c == Clock::CLOSE).map_or(piece.len(), |at| cut + at + 1);
            (open, after)
        }
        _ => (cut, cut),
    }
}

/// The piece from one place to another.
pub fn part(piece: &[char], from: usize, to: usize) -> Piece {
    piece.get(from..to).unwrap_or_default().to_vec()
}

/// The end of the special token that a piece begins with, white space before it and line ends behind it included.
pub fn end_of_token(piece: &[char]) -> Option<usize> {
    let token = piece.iter().position(|c| !c.is_whitespace())?;
    let close = match piece.get(token)? {
        '<' => '>',
        '[' => ']',
        _ => return None,
    };
    let end = token + piece.iter().skip(token).take_while(|c| **c != SYSTEM).position(|&c| c == close)? + 1;
    Some(end + piece.iter().skip(end).take_while(|&&c| c == '\n').count())
}

/// The special token that a piece begins with.
pub fn token(piece: &[char]) -> Option<String> {
    let token: String = part(piece, 0, end_of_token(piece)?).into_iter().collect();
    Some(token.trim().to_owned())
}
