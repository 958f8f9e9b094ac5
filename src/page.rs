//! Keyset pagination: a page begins where the one before ended, wherever rows came and went.
//!
//! The token says where that was. It is signed, so that it can be trusted when it comes back, and
//! bound to the list it was made for. It gives no right to anything.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use diesel::{ExpressionMethods as _, QueryDsl as _, QueryResult};
use diesel_async::RunQueryDsl as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::database::Connection;
use crate::error::{ApiError, ApiResult, Fault};
use crate::extract::{Parameters, Query};
use crate::schema::service_keys;

const DEFAULT_SIZE: i64 = 50;
const MAX_SIZE: i64 = 1000;
/// Longest token that is looked at.
pub const MAX_TOKEN: usize = 3400;
const SIGNATURE_BYTES: usize = 16;

/// Which page of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items on a page: 50 if it is absent or 0; more than 1000 counts as 1000.
    #[param(required = false, minimum = 0, maximum = 2147483647, default = 50, example = 50)]
    pub page_size: i64,
    /// `next_page_token` of the page before.
    #[param(max_length = 3400, pattern = "^[A-Za-z0-9_-]+$")]
    page_token: Option<String>,
}

impl Query for PageQuery {
    fn read(parameters: &mut Parameters) -> Self {
        let page_size = match parameters.one("page_size").map(|text| text.parse::<i32>().map(i64::from)) {
            None | Some(Ok(0)) => DEFAULT_SIZE,
            Some(Ok(size)) if size > 0 => size.min(MAX_SIZE),
            Some(_) => {
                parameters.fault("page_size", "type", "must be a whole number from 0 to 1000");
                DEFAULT_SIZE
            }
        };
        Self { page_size, page_token: parameters.one("page_token") }
    }
}

impl PageQuery {
    /// Where the page before ended, in a list that is told apart by that text: its filter, its order and all else that
    /// decides what is on it.
    pub fn after<P: DeserializeOwned>(&self, key: &TokenKey, list: &str) -> ApiResult<Option<P>> {
        let Some(token) = &self.page_token else { return Ok(None) };
        let position = Some(token).filter(|token| token.len() <= MAX_TOKEN).and_then(|token| key.read(token, list));
        position.map(Some).ok_or_else(|| {
            let detail = "must be the `next_page_token` of a page of this list, asked with the same parameters; begin again \
                          without it";
            ApiError::InvalidParameter(vec![Fault::parameter("page_token", "token", detail)])
        })
    }
}

/// Cuts off what is more than a page, and makes the token of the next one. `items` has one more than the page if the list
/// goes on.
pub fn cut<T, P: Serialize>(
    items: &mut Vec<T>,
    query: &PageQuery,
    key: &TokenKey,
    list: &str,
    position: impl Fn(&T) -> P,
) -> Option<String> {
    let size = usize::try_from(query.page_size).unwrap_or(usize::MAX);
    let goes_on = items.len() > size;
    items.truncate(size);
    items.last().filter(|_| goes_on).and_then(|last| key.sign(list, &position(last)))
}

/// An answer that says where the next page is: at the address of this one, with all its other parameters.
pub fn linked(request: &HttpRequest, query: &PageQuery, token: Option<&str>) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    if let Some(token) = token {
        let given = form_urlencoded::parse(request.query_string().as_bytes());
        let rest = given.filter(|(name, _)| name != "page_size" && name != "page_token");
        let mut next = form_urlencoded::Serializer::new(String::new());
        next.extend_pairs(rest).append_pair("page_size", &query.page_size.to_string()).append_pair("page_token", token);
        let link = format!("<{}?{}>; rel=\"next\"", request.path(), next.finish());
        answer.insert_header((header::LINK, link));
    }
    answer
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it as `page_token` to get the next page; `null` on the last one.
    #[schema(example = "eyJsIjoiYmFzZS1tb2RlbHMifQ")]
    pub next_page_token: Option<String>,
}

/// The last row of a page in a list that is ordered by time and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    #[serde(rename = "t")]
    pub created_at: DateTime<Utc>,
    #[serde(rename = "i")]
    pub id: Uuid,
}

/// Signs tokens and reads them back; all instances on one database have the same.
#[derive(Clone)]
pub struct TokenKey(Vec<u8>);

impl TokenKey {
    pub fn new(secret: Vec<u8>) -> Self {
        Self(secret)
    }

    /// Reads the key that the database holds for all instances.
    pub async fn load(db: &mut Connection) -> QueryResult<Self> {
        let row = service_keys::table.filter(service_keys::name.eq("page_token"));
        row.select(service_keys::secret).first(db).await.map(Self)
    }

    pub fn sign<P: Serialize>(&self, list: &str, position: &P) -> Option<String> {
        let mut token = serde_json::to_vec(position).ok()?;
        let signature = self.mac(list, &token)?.finalize().into_bytes();
        token.extend_from_slice(signature.get(..SIGNATURE_BYTES)?);
        Some(URL_SAFE_NO_PAD.encode(token))
    }

    /// The position in a token that this service made for this list; `None` for any other.
    pub fn read<P: DeserializeOwned>(&self, token: &str, list: &str) -> Option<P> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (position, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_BYTES)?)?;
        self.mac(list, position)?.verify_truncated_left(signature).ok()?;
        serde_json::from_slice(position).ok()
    }

    /// The list is signed with the position, but not told: the token is as long for any list.
    fn mac(&self, list: &str, position: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(&Sha256::digest(list));
        mac.update(position);
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position() -> Position {
        Position { created_at: Utc::now(), id: Uuid::now_v7() }
    }

    #[test]
    fn a_token_comes_back_for_its_own_list_and_key_only() {
        let (key, position) = (TokenKey::new(vec![7; 32]), position());
        let token = key.sign("base-models", &position).unwrap();
        assert_eq!(key.read(&token, "base-models"), Some(position));
        assert_eq!(key.read::<Position>(&token, "base-models?tag=prod"), None);
        assert_eq!(TokenKey::new(vec![8; 32]).read::<Position>(&token, "base-models"), None);
    }

    proptest! {
        #[test]
        fn a_token_that_was_touched_is_refused(at in 0usize..100, flip in 1u8..=255, garbage in ".{0,40}") {
            let key = TokenKey::new(vec![7; 32]);
            let mut bytes = URL_SAFE_NO_PAD.decode(key.sign("base-models", &position()).unwrap()).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            prop_assert_eq!(key.read::<Position>(&URL_SAFE_NO_PAD.encode(bytes), "base-models"), None);
            prop_assert_eq!(key.read::<Position>(&garbage, "base-models"), None);
        }
    }
}
