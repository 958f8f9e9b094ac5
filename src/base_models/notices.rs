//! What the names of a record make worth knowing.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Text;
use serde::Serialize;

use crate::trained_model_names;

/// Sentences about a record. They follow from its technical name, of which they are read, and are not stored.
#[derive(Debug, Clone, Serialize, FromSqlRow)]
#[serde(transparent)]
pub struct Notices(Vec<String>);

impl FromSql<Text, Pg> for Notices {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let technical_name = <String as FromSql<Text, Pg>>::from_sql(value)?;
        Ok(Self(trained_model_names::notice(&technical_name).into_iter().collect()))
    }
}
