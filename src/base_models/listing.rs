//! A list of base models as it is asked for: what narrows it, its order, and the page of it.

use diesel::dsl::{self, IntoBoxed, Limit, Select, sql};
use diesel::expression::SqlLiteral;
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Json, Jsonb};
use diesel::{QueryDsl as _, QueryResult};
use diesel_async::RunQueryDsl as _;
use serde_json::Value;

use super::filter::{Condition, Filter};
use super::model::{BaseModel, Columns};
use super::order::{Order, Place, segments_of};
use super::words::Wanted;
use crate::database::Connection;
use crate::extract::Parameters;
use crate::schema::base_models;

/// Most characters of what is looked for.
const MAX_SEARCH: usize = 200;

/// What is listed, and in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    pub filter: Filter,
    pub wanted: Option<Wanted>,
    order: Option<Order>,
}

/// A record with its place in the order.
pub struct Listed {
    pub base_model: BaseModel,
    pub place: Place,
}

impl Listing {
    pub fn read(parameters: &mut Parameters) -> Self {
        let filter = Filter::read(parameters);
        Self { filter, wanted: read_search(parameters), order: Order::read(parameters) }
    }

    /// The same text for the same list; page tokens are bound to it.
    pub fn canonical(&self) -> String {
        let order = self.order.as_ref().map(Order::canonical).unwrap_or_default();
        let wanted = self.wanted.as_ref().map(ToString::to_string).unwrap_or_default();
        // No part can hold a line feed, so the parts cannot be mistaken for one another.
        format!("base-models\n{}\n{wanted}\n{order}", self.filter.canonical())
    }

    fn segments(&self) -> Vec<Option<Condition>> {
        match (&self.order, &self.wanted) {
            (Some(order), _) => order.segments(),
            (None, Some(wanted)) => segments_of(wanted),
            (None, None) => vec![None],
        }
    }

    /// What every record of the list fulfils.
    pub fn conditions(&self) -> Vec<Condition> {
        let wanted = self.wanted.as_ref().map(|wanted| Condition::AnyWords { query: wanted.query() });
        self.filter.conditions().into_iter().chain(wanted).collect()
    }

    /// Whether a place can be one of this list.
    pub fn has(&self, place: &Place) -> bool {
        place.segment < self.segments().len() && self.order().beyond(place).is_some()
    }

    /// The records after a place, or the first ones, as many as are asked for, if the list goes on so long. Their cards
    /// are null if they are not wanted.
    pub async fn page(
        &self,
        after: Option<&Place>,
        size: i64,
        with_cards: bool,
        db: &mut Connection,
    ) -> QueryResult<Vec<Listed>> {
        let order = self.order();
        let mut listed: Vec<Listed> = Vec::new();
        let first = after.map_or(0, |place| place.segment);
        for (segment, told_apart) in self.segments().into_iter().enumerate().skip(first) {
            let rest = size - i64::try_from(listed.len()).unwrap_or(i64::MAX);
            if rest <= 0 {
                break;
            }
            let beyond = after.filter(|place| place.segment == segment).and_then(|place| order.beyond(place));
            let conditions = self.conditions_in(told_apart).into_iter().chain(beyond);
            let rows: Vec<(BaseModel, Value)> = statement(conditions, &order, rest, with_cards).load(db).await?;
            listed.extend(rows.into_iter().map(|(base_model, keys)| Listed::new(base_model, segment, keys)));
        }
        Ok(listed)
    }

    /// The statements that give the first page, one for each segment.
    pub fn statements(&self) -> Vec<Statement> {
        let each = |told_apart| statement(self.conditions_in(told_apart).into_iter(), &self.order(), 51, true);
        self.segments().into_iter().map(each).collect()
    }

    fn order(&self) -> Order {
        self.order.clone().unwrap_or_else(Order::newest_first)
    }

    /// What every record of a segment fulfils.
    fn conditions_in(&self, told_apart: Option<Condition>) -> Vec<Condition> {
        match told_apart {
            // What tells matches in names apart includes what was looked for.
            Some(words @ Condition::Words { .. }) => self.filter.conditions().into_iter().chain([words]).collect(),
            other => self.conditions().into_iter().chain(other).collect(),
        }
    }
}

impl Listed {
    fn new(base_model: BaseModel, segment: usize, keys: Value) -> Self {
        let keys = if let Value::Array(keys) = keys { keys } else { Vec::new() };
        let id = base_model.id;
        Self { base_model, place: Place { segment, keys, id } }
    }
}

/// Records with the values that they are ordered by.
pub type Statement = IntoBoxed<
    'static,
    Limit<dsl::Order<Select<base_models::table, (Columns, SqlLiteral<Jsonb>)>, SqlLiteral<Bool>>>,
    Pg,
>;

fn statement(conditions: impl Iterator<Item = Condition>, order: &Order, limit: i64, with_cards: bool) -> Statement {
    // A card lies apart from its row, and is not read where it is not wanted.
    let card = sql::<Json>(if with_cards { "base_models.card" } else { "'null'::json" });
    let statement = base_models::table
        .select((BaseModel::columns(card), sql::<Jsonb>(&order.keys())))
        .order(sql::<Bool>(&order.sql()))
        .limit(limit)
        .into_boxed();
    conditions.fold(statement, |statement, condition| statement.filter(condition))
}

/// Reads `q`.
pub fn read_search(parameters: &mut Parameters) -> Option<Wanted> {
    let text = parameters.one("q")?;
    if !(1..=MAX_SEARCH).contains(&text.chars().count()) {
        parameters.fault("q", "length", format!("must be 1 to {MAX_SEARCH} characters long"));
        return None;
    }
    Some(Wanted::parse(&text))
}
