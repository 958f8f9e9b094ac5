//! The filter language: AIP-160 over the table of fields.
//!
//! `AND`, `OR`, `NOT` or `-`, parentheses, `= != < <= > >= :`, quoted texts, numbers with exponents. As AIP-160 has it, OR
//! binds more tightly than AND. A text is parsed whole before its fields and values are looked at, so that all of those
//! that are wrong are told at once; each error says at which character.

use winnow::combinator::opt;
use winnow::error::{ErrMode, ParserError};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location as _, Stateful};
use winnow::token::{any, literal, take_while};

use super::expression::{Comparator, Expression};
use super::field::{FIELDS, Field, Kind, Value, read_text};

/// Most characters of a filter.
pub const MAX_LENGTH: usize = 1500;
/// Most parentheses and negations inside one another.
const MAX_DEPTH: usize = 16;

/// What is wrong with a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Bytes before it.
    at: usize,
    detail: String,
}

type Input<'a> = Stateful<LocatingSlice<&'a str>, usize>;
type Parsed<T> = winnow::Result<T, ErrMode<Refusal>>;

impl<'a> ParserError<Input<'a>> for Refusal {
    type Inner = Self;

    fn from_input(input: &Input<'a>) -> Self {
        refusal(input, "expected something else")
    }

    fn into_inner(self) -> Result<Self::Inner, Self> {
        Ok(self)
    }
}

fn refusal(input: &Input<'_>, detail: impl Into<String>) -> Refusal {
    Refusal { at: input.current_token_start(), detail: detail.into() }
}

fn expected<T>(input: &Input<'_>, what: &str) -> Parsed<T> {
    Err(ErrMode::Cut(refusal(input, format!("expected {what}"))))
}

impl Refusal {
    /// The text for whoever wrote the filter; characters are counted from 1.
    pub fn told(&self, filter: &str) -> String {
        let character = filter.get(..self.at).unwrap_or(filter).chars().count().saturating_add(1);
        format!("at character {character}: {}", self.detail)
    }
}

/// Reads a filter; every fault that is found.
pub fn parse(filter: &str) -> Result<Expression, Vec<Refusal>> {
    let mut input = Input { input: LocatingSlice::new(filter), state: 0 };
    let syntax = whole.parse_next(&mut input).map_err(|error| match error {
        ErrMode::Backtrack(refusal) | ErrMode::Cut(refusal) => vec![refusal],
        ErrMode::Incomplete(_) => vec![refusal(&input, "expected more")],
    })?;
    let mut faults = Vec::new();
    let expression = typed(syntax, &mut faults);
    match (expression, faults.is_empty()) {
        (Some(expression), true) => Ok(expression),
        _ => Err(faults),
    }
}

/// What was written, before fields and values are looked at.
#[derive(Debug)]
enum Syntax {
    All(Vec<Syntax>),
    Any(Vec<Syntax>),
    Not(Box<Syntax>),
    Comparison { field: Placed<String>, operator: Placed<Operator>, argument: Placed<Argument> },
}

#[derive(Debug)]
struct Placed<T> {
    at: usize,
    value: T,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Compare(Comparator),
    Has,
}

#[derive(Debug, PartialEq, Eq)]
struct Argument {
    text: String,
    /// Whether an asterisk follows that stands for any further characters.
    is_open: bool,
}

fn whole(input: &mut Input<'_>) -> Parsed<Syntax> {
    space(input)?;
    let syntax = sequence(input)?;
    if input.is_empty() { Ok(syntax) } else { expected(input, "AND, OR or the end") }
}

/// Factors that all have to hold; AND between them may be left out.
fn sequence(input: &mut Input<'_>) -> Parsed<Syntax> {
    let mut parts = vec![factor(input)?];
    while !input.is_empty() && !input.starts_with(')') {
        opt(keyword("AND")).parse_next(input)?;
        parts.push(factor(input)?);
    }
    Ok(alone(parts, Syntax::All))
}

/// Terms of which one has to hold.
fn factor(input: &mut Input<'_>) -> Parsed<Syntax> {
    let mut parts = vec![term(input)?];
    while opt(keyword("OR")).parse_next(input)?.is_some() {
        parts.push(term(input)?);
    }
    Ok(alone(parts, Syntax::Any))
}

fn alone(mut parts: Vec<Syntax>, several: fn(Vec<Syntax>) -> Syntax) -> Syntax {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => several(parts.into_iter().chain(last).collect()),
    }
}

fn term(input: &mut Input<'_>) -> Parsed<Syntax> {
    if opt(keyword("NOT")).parse_next(input)?.is_some() || opt(literal("-")).parse_next(input)?.is_some() {
        return deeper(input, |input| term(input).map(|inner| Syntax::Not(Box::new(inner))));
    }
    if opt(literal("(")).parse_next(input)?.is_some() {
        return deeper(input, |input| {
            space(input)?;
            let inner = sequence(input)?;
            if opt(literal(")")).parse_next(input)?.is_none() {
                return expected(input, "AND, OR or `)`");
            }
            space(input)?;
            Ok(inner)
        });
    }
    comparison(input)
}

fn deeper(input: &mut Input<'_>, inner: impl FnOnce(&mut Input<'_>) -> Parsed<Syntax>) -> Parsed<Syntax> {
    if input.state >= MAX_DEPTH {
        let detail = format!("at most {MAX_DEPTH} parentheses and negations may be inside one another");
        return Err(ErrMode::Cut(refusal(input, detail)));
    }
    input.state += 1;
    let syntax = inner(input)?;
    input.state -= 1;
    Ok(syntax)
}

fn comparison(input: &mut Input<'_>) -> Parsed<Syntax> {
    let at = input.current_token_start();
    let name: &str = take_while(0.., is_name).parse_next(input)?;
    if name.is_empty() || matches!(name, "AND" | "OR" | "NOT") {
        let detail = "expected a field, NOT or `(`".to_owned();
        return Err(ErrMode::Cut(Refusal { at, detail }));
    }
    let field = Placed { at, value: name.to_owned() };
    space(input)?;
    let at = input.current_token_start();
    let operator = Placed { at, value: operator(input, name)? };
    space(input)?;
    let at = input.current_token_start();
    let argument = Placed { at, value: argument(input)? };
    space(input)?;
    Ok(Syntax::Comparison { field, operator, argument })
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '.'
}

fn operator(input: &mut Input<'_>, field: &str) -> Parsed<Operator> {
    for comparator in [
        Comparator::NotEqual,
        Comparator::AtMost,
        Comparator::AtLeast,
        Comparator::Equal,
        Comparator::Less,
        Comparator::More,
    ] {
        if opt(literal(comparator.as_str())).parse_next(input)?.is_some() {
            return Ok(Operator::Compare(comparator));
        }
    }
    match opt(literal(":")).parse_next(input)? {
        Some(_) => Ok(Operator::Has),
        None if ["and", "or", "not"].contains(&field.to_ascii_lowercase().as_str()) => {
            expected(input, "one of = != < <= > >= : after a field; AND, OR and NOT are written in capitals")
        }
        None => expected(input, "one of = != < <= > >= : after the field"),
    }
}

fn argument(input: &mut Input<'_>) -> Parsed<Argument> {
    for quote in ["\"", "'"] {
        if opt(literal(quote)).parse_next(input)?.is_some() {
            return quoted(input, quote);
        }
    }
    let text: &str = take_while(0.., is_plain).parse_next(input)?;
    if text.is_empty() {
        return expected(input, "a value, in quotes if it has spaces or other signs");
    }
    let open = text.strip_suffix('*');
    Ok(Argument { text: open.unwrap_or(text).to_owned(), is_open: open.is_some() })
}

/// What a value may hold without quotes; a time has colons.
fn is_plain(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !"()\"'=<>!,\\".contains(c)
}

/// The rest of a text in quotes. A backslash takes its meaning from a quote, an asterisk or a backslash.
fn quoted(input: &mut Input<'_>, quote: &str) -> Parsed<Argument> {
    let (mut text, mut is_open) = (String::new(), false);
    loop {
        if opt(literal(quote)).parse_next(input)?.is_some() {
            return Ok(Argument { text, is_open });
        }
        if is_open {
            // Only the last asterisk is one.
            text.push('*');
            is_open = false;
        }
        match opt(any).parse_next(input)? {
            None => return expected(input, &format!("a closing {quote}")),
            Some('*') => is_open = true,
            Some('\\') => match opt(any).parse_next(input)? {
                Some(c @ ('"' | '\'' | '\\' | '*')) => text.push(c),
                _ => return expected(input, "a quote, an asterisk or a backslash after a backslash"),
            },
            Some(c) => text.push(c),
        }
    }
}

/// A word in capitals that stands alone.
fn keyword<'a>(word: &'static str) -> impl FnMut(&mut Input<'a>) -> Parsed<()> {
    move |input| {
        let start = input.checkpoint();
        literal(word).void().parse_next(input)?;
        if !input.is_empty() && input.chars().next().is_some_and(is_name) {
            input.reset(&start);
            return Err(ErrMode::Backtrack(refusal(input, "expected a word")));
        }
        space(input)
    }
}

fn space(input: &mut Input<'_>) -> Parsed<()> {
    take_while(0.., char::is_whitespace).void().parse_next(input)
}

/// Looks at fields and values. `None` where something is wrong, which `faults` then tells.
fn typed(syntax: Syntax, faults: &mut Vec<Refusal>) -> Option<Expression> {
    let mut each = |parts: Vec<Syntax>| {
        let typed: Vec<Option<Expression>> = parts.into_iter().map(|part| typed(part, faults)).collect();
        typed.into_iter().collect::<Option<Vec<Expression>>>()
    };
    match syntax {
        Syntax::All(parts) => each(parts).map(Expression::All),
        Syntax::Any(parts) => each(parts).map(Expression::Any),
        Syntax::Not(inner) => typed(*inner, faults).map(|inner| Expression::Not(Box::new(inner))),
        Syntax::Comparison { field, operator, argument } => match compared(&field, &operator, &argument) {
            Ok(expression) => Some(expression),
            Err(refusal) => {
                faults.push(refusal);
                None
            }
        },
    }
}

fn compared(
    field: &Placed<String>,
    operator: &Placed<Operator>,
    argument: &Placed<Argument>,
) -> Result<Expression, Refusal> {
    let refused = |at: usize, detail: String| Refusal { at, detail };
    let known = Field::named(&field.value).ok_or_else(|| {
        let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
        refused(field.at, format!("{:?} is not a field; they are {}", field.value, names.join(", ")))
    })?;
    let Argument { text, is_open } = &argument.value;
    if text.is_empty() && *is_open {
        match operator.value {
            Operator::Has | Operator::Compare(Comparator::Equal) => return Ok(Expression::Known(known)),
            Operator::Compare(Comparator::NotEqual) => return Ok(Expression::Not(Box::new(Expression::Known(known)))),
            Operator::Compare(_) => {}
        }
    }
    let comparator = comparator(known, operator.value).map_err(|detail| refused(operator.at, detail))?;
    let wrong = |detail: String| refused(argument.at, format!("`{}` {detail}", known.name));
    if *is_open {
        if known.kind != Kind::Text || comparator != Comparator::Equal && comparator != Comparator::NotEqual {
            return Err(wrong("takes no asterisk; write it as \\* in quotes if it is one".to_owned()));
        }
        return read_text(text)
            .map(|text| Expression::Compare(known, comparator, Value::Beginning(text)))
            .map_err(wrong);
    }
    known.read(text).map(|value| Expression::Compare(known, comparator, value)).map_err(wrong)
}

/// What an operator means for a field. `:` is that the field has the value, which for a single one is to be equal to it.
fn comparator(field: &Field, operator: Operator) -> Result<Comparator, String> {
    let is_ordered = matches!(field.kind, Kind::Count { .. } | Kind::Time { .. });
    match operator {
        Operator::Has => Ok(Comparator::Equal),
        Operator::Compare(comparator @ (Comparator::Equal | Comparator::NotEqual)) => Ok(comparator),
        Operator::Compare(comparator) if is_ordered => Ok(comparator),
        Operator::Compare(_) => Err(format!("`{}` is compared with = != or :", field.name)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(filter: &str) -> String {
        parse(filter).unwrap_or_else(|faults| panic!("{filter}: {faults:?}")).to_string()
    }

    fn told(filter: &str) -> Vec<String> {
        parse(filter).unwrap_err().iter().map(|refusal| refusal.told(filter)).collect()
    }

    #[test]
    fn filters_are_read_as_aip_160_has_them() {
        for (filter, read) in [
            ("family=qwen2", "family = \"qwen2\""),
            (" family : 'Qwen2' ", "family = \"qwen2\""),
            ("parameters < 8e9", "parameters < 8000000000"),
            ("parameters<=8.5e9 AND -tag:prod", "parameters <= 8500000000 AND NOT tag = \"prod\""),
            // OR binds more tightly than AND.
            ("tag:a AND tag:b OR tag:c", "tag = \"a\" AND tag = \"b\" OR tag = \"c\""),
            ("tag:a OR tag:b AND tag:c", "tag = \"a\" OR tag = \"b\" AND tag = \"c\""),
            ("(tag:a AND tag:b) OR tag:c", "(tag = \"a\" AND tag = \"b\") OR tag = \"c\""),
            ("tag:a AND (tag:b OR tag:c)", "tag = \"a\" AND tag = \"b\" OR tag = \"c\""),
            ("tag:a tag:b", "tag = \"a\" AND tag = \"b\""),
            ("NOT (tag:a OR tag:b)", "NOT (tag = \"a\" OR tag = \"b\")"),
            ("NOT NOT tag:a", "NOT (NOT tag = \"a\")"),
            ("license:*", "license:*"),
            ("model_name = \"Qwen2.5*\"", "model_name = \"qwen2.5*\""),
            ("model_name = \"a\\*\"", "model_name = \"a\\*\""),
            ("tag = \"say \\\"hi\\\"\"", "tag = \"say \\\"hi\\\"\""),
            ("created_at > 2026-11-24T10:00:00+02:00", "created_at > \"2026-11-24T08:00:00Z\""),
            ("ANDROID=1 OR tag:x", "!"),
        ] {
            match read {
                "!" => assert!(parse(filter).is_err(), "{filter}"),
                _ => assert_eq!(printed(filter), read, "{filter}"),
            }
        }
        let all = parse("tag:a AND tag:b OR tag:c").unwrap();
        assert!(matches!(all, Expression::All(parts) if parts.len() == 2));
    }

    #[test]
    fn errors_point_at_the_character_and_say_what_is_allowed() {
        for (filter, fault) in [
            ("", "at character 1: expected a field, NOT or `(`"),
            ("family", "at character 7: expected one of = != < <= > >= : after the field"),
            ("family =", "at character 9: expected a value, in quotes if it has spaces or other signs"),
            ("family = \"é", "at character 12: expected a closing \""),
            ("(family = a", "at character 12: expected AND, OR or `)`"),
            ("family = a)", "at character 11: expected AND, OR or the end"),
            ("family = a AND", "at character 15: expected a field, NOT or `(`"),
            ("family < a", "at character 8: `family` is compared with = != or :"),
            (
                "parameters = 8B",
                "at character 14: `parameters` must be a whole number from 0 to 9007199254740991, such as 8000000000 or 8e9",
            ),
            (
                "tag:a and tag:b",
                "at character 11: expected one of = != < <= > >= : after a field; AND, OR and NOT are written in capitals",
            ),
            ("card_status = good", "at character 15: `card_status` must be one of complete, partial, empty"),
            ("tag = a*", "at character 7: `tag` takes no asterisk; write it as \\* in quotes if it is one"),
        ] {
            assert_eq!(told(filter), [fault], "{filter}");
        }
        assert!(told("size = 1")[0].starts_with("at character 1: \"size\" is not a field; they are technical_name, "));
        assert_eq!(told("size = 1 AND family < 1 OR parameters = x").len(), 3, "all faults at once");
    }

    #[test]
    fn depth_has_a_limit() {
        let nested = |depth: usize| format!("{}tag:a{}", "(".repeat(depth), ")".repeat(depth));
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert!(told(&nested(MAX_DEPTH + 1))[0].starts_with("at character 18: at most 16"));
        assert!(parse(&"NOT ".repeat(100_000)).is_err());
        assert!(parse(&"-".repeat(100_000)).is_err());
        assert!(parse(&["tag:a"; 50_000].join(" OR ")).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail(filter in "\\PC{0,80}|[a-z:=<>!()\"'\\\\ *-]{0,80}|((family|tag|parameters)|( |:|=|<|AND|OR|NOT|-|\\(|\\)|\"a\"|8e9)){0,40}") {
            if let Err(faults) = parse(&filter) {
                prop_assert!(!faults.is_empty());
                prop_assert!(faults.iter().all(|fault| fault.at <= filter.len() && !fault.told(&filter).is_empty()));
            }
        }

        #[test]
        fn what_is_written_is_read_again(expression in super::super::testing::expressions()) {
            let written = expression.to_string();
            prop_assert_eq!(parse(&written).map_err(|faults| faults[0].told(&written)), Ok(expression));
        }
    }
}
