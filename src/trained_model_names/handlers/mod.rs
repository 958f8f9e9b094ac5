//! The endpoints, one file each.

mod check;

use utoipa_actix_web::service_config::ServiceConfig;

/// Adds the endpoints to the API.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(check::check_trained_model_names);
}
