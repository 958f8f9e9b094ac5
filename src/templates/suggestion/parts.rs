//! Reading off: what a chat template writes before, between and after the messages.
//!
//! Conversations whose contents are marks are rendered, and what stands between the marks is
//! taken apart. It may depend on whether there is a system message, and on whether the message is
//! the first or the last one of the user; what depends on more cannot be read off.

use std::collections::BTreeMap;

use super::piece::{Piece, SYSTEM, common_prefix, common_suffix, end_of_token, part};
use super::subject::{Subject, Unreadable};
use crate::templates::conversation::Message;

/// Turns of the longest conversation that is taken apart.
const TURNS: usize = 3;
/// The white space that is tried out on contents.
const BLANKS: [&str; 3] = [" ", "\n", "\t"];
const SYSTEM_MARK: &str = "Sqz0x";

/// The white space that is cut off a content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trim {
    pub left: String,
    pub right: String,
}

impl Trim {
    pub fn is_none(&self) -> bool {
        self.left.is_empty() && self.right.is_empty()
    }
}

/// By whether there is a system message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BySystem {
    pub without: Piece,
    pub with: Option<Piece>,
}

/// What stands before a user's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserPrefix {
    /// Always the same, behind what begins the text.
    Same { start: BySystem, prefix: Piece },
    /// It depends on whether the message is the user's first one, and whether it is the last one of all.
    Varied { first: [BySystem; 2], later: [BySystem; 2] },
}

#[derive(Debug, Clone)]
pub struct Parts {
    pub user_prefix: UserPrefix,
    pub user_suffix: Piece,
    pub assistant_prefix: BySystem,
    pub assistant_suffix: Piece,
    pub empty_answer: Option<Piece>,
    /// What makes the model answer.
    pub generation: BySystem,
    pub system_trim: Trim,
    pub user_trim: Trim,
    pub assistant_trim: Trim,
}

/// What stands between two contents, by whether there is a system message and by a second question.
type Seen = BTreeMap<(bool, bool), Piece>;

#[derive(Default)]
struct Sights {
    /// Before the first user message; second: whether it is the last message.
    start: Seen,
    /// From user to assistant; second: whether it is the first turn.
    answer: Seen,
    /// From assistant to user; second: whether that is the last message.
    question: Seen,
    /// From the last user message to the end; second: whether it is the only one.
    end: Seen,
}

impl Parts {
    pub fn read(subject: &Subject<'_>) -> Result<Self, Unreadable> {
        let mut sights = Sights::default();
        let mut takes_system = true;
        for turns in 1..=TURNS {
            sights.take(false, turns, &pieces(subject, false, turns, ["", "", ""])?)?;
        }
        for turns in 1..=TURNS {
            match pieces(subject, true, turns, ["", "", ""]) {
                Ok(pieces) => sights.take(true, turns, &pieces)?,
                Err(Unreadable::Refused(_)) => takes_system = false,
                Err(other) => return Err(other),
            }
        }
        let [system_trim, user_trim, assistant_trim] = trims(subject, takes_system)?;
        let mut parts = Self::of(&sights, [system_trim, user_trim, assistant_trim])?;
        parts.empty_answer = parts.empty_answer(subject, &sights)?;
        Ok(parts)
    }

    /// What stands in place of an answer that is empty, if that is not what stands round one.
    fn empty_answer(&self, subject: &Subject<'_>, sights: &Sights) -> Result<Option<Piece>, Unreadable> {
        let [before, after] = ["Uqz0x", "Uqz1x"];
        let messages = vec![Message::new("user", before), Message::new("assistant", ""), Message::new("user", after)];
        let text = match subject.marked(messages).map_err(Unreadable::from) {
            Err(Unreadable::Refused(_)) => return Ok(None),
            text => text?,
        };
        let pieces = apart(&text, &[before.to_owned(), after.to_owned()])?;
        let between = pieces.get(1).cloned().unwrap_or_default();
        let seen = |seen: &Seen| seen.get(&(false, true)).cloned().unwrap_or_default();
        if between == [seen(&sights.answer), seen(&sights.question)].concat() {
            return Ok(None);
        }
        let prefix = match &self.user_prefix {
            UserPrefix::Same { prefix, .. } => prefix,
            UserPrefix::Varied { later: [_, last], .. } => &last.without,
        };
        let own =
            between.strip_prefix(self.user_suffix.as_slice()).and_then(|rest| rest.strip_suffix(prefix.as_slice()));
        Ok(own.map(<[char]>::to_vec))
    }

    fn of(sights: &Sights, [system_trim, user_trim, assistant_trim]: [Trim; 3]) -> Result<Self, Unreadable> {
        let (assistant_suffix, user_prefix) = turn(sights);
        let after_user = || sights.answer.values().chain(sights.end.values());
        let ending = assistant_suffix.len();
        let shared = common_prefix(after_user());
        let cut =
            if ending > 0 && after_user().all(|piece| piece.starts_with(&assistant_suffix)) { ending } else { shared };
        let user_suffix = sights.end.values().next().map(|piece| part(piece, 0, cut)).unwrap_or_default();
        let rest =
            |seen: &Seen| seen.iter().map(|(key, piece)| (*key, part(piece, cut, piece.len()))).collect::<Seen>();
        let only = |seen: Seen, what: &str| {
            by_system(&seen).ok_or_else(|| {
                Unreadable::Other(format!("what stands {what} differs between the first turn and the later ones"))
            })
        };
        Ok(Self {
            user_prefix,
            user_suffix,
            assistant_prefix: only(rest(&sights.answer), "before an assistant's message")?,
            assistant_suffix,
            empty_answer: None,
            generation: only(rest(&sights.end), "at the end")?,
            system_trim,
            user_trim,
            assistant_trim,
        })
    }
}

/// What ends an assistant's message, and what begins a user's.
fn turn(sights: &Sights) -> (Piece, UserPrefix) {
    let questions = || sights.question.values();
    let (start, question) = (by_system(&sights.start), by_system(&sights.question));
    let one = questions().next().cloned().unwrap_or_default();
    let same = questions().all(|piece| *piece == one);
    let shared = common_suffix(questions().chain(sights.start.values()));
    // The end of a turn is cut behind its token where that token is, else where the beginnings differ.
    let token = end_of_token(&one).filter(|&end| {
        let prefix = part(&one, end, one.len());
        sights.start.values().all(|piece| piece.ends_with(&prefix))
    });
    if let (Some(start), Some(_), true, true) = (start, question, same, shared > 0) {
        let cut = token.unwrap_or(one.len() - shared);
        let prefix = part(&one, cut, one.len());
        let before = |piece: &Piece| part(piece, 0, piece.len() - prefix.len());
        let start = BySystem { without: before(&start.without), with: start.with.as_ref().map(before) };
        return (part(&one, 0, cut), UserPrefix::Same { start, prefix });
    }
    let shared = common_prefix(questions());
    let cut = end_of_token(&one).map_or(shared, |end| end.min(shared));
    let varied = |seen: &Seen, cut: usize| {
        [false, true].map(|last| {
            let piece = |system| seen.get(&(system, last)).map(|piece| part(piece, cut, piece.len()));
            BySystem { without: piece(false).unwrap_or_default(), with: piece(true) }
        })
    };
    (part(&one, 0, cut), UserPrefix::Varied { first: varied(&sights.start, 0), later: varied(&sights.question, cut) })
}

/// The pieces, if the second question does not matter.
fn by_system(seen: &Seen) -> Option<BySystem> {
    let one = |system: bool| {
        let mut pieces = seen.iter().filter(|(key, _)| key.0 == system).map(|(_, piece)| piece);
        let first = pieces.next();
        pieces.all(|piece| Some(piece) == first).then_some(first.cloned())
    };
    Some(BySystem { without: one(false)??, with: one(true)? })
}

impl Sights {
    fn take(&mut self, system: bool, turns: usize, pieces: &[Piece]) -> Result<(), Unreadable> {
        for (at, piece) in pieces.iter().enumerate() {
            let last = at + 2 >= pieces.len();
            let (seen, second, what) = match at {
                0 => (&mut self.start, last, "before the first message"),
                _ if at + 1 == pieces.len() => (&mut self.end, turns == 1, "at the end"),
                _ if at % 2 == 1 => (&mut self.answer, at == 1, "before an assistant's message"),
                _ => (&mut self.question, last, "before a user's message"),
            };
            if seen.entry((system, second)).or_insert_with(|| piece.clone()) != piece {
                return Err(Unreadable::Other(format!("what stands {what} depends on how many messages there are")));
            }
        }
        Ok(())
    }
}

/// Renders a conversation of marks and takes it apart at them. `blank` stands round the contents of system, user and
/// assistant.
fn pieces(subject: &Subject<'_>, system: bool, turns: usize, blank: [&str; 3]) -> Result<Vec<Piece>, Unreadable> {
    let [round_system, round_user, round_assistant] = blank;
    let around = |blank: &str, mark: &str| format!("{blank}{mark}{blank}");
    let mut messages = Vec::new();
    let mut marks = Vec::new();
    if system {
        messages.push(Message::new("system", around(round_system, SYSTEM_MARK)));
    }
    for turn in 0..turns {
        if turn > 0 {
            marks.push(format!("Aqz{turn}x"));
            messages.push(Message::new("assistant", around(round_assistant, &format!("Aqz{turn}x"))));
        }
        marks.push(format!("Uqz{turn}x"));
        messages.push(Message::new("user", around(round_user, &format!("Uqz{turn}x"))));
    }
    let text = subject.marked(messages)?.replace(SYSTEM_MARK, &SYSTEM.to_string());
    apart(&text, &marks)
}

fn apart(text: &str, marks: &[String]) -> Result<Vec<Piece>, Unreadable> {
    let mut pieces = Vec::new();
    let mut rest = text;
    for mark in marks {
        let (before, after) = rest.split_once(mark).ok_or_else(|| {
            Unreadable::Other("the contents of the messages do not all appear in their order".to_owned())
        })?;
        if after.contains(mark.as_str()) {
            return Err(Unreadable::Other("the content of a message appears more than once".to_owned()));
        }
        pieces.push(before.chars().collect());
        rest = after;
    }
    pieces.push(rest.chars().collect());
    Ok(pieces)
}

/// What is cut off the contents of system, user and assistant.
fn trims(subject: &Subject<'_>, system: bool) -> Result<[Trim; 3], Unreadable> {
    let mut trims = [Trim::default(), Trim::default(), Trim::default()];
    let bare = pieces(subject, system, TURNS, ["", "", ""])?;
    for blank in BLANKS {
        for (role, trim) in trims.iter_mut().enumerate() {
            if role == 0 && !system {
                continue;
            }
            let mut round = ["", "", ""];
            if let Some(place) = round.get_mut(role) {
                *place = blank;
            }
            let wrapped = pieces(subject, system, TURNS, round)?;
            let (left, right) = cut_off(role, blank, &bare, &wrapped).ok_or_else(|| {
                Unreadable::Other("white space round a content is kept in some messages only".to_owned())
            })?;
            trim.left.push_str(if left { blank } else { "" });
            trim.right.push_str(if right { blank } else { "" });
        }
    }
    Ok(trims)
}

/// Whether the blank is cut off on the left and on the right; `None` if not everywhere alike.
fn cut_off(role: usize, blank: &str, bare: &[Piece], wrapped: &[Piece]) -> Option<(bool, bool)> {
    let blank: Piece = blank.chars().collect();
    let mut seen: Option<(bool, bool)> = None;
    let mut agree = |one: (bool, bool)| *seen.get_or_insert(one) == one;
    if role == 0 {
        for (bare, wrapped) in bare.iter().zip(wrapped).filter(|(bare, _)| bare.contains(&SYSTEM)) {
            let at = bare.iter().position(|&c| c == SYSTEM)?;
            let now = wrapped.iter().position(|&c| c == SYSTEM)?;
            let left = now == at;
            let right = wrapped.len() - now == bare.len() - at;
            if !agree((left, right)) {
                return None;
            }
        }
        return seen.or(Some((false, false)));
    }
    for at in 0..bare.len().saturating_sub(1) {
        if (role == 1) != (at % 2 == 0) {
            continue;
        }
        let (before, now_before) = (bare.get(at)?, wrapped.get(at)?);
        let (after, now_after) = (bare.get(at + 1)?, wrapped.get(at + 1)?);
        let left = now_before == before;
        let right = now_after == after;
        let kept = |piece: &Piece, now: &Piece, front: bool| {
            let both = if front { [blank.as_slice(), piece.as_slice()] } else { [piece.as_slice(), blank.as_slice()] };
            *now == both.concat()
        };
        if !(left || kept(before, now_before, false))
            || !(right || kept(after, now_after, true))
            || !agree((left, right))
        {
            return None;
        }
    }
    seen
}
