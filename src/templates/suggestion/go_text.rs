//! Writing the parts as a Go template, in the manner of Modelfiles.

use super::parts::{BySystem, Parts, Trim, UserPrefix};
use super::piece::{Piece, SYSTEM, common_prefix, common_suffix, part};
use crate::templates::jinja::Clock;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The template, or what Go cannot say.
pub fn write(parts: &Parts) -> Result<String, String> {
    let mut writer = Writer::default();
    writer.definitions([&parts.system_trim, &parts.user_trim, &parts.assistant_trim]);
    let needs = Needs::of(parts);
    if let UserPrefix::Same { start, .. } = &parts.user_prefix {
        writer.by_system(start, ".System", &parts.system_trim)?;
    }
    if needs.first {
        writer.block("$first := true");
    }
    writer.block(if needs.last { "range $index, $_ := .Messages" } else { "range .Messages" });
    if needs.last {
        writer.block("$last := eq (len (slice $.Messages $index)) 1");
    }
    writer.block("if eq .Role \"user\"");
    writer.user_prefix(parts)?;
    writer.content(".Content", &parts.user_trim);
    writer.piece(&parts.user_suffix, "$.System", &parts.system_trim)?;
    if needs.first {
        writer.block("$first = false");
    }
    writer.block("else if eq .Role \"assistant\"");
    writer.answer(parts)?;
    writer.block("end");
    writer.block("end");
    writer.by_system(&parts.generation, ".System", &parts.system_trim)?;
    Ok(writer.text)
}

/// The variables that the loop needs.
struct Needs {
    first: bool,
    last: bool,
}

impl Needs {
    fn of(parts: &Parts) -> Self {
        match &parts.user_prefix {
            UserPrefix::Same { .. } => Self { first: false, last: false },
            UserPrefix::Varied { first, later } => {
                Self { first: first != later, last: [first, later].into_iter().any(|[before, last]| before != last) }
            }
        }
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    /// Whether the text ends in white space that belongs to it.
    ends_blank: bool,
}

impl Writer {
    /// An action on a line of its own, where the text before it does not end in white space that would go too.
    fn block(&mut self, action: &str) {
        if self.ends_blank {
            return self.inline(action);
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str("{{- ");
        self.text.push_str(action);
        self.text.push_str(" }}");
    }

    fn inline(&mut self, action: &str) {
        // `{` before `{{` would be read as a part of it.
        if self.text.ends_with('{') {
            self.text.pop();
            self.text.push_str("{{ \"{\" }}");
        }
        self.text.push_str("{{ ");
        self.text.push_str(action);
        self.text.push_str(" }}");
        self.ends_blank = false;
    }

    fn literal(&mut self, text: &str) {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            self.text.push_str(before);
            self.inline("\"{{\"");
            rest = after;
        }
        self.text.push_str(rest);
        if let Some(last) = text.chars().last() {
            self.ends_blank = last.is_whitespace();
        }
    }

    fn content(&mut self, name: &str, trim: &Trim) {
        if trim.is_none() {
            self.inline(name);
        } else {
            self.inline(&format!("template \"{}\" {name}", definition_name(trim)));
        }
    }

    /// A piece with the system message and dates in it.
    fn piece(&mut self, piece: &Piece, system: &str, trim: &Trim) -> Result<(), String> {
        let mut text = String::new();
        let mut characters = piece.iter();
        while let Some(&c) = characters.next() {
            if c != SYSTEM && c != Clock::OPEN {
                text.push(c);
                continue;
            }
            self.literal(&std::mem::take(&mut text));
            if c == SYSTEM {
                self.content(system, trim);
            } else {
                let format: String = characters.by_ref().take_while(|&&c| c != Clock::CLOSE).collect();
                self.date(&format)?;
            }
        }
        self.literal(&text);
        Ok(())
    }

    fn by_system(&mut self, pieces: &BySystem, system: &str, trim: &Trim) -> Result<(), String> {
        let BySystem { without, with: Some(with) } = pieces else {
            return self.piece(&pieces.without, system, trim);
        };
        let ending = common_suffix([without, with]);
        let head = |piece: &Piece| part(piece, 0, piece.len() - ending);
        let (without_head, with_head) = (head(without), head(with));
        let beginning = common_prefix([&without_head, &with_head]);
        let middle = |piece: &Piece| part(piece, beginning, piece.len());
        self.piece(&part(without, 0, beginning), system, trim)?;
        self.choice(system, &middle(&with_head), &middle(&without_head), system, trim)?;
        self.piece(&part(without, without.len() - ending, without.len()), system, trim)
    }

    fn choice(&mut self, condition: &str, yes: &Piece, no: &Piece, system: &str, trim: &Trim) -> Result<(), String> {
        if yes == no {
            return self.piece(yes, system, trim);
        }
        if yes.is_empty() {
            self.block(&format!("if not {condition}"));
            self.piece(no, system, trim)?;
        } else {
            self.block(&format!("if {condition}"));
            self.piece(yes, system, trim)?;
            if !no.is_empty() {
                self.block("else");
                self.piece(no, system, trim)?;
            }
        }
        self.block("end");
        Ok(())
    }

    fn answer(&mut self, parts: &Parts) -> Result<(), String> {
        if parts.empty_answer.is_some() {
            self.block("if .Content");
        }
        self.by_system(&parts.assistant_prefix, "$.System", &parts.system_trim)?;
        self.content(".Content", &parts.assistant_trim);
        self.piece(&parts.assistant_suffix, "$.System", &parts.system_trim)?;
        if let Some(empty) = &parts.empty_answer {
            self.block("else");
            self.piece(empty, "$.System", &parts.system_trim)?;
            self.block("end");
        }
        Ok(())
    }

    fn user_prefix(&mut self, parts: &Parts) -> Result<(), String> {
        let trim = &parts.system_trim;
        match &parts.user_prefix {
            UserPrefix::Same { prefix, .. } => self.piece(prefix, "$.System", trim),
            UserPrefix::Varied { first, later } if first == later => self.by_last(first, trim),
            UserPrefix::Varied { first, later } => {
                self.block("if $first");
                self.by_last(first, trim)?;
                self.block("else");
                self.by_last(later, trim)?;
                self.block("end");
                Ok(())
            }
        }
    }

    fn by_last(&mut self, [before, last]: &[BySystem; 2], trim: &Trim) -> Result<(), String> {
        if before == last {
            return self.by_system(before, "$.System", trim);
        }
        if before.without == last.without && before.with.as_ref() == Some(&before.without) {
            // Only a system message makes a difference, and only before the last question.
            if let Some(with) = &last.with {
                let ending = common_suffix([&last.without, with]);
                let beginning = common_prefix([&last.without, with]).min(last.without.len() - ending);
                self.piece(&part(&last.without, 0, beginning), "$.System", trim)?;
                let middle = |piece: &Piece| part(piece, beginning, piece.len() - ending);
                self.choice("and $last $.System", &middle(with), &middle(&last.without), "$.System", trim)?;
                return self.piece(&part(with, with.len() - ending, with.len()), "$.System", trim);
            }
        }
        self.block("if $last");
        self.by_system(last, "$.System", trim)?;
        self.block("else");
        self.by_system(before, "$.System", trim)?;
        self.block("end");
        Ok(())
    }

    /// A date, as far as it can be made of Ollama's `currentDate`, which is written as 2026-11-24.
    fn date(&mut self, format: &str) -> Result<(), String> {
        let mut rest = format.replace("%F", "%Y-%m-%d");
        while !rest.is_empty() {
            let Some((before, after)) = rest.split_once('%') else {
                self.literal(&rest);
                return Ok(());
            };
            self.literal(before);
            let mut characters = after.chars();
            match characters.next() {
                Some('Y') if after.starts_with("Y-%m-%d") => {
                    self.inline("currentDate");
                    characters = after.get("Y-%m-%d".len()..).unwrap_or_default().chars();
                }
                Some('Y') => self.inline("slice currentDate 0 4"),
                Some('y') => self.inline("slice currentDate 2 4"),
                Some('m') => self.inline("slice currentDate 5 7"),
                Some('d') => self.inline("slice currentDate 8 10"),
                Some('B') => self.month(usize::MAX),
                Some('b' | 'h') => self.month(3),
                Some('%') => self.literal("%"),
                _ => return Err(format!("a date as {format:?} writes it cannot be made of Ollama's `currentDate`")),
            }
            rest = characters.as_str().to_owned();
        }
        Ok(())
    }

    /// The month's name, or as many letters of it.
    fn month(&mut self, letters: usize) {
        self.inline("with slice currentDate 5 7");
        for (at, name) in MONTHS.iter().enumerate() {
            let name: String = name.chars().take(letters).collect();
            let word = if at == 0 { "if" } else { "else if" };
            self.inline(&format!("{word} eq . \"{:02}\"", at + 1));
            self.literal(&name);
        }
        self.inline("end");
        self.inline("end");
    }

    /// Go has no function that cuts white space off, so that the template defines one.
    fn definitions(&mut self, trims: [&Trim; 3]) {
        let mut defined: Vec<&Trim> = Vec::new();
        for trim in trims {
            if !trim.is_none() && !defined.contains(&trim) {
                defined.push(trim);
                self.definition(trim);
            }
        }
    }

    fn definition(&mut self, trim: &Trim) {
        let (left, right) = (codes(&trim.left), codes(&trim.right));
        let last = !right.is_empty();
        self.block(&format!("define \"{}\"", definition_name(trim)));
        if last {
            self.block("$last := 0");
            self.inline("range $at := len .");
            self.inline("$last = $at");
            self.inline("end");
        }
        let is = |place: &str, codes: &str| format!("(eq (index . {place}) {codes})");
        let outer = match (left.is_empty(), right.is_empty()) {
            (false, false) => format!("(or {} {})", is("0", &left), is("$last", &right)),
            (false, true) => is("0", &left),
            _ => is("$last", &right),
        };
        self.block(&format!("if and . {outer}"));
        self.block("$start := -1");
        self.inline("$end := -1");
        self.block("range $at := len .");
        self.scan(&left, &right);
        self.block("end");
        self.cut(!left.is_empty(), last);
        self.block("else");
        self.inline(".");
        self.block("end");
        self.block("end");
    }

    /// Looks for where the text begins and where the white space behind it begins.
    fn scan(&mut self, left: &str, right: &str) {
        if left.is_empty() {
            self.block("if lt $start 0");
            self.inline("$start = 0");
            self.inline("end");
        } else {
            self.block(&format!("if and (lt $start 0) (not (eq (index $ $at) {left}))"));
            self.inline("$start = $at");
            self.inline("end");
        }
        if !right.is_empty() {
            self.block(&format!("if not (eq (index $ $at) {right})"));
            self.inline("$end = -1");
            self.inline("else if lt $end 0");
            self.inline("$end = $at");
            self.inline("end");
        }
    }

    fn cut(&mut self, left: bool, right: bool) {
        let start = if left { "$start" } else { "0" };
        self.block("if lt $start 0");
        if right {
            self.block("else if ge $end 0");
            self.inline(&format!("slice . {start} $end"));
        }
        self.block("else");
        self.inline(&format!("slice . {start}"));
        self.block("end");
    }
}

/// What the bytes of this white space are; what cuts off space, line end and tab cuts off all of ASCII's.
fn codes(blanks: &str) -> String {
    match blanks {
        "" => String::new(),
        " \n\t" => "32 9 10 11 12 13".to_owned(),
        other => other.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(" "),
    }
}

fn definition_name(trim: &Trim) -> String {
    let side = |blanks: &str| match blanks {
        "" => "none",
        " \n\t" => "all",
        "\n" => "lines",
        " " => "spaces",
        _ => "some",
    };
    match (trim.left.as_str(), trim.right.as_str()) {
        (" \n\t", " \n\t") => "trimmed".to_owned(),
        (left, right) => format!("trimmed-{}-{}", side(left), side(right)),
    }
}
