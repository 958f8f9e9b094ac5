//! The page of each kind of problem: where a problem's `type` leads.

use actix_web::http::header::ContentType;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};

use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::extract::ValidQuery;

/// What a problem means
///
/// The page that the `type` of a problem leads to.
#[utoipa::path(
    tag = "operation",
    params(("code" = ErrorCode, Path, description = "The `code` of a problem")),
    responses(
        (status = OK, body = String, content_type = "text/html", description = "The page",
            example = json!("<!doctype html><h1>The name is taken</h1>")),
        crate::documentation::NoSuchProblem,
    )
)]
#[get("/problems/{code}")]
pub async fn get_problem(code: Path<String>, _: ValidQuery<()>) -> ApiResult<HttpResponse> {
    let known = ErrorCode::ALL.into_iter().find(|known| known.as_str() == code.as_str());
    let code = known.ok_or(ApiError::UnknownPath)?;
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<h1>{title}</h1>\n\
         <p><code>{name}</code></p>\n<p>{explanation}</p>\n<p><a href=\"/swagger-ui/\">The page of the API</a></p>\n</html>\n",
        title = code.title(),
        name = code.as_str(),
        explanation = code.explanation(),
    );
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(page))
}
