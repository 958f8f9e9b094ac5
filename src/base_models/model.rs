//! The record of a base model and its queries. The database's constraints are the rules.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::dsl;
use diesel::expression::{AsExpression, SqlLiteral};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::{AsChangeset, HasQuery, Insertable};
use diesel::result::Error as QueryError;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{Json, Jsonb, Text};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, QueryResult,
    SelectableHelper as _,
};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::facts::Facts;
use super::file::StoredFile;
use super::folder_card::FolderCard;
use super::input::{NewBaseModel, Property, PropertyName};
use super::names;
use super::notices::Notices;
use super::reference::Reference;
use super::words::Words;
use crate::cards::Card;
use crate::database::Connection;
use crate::error::Conflict;
use crate::schema::base_models;

/// The constraints that keep both names unique.
pub const UNIQUE_NAMES: [&str; 2] = ["base_models_technical_name_unique", "base_models_model_name_unique"];

/// A registered base model.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = base_models, check_for_backend(Pg))]
pub struct BaseModel {
    #[schema(example = "0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11")]
    pub id: Uuid,
    #[schema(min_length = 1, max_length = 40, example = "llama3.2-1b")]
    pub technical_name: String,
    #[schema(min_length = 1, max_length = 200, example = "Llama-3.2-1B-Instruct")]
    pub model_name: String,
    /// Path relative to the models root, which it calls `models`.
    #[schema(max_length = 1031, example = "models/Llama-3.2-1B-Instruct")]
    pub path: String,
    #[schema(max_length = 16384, example = "Small model of the chat team")]
    pub description: Option<String>,
    #[schema(max_items = 32)]
    pub tags: Vec<String>,
    #[schema(value_type = std::collections::BTreeMap<PropertyName, Property>)]
    pub properties: Properties,
    /// The Go template of an Ollama Modelfile.
    #[schema(max_length = 65536, example = "{{ .System }} {{ .Prompt }}")]
    pub deployment_template: Option<String>,
    /// What should be known of it, in sentences, such as that its technical name leaves little room for the names of models
    /// that are trained from it; empty if all is well. What its folder lacks is told by `warnings` of its card.
    #[diesel(select_expression = base_models::technical_name, select_expression_type = base_models::technical_name)]
    #[schema(value_type = Vec<String>, max_items = 1, example = json!([]))]
    pub notices: Notices,
    #[schema(value_type = Card)]
    pub card: StoredCard,
    /// Counts the changes; it is the number in `etag`.
    #[schema(minimum = 1, example = 1)]
    pub revision: i64,
    /// The tag of this state, to be sent as `If-Match` with a change.
    #[diesel(select_expression = etag(), select_expression_type = Etag)]
    #[schema(example = "\"1\"")]
    pub etag: String,
    pub created_at: DateTime<Utc>,
    #[schema(example = "pipeline")]
    pub created_by: Option<String>,
    pub updated_at: DateTime<Utc>,
    #[schema(example = "pipeline")]
    pub updated_by: Option<String>,
}

pub type Etag = SqlLiteral<Text>;

fn etag() -> Etag {
    diesel::dsl::sql("'\"' || base_models.revision || '\"'")
}

/// A card as it was stored: its text goes into the answer as it is.
#[derive(Debug, Clone, Serialize, FromSqlRow, AsExpression)]
#[diesel(sql_type = Json)]
#[serde(transparent)]
pub struct StoredCard(Box<RawValue>);

impl StoredCard {
    pub fn new(card: &Card) -> serde_json::Result<Self> {
        serde_json::value::to_raw_value(card).map(Self)
    }

    /// Bytes of its text.
    pub fn size(&self) -> usize {
        self.0.get().len()
    }

    /// Reads it as whatever the caller needs of it.
    pub fn parse<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.0.get())
    }
}

impl FromSql<Json, Pg> for StoredCard {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(RawValue::from_string(std::str::from_utf8(value.as_bytes())?.to_owned())?))
    }
}

impl ToSql<Json, Pg> for StoredCard {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, self.0.get().as_bytes())?;
        Ok(serialize::IsNull::No)
    }
}

/// Strings, numbers and booleans by name.
#[derive(Debug, Clone, Serialize, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
#[serde(transparent)]
pub struct Properties(pub Map<String, Value>);

impl FromSql<Jsonb, Pg> for Properties {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match <Value as FromSql<Jsonb, Pg>>::from_sql(value)? {
            Value::Object(members) => Ok(Self(members)),
            _ => Err("properties are not an object".into()),
        }
    }
}

impl ToSql<Jsonb, Pg> for Properties {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, &[1])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(serialize::IsNull::No)
    }
}

/// What an insert and an update write.
#[derive(Debug, Clone, Insertable, AsChangeset)]
#[diesel(table_name = base_models, treat_none_as_null = true)]
pub struct Row {
    pub technical_name: String,
    pub model_name: String,
    pub model_name_key: String,
    pub path: String,
    pub description: Option<String>,
    pub tags: Vec<String>,
    pub properties: Properties,
    pub deployment_template: Option<String>,
    /// The tags, folded.
    pub tag_keys: Vec<String>,
    pub name_words: Words,
    pub record_words: Words,
}

impl From<NewBaseModel> for Row {
    fn from(new: NewBaseModel) -> Self {
        let NewBaseModel { technical_name, model_name, path, description, tags, properties, deployment_template } = new;
        let described = description.iter().chain(&tags);
        Self {
            model_name_key: names::model_name_key(&model_name),
            tag_keys: tags.iter().map(|tag| names::fold(tag)).collect(),
            name_words: Words::of([technical_name.as_str(), &model_name]),
            record_words: Words::of(described.map(String::as_str)),
            technical_name,
            model_name,
            path,
            description,
            tags,
            properties: Properties(properties),
            deployment_template,
        }
    }
}

/// All that is written of a new base model.
type NewRow<'a> = (dsl::Eq<base_models::id, Uuid>, &'a Row, dsl::Eq<base_models::card, &'a StoredCard>, &'a Facts);

fn new_row<'a>(id: Uuid, row: &'a Row, folder: &'a FolderCard) -> NewRow<'a> {
    (base_models::id.eq(id), row, base_models::card.eq(&folder.stored), &folder.facts)
}

/// The columns of a record, with something in the place of its card.
pub type Columns = (
    base_models::id,
    base_models::technical_name,
    base_models::model_name,
    base_models::path,
    base_models::description,
    base_models::tags,
    base_models::properties,
    base_models::deployment_template,
    base_models::technical_name,
    SqlLiteral<Json>,
    base_models::revision,
    Etag,
    base_models::created_at,
    base_models::created_by,
    base_models::updated_at,
    base_models::updated_by,
);

impl BaseModel {
    /// What is read of a record, with what takes the place of its card.
    pub fn columns(card: SqlLiteral<Json>) -> Columns {
        (
            base_models::id,
            base_models::technical_name,
            base_models::model_name,
            base_models::path,
            base_models::description,
            base_models::tags,
            base_models::properties,
            base_models::deployment_template,
            base_models::technical_name,
            card,
            base_models::revision,
            etag(),
            base_models::created_at,
            base_models::created_by,
            base_models::updated_at,
            base_models::updated_by,
        )
    }

    /// Registers it, with the card and the files it was made of.
    pub async fn insert(row: &Row, folder: &FolderCard, db: &mut Connection) -> QueryResult<Self> {
        db.transaction(async |db| {
            let created: Self = diesel::insert_into(base_models::table)
                .values(new_row(Uuid::now_v7(), row, folder))
                .returning(Self::as_returning())
                .get_result(db)
                .await?;
            StoredFile::replace(created.id, &folder.files, db).await?;
            Ok(created)
        })
        .await
    }

    /// Registers those whose names are free, with one statement for all; `None` in the place of the others.
    pub async fn insert_free(rows: &[(&Row, &FolderCard)], db: &mut Connection) -> QueryResult<Vec<Option<Self>>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = rows.iter().map(|_| Uuid::now_v7()).collect();
        let new: Vec<NewRow<'_>> = ids.iter().zip(rows).map(|(id, (row, folder))| new_row(*id, row, folder)).collect();
        let inserted: Vec<Self> = diesel::insert_into(base_models::table)
            .values(new)
            .on_conflict_do_nothing()
            .returning(Self::as_returning())
            .get_results(db)
            .await?;
        let mut inserted: HashMap<Uuid, Self> = inserted.into_iter().map(|created| (created.id, created)).collect();
        let files = ids.iter().zip(rows).filter(|(id, _)| inserted.contains_key(id));
        let files = files.flat_map(|(id, (_, folder))| folder.files.iter().map(|file| (*id, file)));
        StoredFile::insert(&files.collect::<Vec<_>>(), db).await?;
        Ok(ids.iter().map(|id| inserted.remove(id)).collect())
    }

    /// What `insert` would give, rules of the database and all; nothing is stored.
    pub async fn try_insert(row: &Row, folder: &FolderCard, db: &mut Connection) -> QueryResult<Self> {
        let mut created = None;
        let undone = db
            .transaction(async |db| {
                created = Some(Self::insert(row, folder, db).await?);
                Err::<(), _>(QueryError::RollbackTransaction)
            })
            .await;
        match (created, undone) {
            (Some(created), _) => Ok(created),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(QueryError::NotFound),
        }
    }

    pub async fn find(reference: &Reference, db: &mut Connection) -> QueryResult<Option<Self>> {
        let query = Self::query().into_boxed();
        let query = match reference {
            Reference::Id(id) => query.filter(base_models::id.eq(*id)),
            Reference::TechnicalName(key) => query.filter(base_models::technical_name_key.eq(key.clone())),
            Reference::Nothing => return Ok(None),
        };
        query.first(db).await.optional()
    }

    /// Writes the row, and what its folder gave if that was read, if it still has that revision; `None` if it has
    /// not, or is gone.
    pub async fn update(
        id: Uuid,
        revision: i64,
        row: &Row,
        folder: Option<&FolderCard>,
        db: &mut Connection,
    ) -> QueryResult<Option<Self>> {
        db.transaction(async |db| {
            let state = base_models::table.filter(base_models::id.eq(id)).filter(base_models::revision.eq(revision));
            let updated = diesel::update(state)
                .set((
                    row,
                    folder.map(|folder| (base_models::card.eq(&folder.stored), &folder.facts)),
                    base_models::revision.eq(base_models::revision + 1),
                    base_models::updated_at.eq(diesel::dsl::now),
                ))
                .returning(Self::as_returning())
                .get_result(db)
                .await
                .optional()?;
            if let (Some(_), Some(folder)) = (&updated, folder) {
                StoredFile::replace(id, &folder.files, db).await?;
            }
            Ok(updated)
        })
        .await
    }

    /// Deletes the row if it still has that revision; whether it did.
    pub async fn delete(id: Uuid, revision: i64, db: &mut Connection) -> QueryResult<bool> {
        let row = base_models::table.filter(base_models::id.eq(id)).filter(base_models::revision.eq(revision));
        diesel::delete(row).execute(db).await.map(|deleted| deleted == 1)
    }

    /// Who else holds the names of this row. A violation names one constraint only, but both may be broken.
    pub async fn conflicts(row: &Row, except: Option<Uuid>, db: &mut Connection) -> QueryResult<Vec<Conflict>> {
        let technical_name_key = names::technical_name_key(&row.technical_name);
        let holders: Vec<(Uuid, String, String)> = base_models::table
            .select((base_models::id, base_models::technical_name_key, base_models::model_name_key))
            .filter(
                base_models::technical_name_key
                    .eq(&technical_name_key)
                    .or(base_models::model_name_key.eq(&row.model_name_key)),
            )
            .filter(base_models::id.ne(except.unwrap_or_default()))
            .load(db)
            .await?;
        let held = |field, id: &Uuid| Conflict { field, id: *id, href: href(id) };
        let technical = holders.iter().filter(|holder| holder.1 == technical_name_key);
        let model = holders.iter().filter(|holder| holder.2 == row.model_name_key);
        let technical = technical.map(|holder| held("technical_name", &holder.0));
        Ok(technical.chain(model.map(|holder| held("model_name", &holder.0))).collect())
    }

    /// What a client would send to register it as it is.
    pub fn as_input(&self) -> NewBaseModel {
        NewBaseModel {
            technical_name: self.technical_name.clone(),
            model_name: self.model_name.clone(),
            path: self.path.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
            properties: self.properties.0.clone(),
            deployment_template: self.deployment_template.clone(),
        }
    }
}

/// Where a base model is found, relative to this service.
pub fn href(id: &Uuid) -> String {
    format!("/api/v1/base-models/{id}")
}
