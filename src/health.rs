//! Alive, ready, and which version.

use std::time::Duration;

use actix_web::get;
use actix_web::web::{Data, Json};
use diesel::sql_types::{Nullable, Text};
use diesel::{QueryResult, QueryableByName};
use diesel_async::RunQueryDsl as _;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::{Service, Unavailable};
use crate::database::{self, Connection};
use crate::documentation::AnyProblems;
use crate::error::{ApiError, ApiResult, Fault};
use crate::extract::ValidQuery;

/// How long one of the checks may take.
const TIME: Duration = Duration::from_millis(500);

pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_liveness).service(get_readiness).service(get_version);
}

/// What a check of the service's health says.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    status: &'static str,
    /// What was looked at.
    #[schema(example = json!(["database", "models_root"]))]
    checks: Vec<&'static str>,
}

/// Name and version of the service.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    #[schema(example = "base-models")]
    name: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Whether the process runs
///
/// Looks at nothing else: a process whose database is away must not be restarted for it.
#[utoipa::path(tag = "operation", responses((status = OK, body = Health, description = "It runs"), AnyProblems))]
#[get("/health/live")]
async fn get_liveness(_: ValidQuery<()>) -> Json<Health> {
    Json(Health { status: "ok", checks: Vec::new() })
}

/// Whether requests can be answered
///
/// Looks at the database, its schema and the models root, each within half a second. 503 names what is missing.
#[utoipa::path(tag = "operation", responses((status = OK, body = Health, description = "It is ready"), Unavailable))]
#[get("/health/ready")]
async fn get_readiness(service: Data<Service>, _: ValidQuery<()>) -> ApiResult<Json<Health>> {
    if service.is_stopping() {
        return Err(ApiError::NotReady(vec![Fault::at(
            "/service",
            "stopping",
            "is stopping; no new requests, please",
        )]));
    }
    let (database, models_root) =
        futures_util::future::join(check_database(&service), check_models_root(&service)).await;
    let faults: Vec<Fault> = database.err().into_iter().chain(models_root.err()).collect();
    if faults.is_empty() {
        Ok(Json(Health { status: "ok", checks: vec!["database", "models_root"] }))
    } else {
        Err(ApiError::NotReady(faults))
    }
}

/// Which version this is
///
/// The name and version of the program that answers.
#[utoipa::path(tag = "operation", responses((status = OK, body = Version, description = "Name and version"), AnyProblems))]
#[get("/version")]
async fn get_version(_: ValidQuery<()>) -> Json<Version> {
    Json(Version { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") })
}

async fn check_database(service: &Service) -> Result<(), Fault> {
    let fault = |code: &str, detail: &str| Fault::at("/database", code, detail);
    // Only the waiting ends early: a connection that is being made goes on being made.
    let database = service.database.clone();
    let reading = actix_web::rt::spawn(async move { database.read(newest_migration).await });
    let Ok(applied) = tokio::time::timeout(TIME, reading).await else {
        return Err(fault("timeout", "did not answer within half a second"));
    };
    match applied {
        Err(_) => Err(fault("internal", "could not be asked")),
        Ok(Err(error)) => {
            tracing::warn!("the database is not ready: {:#}", anyhow::Error::from(error));
            Err(fault("unavailable", "cannot be reached, or has no schema yet"))
        }
        Ok(Ok(applied)) if applied < database::latest() => {
            Err(fault("schema", "has an older schema than this version needs"))
        }
        Ok(Ok(_)) => Ok(()),
    }
}

async fn check_models_root(service: &Service) -> Result<(), Fault> {
    service.folders.check().await.map_err(|error| {
        tracing::warn!("the models root is not ready: {:#}", anyhow::Error::from(error));
        Fault::at("/models_root", "unavailable", "cannot be read")
    })
}

async fn newest_migration(db: &mut Connection) -> QueryResult<Option<String>> {
    #[derive(QueryableByName)]
    struct Newest {
        #[diesel(sql_type = Nullable<Text>)]
        version: Option<String>,
    }
    let query = diesel::sql_query("SELECT max(version) AS version FROM __diesel_schema_migrations");
    query.get_result::<Newest>(db).await.map(|newest| newest.version)
}
