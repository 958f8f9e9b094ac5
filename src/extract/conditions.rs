//! Conditional requests (RFC 9110, section 13): `If-Match` against lost updates, `If-None-Match`
//! against needless answers. The tag of a base model is its revision.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{self, EntityTag, Header as _, IfMatch, IfNoneMatch};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use crate::app::Service;
use crate::error::{ApiError, Fault};

/// What the request demands of the state it meets.
#[derive(Debug, Default)]
pub struct Conditions {
    if_match: Option<IfMatch>,
    if_none_match: Option<IfNoneMatch>,
    /// Whether a change needs a condition.
    is_required: bool,
}

impl FromRequest for Conditions {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let unreadable = |name: &str| {
            let detail = "must be * or a list of quoted tags, like \"3\"";
            ApiError::InvalidParameter(vec![Fault::parameter(name, "etag", detail)])
        };
        for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
            if request.headers().get_all(&name).any(|value| !value.to_str().is_ok_and(is_condition)) {
                return ready(Err(unreadable(if name == header::IF_MATCH { "If-Match" } else { "If-None-Match" })));
            }
        }
        let if_match = match request.headers().contains_key(header::IF_MATCH) {
            true => IfMatch::parse(request).map(Some).map_err(|_| unreadable("If-Match")),
            false => Ok(None),
        };
        let if_none_match = match request.headers().contains_key(header::IF_NONE_MATCH) {
            true => IfNoneMatch::parse(request).map(Some).map_err(|_| unreadable("If-None-Match")),
            false => Ok(None),
        };
        let demands = request.app_data::<Data<Service>>().is_some_and(|service| service.manners.require_if_match);
        let is_required = demands && [Method::PATCH, Method::PUT, Method::DELETE].contains(request.method());
        ready(if_match.and_then(|if_match| Ok(Self { if_match, if_none_match: if_none_match?, is_required })))
    }
}

/// Most characters of a condition.
pub const MAX_CONDITION: usize = 1024;

/// Whether a header is `*` or a list of quoted tags: what is none of them must not pass for a condition that never holds.
fn is_condition(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t']);
    text.len() <= MAX_CONDITION && (text == "*" || is_list(text))
}

fn is_list(text: &str) -> bool {
    let Some((opaque, rest)) =
        text.strip_prefix("W/").unwrap_or(text).strip_prefix('"').and_then(|text| text.split_once('"'))
    else {
        return false;
    };
    let is_tag = opaque.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'~'));
    let rest = rest.trim_start_matches([' ', '\t']);
    let next = rest.strip_prefix(',').map(|next| next.trim_start_matches([' ', '\t']));
    is_tag && (rest.is_empty() || next.is_some_and(is_list))
}

pub fn tag(revision: i64) -> EntityTag {
    EntityTag::new_strong(revision.to_string())
}

impl Conditions {
    /// Whether `If-Match` holds; the comparison is strong, as a change demands.
    pub fn check(&self, revision: i64) -> Result<(), ApiError> {
        let holds = match &self.if_match {
            None | Some(IfMatch::Any) => true,
            Some(IfMatch::Items(tags)) => tags.iter().any(|given| given.strong_eq(&tag(revision))),
        };
        if holds { Ok(()) } else { Err(ApiError::PreconditionFailed { current: Some(revision) }) }
    }

    /// Whether a change may be made to this state. `If-None-Match` is for reads, but where it is sent with a change and
    /// does not hold, the change must not be made either.
    pub fn check_change(&self, revision: i64) -> Result<(), ApiError> {
        if self.is_required && self.if_match.is_none() && self.if_none_match.is_none() {
            return Err(ApiError::PreconditionRequired);
        }
        self.check(revision)?;
        if self.is_known(revision) { Err(ApiError::PreconditionFailed { current: Some(revision) }) } else { Ok(()) }
    }

    /// Whether something may be made where there is nothing: no state fulfils `If-Match`, not even `*`.
    pub fn check_absent(&self) -> Result<(), ApiError> {
        if self.if_match.is_none() { Ok(()) } else { Err(ApiError::PreconditionFailed { current: None }) }
    }

    /// Whether the client already has this state; the comparison is weak, as caches need it.
    pub fn is_known(&self, revision: i64) -> bool {
        match &self.if_none_match {
            None => false,
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|given| given.weak_eq(&tag(revision))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_a_star_or_a_list_of_quoted_tags() {
        for good in ["*", "\"3\"", "W/\"3\"", "\"1\", W/\"2\" ,\t\"a,b\"", "\"\""] {
            assert!(is_condition(good), "{good}");
        }
        for bad in [
            "",
            "3",
            "*, \"3\"",
            "\"3",
            "\"3\",",
            "\"3\" \"4\"",
            "\"a b\"",
            "w/\"3\"",
            &format!("\"{}\"", "a".repeat(1023)),
        ] {
            assert!(!is_condition(bad), "{bad}");
        }
    }
}
