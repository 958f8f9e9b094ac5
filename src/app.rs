//! The application: its state, its routes, what is wrapped round them, and what no route takes.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::web::{self, Data, PathConfig};
use actix_web::{App, Error, HttpRequest, HttpResponse, Resource};
use tokio::sync::OnceCell;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt as _, scope};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::access::{self, Hosts};
use crate::admission::Admission;
use crate::cors::Origin;
use crate::database::Database;
pub use crate::documentation::{
    BodyProblems, ChangeHeaders, ChangeProblems, IdempotencyProblems, ReadHeaders, ReadProblems, Unavailable,
};
use crate::documentation::{Documentation, published};
use crate::error::{ApiError, ApiResult, Fault};
use crate::jobs::{self, WakeUp};
use crate::model_folders::{self, Surveys};
use crate::page::TokenKey;
use crate::reading::FolderReader;
use crate::rendering::Renderer;
use crate::{admission, answer, base_models, compression, cors, health, problem, telemetry, trained_model_names};

/// What every handler can reach.
pub struct Service {
    pub database: Database,
    pub folders: FolderReader,
    pub hosts: Hosts,
    pub manners: Manners,
    pub admission: Admission,
    pub wake_up: WakeUp,
    pub surveys: Surveys,
    pub renderer: Renderer,
    token_key: OnceCell<TokenKey>,
    stopping: Arc<AtomicBool>,
}

/// How the service deals with its clients.
#[derive(Debug, Clone)]
pub struct Manners {
    /// Whether a change has to name the state that it changes.
    pub require_if_match: bool,
    /// The origins whose pages may use the API from a browser.
    pub cors_origins: Vec<Origin>,
    /// Most reads that are worked on at one time.
    pub max_reads: usize,
    /// Most changes that are worked on at one time.
    pub max_writes: usize,
}

impl Service {
    pub fn new(database: Database, folders: FolderReader, renderer: Renderer, hosts: Hosts, manners: Manners) -> Self {
        Self {
            database,
            folders,
            hosts,
            admission: Admission::new(manners.max_reads, manners.max_writes),
            manners,
            wake_up: WakeUp::default(),
            surveys: Surveys::default(),
            renderer,
            token_key: OnceCell::new(),
            stopping: Arc::default(),
        }
    }

    /// The key that signs page tokens. It lies in the database, so that all instances have the same.
    pub async fn token_key(&self) -> ApiResult<&TokenKey> {
        self.token_key.get_or_try_init(async || Ok(self.database.read(TokenKey::load).await?)).await
    }

    /// From now on the service says that it is not ready.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.wake_up.now();
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// Runs a change to its end, also when the client goes away meanwhile: a change is done or not done.
pub async fn detached<T: 'static>(work: impl Future<Output = ApiResult<T>> + 'static) -> ApiResult<T> {
    actix_web::rt::spawn(work).await.unwrap_or_else(|panic| Err(ApiError::Internal(panic.into())))
}

/// The whole application.
pub fn app(
    service: Data<Service>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let origins = service.manners.cors_origins.clone();
    let (app, _) = App::new()
        .into_utoipa_app()
        .map(|app| app.app_data(service).app_data(path_config()))
        .configure(routes)
        .split_for_parts();
    app.service(web::resource("/openapi.json").get(openapi_json).default_service(web::to(unrouted)))
        .service(redirect("/", "/swagger-ui/"))
        .service(redirect("/swagger-ui", "/swagger-ui/"))
        .service(SwaggerUi::new("/swagger-ui/{_:.*}").config(swagger_config()))
        .default_service(web::to(unrouted))
        .wrap(from_fn(admission::admit))
        .wrap(from_fn(access::check_host))
        .wrap(from_fn(answer::head_as_get))
        .wrap(from_fn(compression::only_what_is_long))
        .wrap(Compress::default())
        .wrap(from_fn(compression::tidy))
        .wrap(from_fn(answer::problems))
        .wrap(Condition::new(!origins.is_empty(), cors::cors(&origins)))
        .wrap(from_fn(answer::problems))
        .wrap(from_fn(answer::headers))
        .wrap(from_fn(telemetry::request))
}

fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            scope("/api/v1")
                .configure(base_models::handlers::configure)
                .configure(model_folders::handlers::configure)
                .configure(trained_model_names::handlers::configure)
                .configure(jobs::handlers::configure),
        )
        .configure(health::configure)
        .service(problem::page::get_problem);
}

/// The OpenAPI document of the routes.
pub fn openapi() -> OpenApi {
    let (_, mut document) =
        App::new().into_utoipa_app().openapi(Documentation::openapi()).configure(routes).split_for_parts();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document
}

/// The same as the text that is served and committed.
pub fn openapi_text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let mut text = serde_json::to_string_pretty(&published(&openapi())).unwrap_or_default();
        text.push('\n');
        text
    });
    &TEXT
}

async fn openapi_json() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(openapi_text())
}

fn swagger_config() -> Config<'static> {
    // No validator: it would send the document to a site on the internet.
    Config::new(["/openapi.json"])
        .validator_url("none")
        .try_it_out_enabled(true)
        .display_request_duration(true)
        .deep_linking(true)
}

fn redirect(from: &'static str, to: &'static str) -> Resource {
    web::resource(from)
        .get(move || async move { HttpResponse::PermanentRedirect().insert_header((header::LOCATION, to)).finish() })
        .default_service(web::to(unrouted))
}

fn path_config() -> PathConfig {
    PathConfig::default().error_handler(|error, _| {
        ApiError::InvalidParameter(vec![Fault::parameter("path", "type", error.to_string())]).into()
    })
}

/// The methods of each address, as `Allow` lists them.
fn allowed() -> &'static BTreeMap<String, String> {
    static ALLOWED: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        let document = serde_json::to_value(openapi()).unwrap_or_default();
        let paths = document.get("paths").and_then(|paths| paths.as_object()).cloned().unwrap_or_default();
        let pages =
            ["/openapi.json", "/", "/swagger-ui", "/swagger-ui/{_}"].map(|page| (page.to_owned(), list(["get"])));
        let documented = paths.into_iter().map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten().map(|(method, _)| method.as_str()).collect::<Vec<_>>();
            (path, list(methods))
        });
        documented.chain(pages).collect()
    });
    &ALLOWED
}

fn list<'a>(methods: impl IntoIterator<Item = &'a str>) -> String {
    let mut methods: Vec<String> = methods.into_iter().map(str::to_ascii_uppercase).collect();
    if methods.iter().any(|method| method == "GET") {
        methods.push("HEAD".to_owned());
    }
    methods.push("OPTIONS".to_owned());
    methods.sort();
    methods.join(", ")
}

/// A route's pattern as the OpenAPI document writes it: a parameter that takes slashes has no expression there.
fn documented(pattern: &str) -> String {
    pattern.replace(":.*}", "}")
}

/// What no route takes: a known address with another method, or an unknown address.
async fn unrouted(request: HttpRequest) -> ApiResult<HttpResponse> {
    let allow = request
        .match_pattern()
        .and_then(|pattern| allowed().get(&documented(&pattern)))
        .ok_or(ApiError::UnknownPath)?;
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow.as_str())).finish());
    }
    Err(ApiError::MethodNotAllowed(allow.clone()))
}
