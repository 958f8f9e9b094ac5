//! Who may reach the service. While nothing more is configured that is whoever sits at this machine:
//! it listens on loopback, and answers only to local host names, so that no page in a browser can
//! reach it through a name that its author makes lead here (DNS rebinding).

use std::net::IpAddr;

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::app::Service;
use crate::config::Access;
use crate::error::ApiError;

/// The host names that are answered to.
#[derive(Debug, Clone)]
pub enum Hosts {
    Any,
    /// Loopback addresses, `localhost`, and these.
    Local(Vec<String>),
}

impl Hosts {
    pub fn of(access: Access, allowed: &[String]) -> Self {
        match access {
            Access::Open => Self::Any,
            Access::Local => Self::Local(allowed.iter().map(|name| name.to_ascii_lowercase()).collect()),
        }
    }

    pub fn allow(&self, host: &str) -> bool {
        let Self::Local(allowed) = self else { return true };
        let name = name_of(host).to_ascii_lowercase();
        let is_loopback = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        is_loopback || name == "localhost" || name.ends_with(".localhost") || allowed.contains(&name)
    }
}

/// A host without its port and brackets.
fn name_of(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

/// Refuses requests under other host names.
pub async fn check_host(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let given = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let allowed = request.app_data::<Data<Service>>().is_none_or(|service| service.hosts.allow(given));
    if allowed {
        next.call(request).await.map(ServiceResponse::map_into_left_body)
    } else {
        Ok(request.error_response(ApiError::HostNotAllowed).map_into_right_body())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_names_and_those_allowed_are_answered_to() {
        let hosts = Hosts::of(Access::Local, &["models.example.org".to_owned()]);
        for local in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:8080",
            "[::1]",
            "x.localhost",
            "Models.Example.org:80",
        ] {
            assert!(hosts.allow(local), "{local}");
        }
        for foreign in [
            "",
            "example.org",
            "127.0.0.1.example.org",
            "localhost.example.org:8080",
            "10.0.0.1",
            "[fe80::1]",
            "evil@localhost.org",
        ] {
            assert!(!hosts.allow(foreign), "{foreign}");
        }
        assert!(Hosts::of(Access::Open, &[]).allow("example.org"));
    }
}
