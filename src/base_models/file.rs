//! The files that a card was made of, as they were read.

use diesel::prelude::{HasQuery, Insertable};
use diesel::sql_types::Bytea;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, QueryResult};
use diesel_async::RunQueryDsl as _;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::cards::KeptFile;
use crate::database::Connection;
use crate::schema::base_model_files;

/// Files written in one statement, so that its parameters stay few.
const BATCH: usize = 100;

diesel::define_sql_function! {
    /// Bytes of a value.
    fn octet_length(content: Bytea) -> diesel::sql_types::Integer;
}

/// A file that was read for the card and is kept as it was.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = base_model_files, check_for_backend(diesel::pg::Pg))]
pub struct StoredFile {
    /// Path inside the model folder.
    #[schema(example = "config.json")]
    pub path: String,
    #[diesel(select_expression = octet_length(base_model_files::content))]
    #[schema(minimum = 0, example = 663)]
    pub size_bytes: i32,
}

#[derive(Insertable)]
#[diesel(table_name = base_model_files)]
struct Row<'a> {
    base_model_id: Uuid,
    path: &'a str,
    content: &'a [u8],
}

impl StoredFile {
    /// The files of a base model, by path.
    pub async fn list(base_model: Uuid, db: &mut Connection) -> QueryResult<Vec<Self>> {
        let files = Self::query().filter(base_model_files::base_model_id.eq(base_model));
        files.order(base_model_files::path).load(db).await
    }

    /// The content of one of them.
    pub async fn content(base_model: Uuid, path: &str, db: &mut Connection) -> QueryResult<Option<Vec<u8>>> {
        let file = base_model_files::table.find((base_model, path));
        file.select(base_model_files::content).first(db).await.optional()
    }

    /// Puts these files in the place of those there are.
    pub async fn replace(base_model: Uuid, files: &[KeptFile], db: &mut Connection) -> QueryResult<()> {
        let former = base_model_files::table.filter(base_model_files::base_model_id.eq(base_model));
        diesel::delete(former).execute(db).await?;
        Self::insert(&files.iter().map(|file| (base_model, file)).collect::<Vec<_>>(), db).await
    }

    /// Adds files, each to its base model.
    pub async fn insert(files: &[(Uuid, &KeptFile)], db: &mut Connection) -> QueryResult<()> {
        for batch in files.chunks(BATCH) {
            let rows: Vec<Row<'_>> = batch.iter().map(|(base_model, file)| Row::new(*base_model, file)).collect();
            diesel::insert_into(base_model_files::table).values(rows).execute(db).await?;
        }
        Ok(())
    }
}

impl<'a> Row<'a> {
    fn new(base_model_id: Uuid, file: &'a KeptFile) -> Self {
        Self { base_model_id, path: &file.path, content: &file.content }
    }
}
