//! The endpoints of jobs: watch, list, cancel.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Data, Json};
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::{Job, Subject};
use crate::app::{IdempotencyProblems, ReadProblems, Service, Unavailable};
use crate::database::Connection;
use crate::error::{ApiError, ApiResult};
use crate::extract::ValidQuery;
use crate::idempotency::{Idempotency, IdempotencyHeader, Once};
use crate::page::{self, Page, PageQuery};

/// The list that page tokens are bound to.
const LIST: &str = "jobs";

pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_jobs).service(get_job).service(cancel_job);
}

/// The job that an address names.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AskedJob {
    /// Id of the job, or `latest` for the newest one.
    #[param(min_length = 6, max_length = 36, example = "latest")]
    job: String,
}

impl FromRequest for AskedJob {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { job: request.match_info().query("job").to_owned() }))
    }
}

impl AskedJob {
    fn unknown(&self) -> ApiError {
        ApiError::NoSuchJob(self.job.clone())
    }

    async fn find(&self, service: &Service) -> ApiResult<Job> {
        let found = if self.job == "latest" {
            service.database.read(Job::latest).await?
        } else {
            let id = Uuid::try_parse(&self.job).map_err(|_| self.unknown())?;
            service.database.read(async |db| Job::find(id, db).await).await?
        };
        found.ok_or_else(|| self.unknown())
    }
}

/// Takes in a job and answers where to watch it.
pub async fn accepted(service: &Service, once: &Once, subject: &Subject) -> ApiResult<HttpResponse> {
    let insert = async |db: &mut Connection| Job::insert(subject, db).await.map(|job| Some(watched(&job)));
    let answer = once.write(service, insert).await?;
    service.wake_up.now();
    answer.ok_or_else(|| ApiError::Internal(anyhow::anyhow!("a job that was taken in has no answer")))
}

fn watched(job: &Job) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/api/v1/jobs/{}", job.id)))
        .insert_header((header::RETRY_AFTER, "1"))
        .json(job)
}

/// List jobs
///
/// Newest first.
#[utoipa::path(
    tag = "jobs",
    params(PageQuery),
    responses(
        (status = OK, body = Page<Job>, description = "A page of jobs",
            headers(("Link" = String, description = "Address of the next page, as `rel=\"next\"` (RFC 8288)"))),
        Unavailable,
    )
)]
#[get("/jobs")]
pub async fn list_jobs(
    service: Data<Service>,
    request: HttpRequest,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> ApiResult<HttpResponse> {
    let key = service.token_key().await?;
    let (after, size) = (query.after(key, LIST)?, query.page_size);
    let mut items = service.database.read(async |db| Job::page(after.as_ref(), size, db).await).await?;
    let next_page_token = page::cut(&mut items, &query, key, LIST, Job::position);
    Ok(page::linked(&request, &query, next_page_token.as_deref()).json(Page { items, next_page_token }))
}

/// Get a job
///
/// How far it is and what came out. Ask again after a second or so while it is queued or running.
#[utoipa::path(
    tag = "jobs",
    params(AskedJob),
    responses((status = OK, body = Job, description = "The job"), ReadProblems, Unavailable)
)]
#[get("/jobs/{job}")]
pub async fn get_job(service: Data<Service>, asked: AskedJob, _: ValidQuery<()>) -> ApiResult<Json<Job>> {
    asked.find(&service).await.map(Json)
}

/// Cancel a job
///
/// What it has done stays done. A job that has ended stays as it is.
#[utoipa::path(
    tag = "jobs",
    params(AskedJob, IdempotencyHeader),
    responses(
        (status = OK, body = Job, description = "The job as it is now"),
        ReadProblems,
        IdempotencyProblems,
        Unavailable,
    )
)]
#[post("/jobs/{job}/cancel")]
pub async fn cancel_job(
    service: Data<Service>,
    asked: AskedJob,
    _: ValidQuery<()>,
    idempotency: Idempotency,
) -> ApiResult<HttpResponse> {
    idempotency
        .run(&service, async move |service, once| {
            let id = asked.find(service).await?.id;
            let cancel = async |db: &mut Connection| {
                Job::cancel(id, db).await.map(|job| job.map(|job| HttpResponse::Ok().json(job)))
            };
            once.write(service, cancel).await?.ok_or_else(|| asked.unknown())
        })
        .await
}
