//! Filters, orders and pages over random records, against what they should be.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::support::{BASE_MODELS, TestApp};

/// A record, as far as it matters here. Few different values, so that many are equal.
#[derive(Debug, Clone)]
struct Record {
    family: Option<&'static str>,
    license: Option<&'static str>,
    tags: Vec<&'static str>,
    parameters: Option<i64>,
    context_length: Option<i64>,
    created: i64,
}

fn records() -> impl Strategy<Value = Record> {
    let text = || prop::option::of(prop::sample::select(vec!["a", "ab", "b", "b c"]));
    let number = || prop::option::of(0i64..4);
    let tags = prop::sample::subsequence(vec!["x", "y", "z"], 0..=3);
    (text(), text(), tags, number(), number(), 0i64..6).prop_map(
        |(family, license, tags, parameters, context_length, created)| Record {
            family,
            license,
            tags,
            parameters,
            context_length,
            created,
        },
    )
}

/// Puts them into the table, under the names `r0`, `r1` and so on from a number.
async fn insert(app: &TestApp, records: &[Record], from: usize) {
    let text = |value: Option<&str>| value.map_or("NULL".to_owned(), |value| format!("'{value}'"));
    let number = |value: Option<i64>| value.map_or("NULL".to_owned(), |value| value.to_string());
    let rows: Vec<String> = records
        .iter()
        .enumerate()
        .map(|(index, record)| {
            let name = format!("r{}", from + index);
            let tags = format!("'{{{}}}'", record.tags.join(","));
            format!(
                "(gen_random_uuid(), '{name}', '{name}', '{name}', 'models/m', '{{}}', 1, {}, {}, {tags}, {tags}, {}, {},
                 timestamptz '2020-01-01 00:00:00Z' + {} * interval '1 microsecond')",
                text(record.family),
                text(record.license),
                number(record.parameters),
                number(record.context_length),
                record.created
            )
        })
        .collect();
    app.sql(&format!(
        "INSERT INTO base_models (id, technical_name, model_name, model_name_key, path, card, facts_version, family,
         license, tags, tag_keys, parameters, context_length, created_at) VALUES {}",
        rows.join(", ")
    ))
    .await;
}

/// A filter with what it means, said here once more and in another way.
#[derive(Debug, Clone)]
enum Filter {
    Text(&'static str, &'static str, String),
    Number(&'static str, &'static str, i64),
    Tag(&'static str),
    Known(&'static str),
    Not(Box<Filter>),
    All(Vec<Filter>),
    Any(Vec<Filter>),
}

fn filters() -> impl Strategy<Value = Filter> {
    let select = |values: Vec<&'static str>| prop::sample::select(values);
    let leaf = prop_oneof![
        (
            select(vec!["family", "license"]),
            select(vec!["=", "!=", ":"]),
            select(vec!["a", "AB", "b", "b c", "a*", "*"])
        )
            .prop_map(|(field, operator, value)| Filter::Text(field, operator, value.to_owned())),
        (select(vec!["parameters", "context_length"]), select(vec!["=", "!=", "<", "<=", ">", ">=", ":"]), 0i64..4)
            .prop_map(|(field, operator, value)| Filter::Number(field, operator, value)),
        select(vec!["x", "Y", "w"]).prop_map(Filter::Tag),
        select(vec!["family", "license", "tag", "parameters"]).prop_map(Filter::Known),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Filter::Not(Box::new(inner))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::All),
            prop::collection::vec(inner, 1..4).prop_map(Filter::Any),
        ]
    })
}

impl Filter {
    fn text(&self) -> String {
        let joined =
            |parts: &[Self], word: &str| format!("({})", parts.iter().map(Self::text).collect::<Vec<_>>().join(word));
        match self {
            Self::Text(field, operator, value) => format!("{field} {operator} \"{value}\""),
            Self::Number(field, operator, value) => format!("{field}{operator}{value}"),
            Self::Tag(tag) => format!("tag:{tag}"),
            Self::Known(field) => format!("{field}:*"),
            Self::Not(inner) => format!("NOT {}", inner.text()),
            Self::All(parts) => joined(parts, " AND "),
            Self::Any(parts) => joined(parts, " OR "),
        }
    }

    fn holds(&self, record: &Record) -> bool {
        match self {
            Self::Text(field, operator, value) => {
                let given = if *field == "family" { record.family } else { record.license };
                let value = value.to_lowercase();
                let equal = given.is_some_and(|given| match value.strip_suffix('*') {
                    Some(begin) => given.starts_with(begin),
                    None => given == value,
                });
                // A lone asterisk after a colon or an equals sign is any value.
                equal != (*operator == "!=")
            }
            Self::Number(field, operator, value) => {
                let given = if *field == "parameters" { record.parameters } else { record.context_length };
                let ordering = given.map(|given| given.cmp(value));
                match *operator {
                    "=" | ":" => ordering == Some(Ordering::Equal),
                    "!=" => ordering != Some(Ordering::Equal),
                    "<" => ordering == Some(Ordering::Less),
                    "<=" => ordering.is_some_and(Ordering::is_le),
                    ">" => ordering == Some(Ordering::Greater),
                    _ => ordering.is_some_and(Ordering::is_ge),
                }
            }
            Self::Tag(tag) => record.tags.contains(&tag.to_lowercase().as_str()),
            Self::Known(field) => match *field {
                "family" => record.family.is_some(),
                "license" => record.license.is_some(),
                "tag" => !record.tags.is_empty(),
                _ => record.parameters.is_some(),
            },
            Self::Not(inner) => !inner.holds(record),
            Self::All(parts) => parts.iter().all(|part| part.holds(record)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(record)),
        }
    }
}

fn address(pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{BASE_MODELS}?{query}")
}

fn numbers(page: &Value) -> Vec<usize> {
    let number = |item: &Value| item["technical_name"].as_str().unwrap()[1..].parse().unwrap();
    page["items"].as_array().unwrap().iter().map(number).collect()
}

#[tokio::test]
async fn a_filter_lets_through_what_it_says() {
    let app = TestApp::start().await;
    let mut runner = TestRunner::default();
    let records = prop::collection::vec(records(), 120).new_tree(&mut runner).unwrap().current();
    insert(&app, &records, 0).await;
    for _ in 0..300 {
        let filter = filters().new_tree(&mut runner).unwrap().current();
        let text = filter.text();
        let path = address(&[
            ("filter", &text),
            ("page_size", "1000"),
            ("fields", "technical_name"),
            ("include_total", "true"),
        ]);
        let page = app.get(&path).await.expect_status(200).json();
        let expected: BTreeSet<usize> = (0..records.len()).filter(|index| filter.holds(&records[*index])).collect();
        let listed = numbers(&page);
        assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), expected, "{text}");
        assert_eq!((listed.len(), &page["total"]), (expected.len(), &Value::from(expected.len())), "{text}");
    }
}

/// The order of two records by one field, the unknown last in both directions.
fn compare(field: &str, one: &Record, other: &Record) -> Ordering {
    fn ordered<T: Ord>(one: Option<T>, other: Option<T>, descending: bool) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) if descending => other.cmp(&one),
            (Some(one), Some(other)) => one.cmp(&other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        }
    }
    let (name, descending) = field.strip_prefix('-').map_or((field, false), |name| (name, true));
    match name {
        "family" => ordered(one.family, other.family, descending),
        "license" => ordered(one.license, other.license, descending),
        "parameters" => ordered(one.parameters, other.parameters, descending),
        "context_length" => ordered(one.context_length, other.context_length, descending),
        _ => ordered(Some(one.created), Some(other.created), descending),
    }
}

fn sorts() -> impl Strategy<Value = Vec<String>> {
    let fields = vec!["family", "license", "parameters", "context_length", "created_at"];
    (prop::sample::subsequence(fields, 1..=3).prop_shuffle(), prop::collection::vec(any::<bool>(), 3)).prop_map(
        |(fields, descending)| {
            let one = |(field, descending): (&&str, &bool)| format!("{}{field}", if *descending { "-" } else { "" });
            fields.iter().zip(&descending).map(one).collect()
        },
    )
}

#[tokio::test]
async fn a_walk_sees_each_record_that_stays_once_and_in_order_while_others_come_and_go() {
    let app = TestApp::start().await;
    let mut runner = TestRunner::default();
    for _ in 0..12 {
        app.sql("DELETE FROM base_models").await;
        let mut all: BTreeMap<usize, Record> = BTreeMap::new();
        let first = prop::collection::vec(records(), 40).new_tree(&mut runner).unwrap().current();
        insert(&app, &first, 0).await;
        all.extend(first.into_iter().enumerate());
        let mut staying: BTreeSet<usize> = all.keys().copied().collect();
        let sort = sorts().new_tree(&mut runner).unwrap().current();
        let size = (1usize..9).new_tree(&mut runner).unwrap().current().to_string();
        let joined = sort.join(",");
        let (mut seen, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut pairs = vec![("sort", joined.as_str()), ("page_size", &size), ("fields", "technical_name")];
            pairs.extend(token.as_deref().map(|token| ("page_token", token)));
            let page = app.get(&address(&pairs)).await.expect_status(200).json();
            seen.extend(numbers(&page));
            token = page["next_page_token"].as_str().map(str::to_owned);
            if token.is_none() {
                break;
            }
            let more = prop::collection::vec(records(), 0..3).new_tree(&mut runner).unwrap().current();
            if all.len() < 80 && !more.is_empty() {
                insert(&app, &more, all.len()).await;
                let from = all.len();
                all.extend(more.into_iter().enumerate().map(|(index, record)| (from + index, record)));
            }
            // The record that the token names goes, and one that may be anywhere.
            let victim = prop::sample::select(staying.iter().copied().collect::<Vec<_>>());
            let victim = victim.new_tree(&mut runner).unwrap().current();
            for number in [seen.last().copied(), Some(victim)].into_iter().flatten() {
                app.sql(&format!("DELETE FROM base_models WHERE technical_name = 'r{number}'")).await;
                staying.remove(&number);
            }
            if staying.is_empty() {
                break;
            }
        }
        let distinct: BTreeSet<usize> = seen.iter().copied().collect();
        assert_eq!(distinct.len(), seen.len(), "{joined}: seen twice: {seen:?}");
        assert!(
            token.is_some() || distinct.is_superset(&staying),
            "{joined}: missed {:?}",
            staying.difference(&distinct)
        );
        for pair in seen.windows(2) {
            let by = |field: &String| compare(field, &all[&pair[0]], &all[&pair[1]]);
            let order = sort.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
            assert!(order.is_le(), "{joined}: {:?} before {:?}", all[&pair[0]], all[&pair[1]]);
        }
    }
}
