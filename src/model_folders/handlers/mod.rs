//! The endpoints, one file each.

mod list;
mod register;

use utoipa_actix_web::service_config::ServiceConfig;

/// Adds the endpoints to the API.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list::list_model_folders).service(register::register_model_folders);
}
