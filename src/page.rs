//! Keyset pagination: a page begins where the one before ended, wherever rows came and went.
//!
//! The token says where that was. It is signed, so that it can be trusted when it comes back, and
//! bound to the list it was made for. It gives no right to anything.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use diesel::{ExpressionMethods as _, QueryDsl as _, QueryResult};
use diesel_async::RunQueryDsl as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::database::Connection;
use crate::schema::service_keys;

pub const DEFAULT_SIZE: i64 = 50;
pub const MAX_SIZE: i64 = 1000;
/// Longest token that is looked at.
pub const MAX_TOKEN: usize = 512;
const SIGNATURE_BYTES: usize = 16;

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
    /// The list the token was made for.
    #[serde(rename = "l")]
    pub list: String,
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

    pub fn sign(&self, position: &Position) -> Option<String> {
        let mut token = serde_json::to_vec(position).ok()?;
        let signature = self.mac(&token)?.finalize().into_bytes();
        token.extend_from_slice(signature.get(..SIGNATURE_BYTES)?);
        Some(URL_SAFE_NO_PAD.encode(token))
    }

    /// The position in a token that this service made for this list; `None` for any other.
    pub fn read(&self, token: &str, list: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (position, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_BYTES)?)?;
        self.mac(position)?.verify_truncated_left(signature).ok()?;
        serde_json::from_slice(position).ok().filter(|position: &Position| position.list == list)
    }

    fn mac(&self, bytes: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(bytes);
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position() -> Position {
        Position { list: "base-models".to_owned(), created_at: Utc::now(), id: Uuid::now_v7() }
    }

    #[test]
    fn a_token_comes_back_for_its_own_list_and_key_only() {
        let (key, position) = (TokenKey::new(vec![7; 32]), position());
        let token = key.sign(&position).unwrap();
        assert_eq!(key.read(&token, "base-models"), Some(position));
        assert_eq!(key.read(&token, "base-models?tag=prod"), None);
        assert_eq!(TokenKey::new(vec![8; 32]).read(&token, "base-models"), None);
    }

    proptest! {
        #[test]
        fn a_token_that_was_touched_is_refused(at in 0usize..100, flip in 1u8..=255, garbage in ".{0,40}") {
            let key = TokenKey::new(vec![7; 32]);
            let mut bytes = URL_SAFE_NO_PAD.decode(key.sign(&position()).unwrap()).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            prop_assert_eq!(key.read(&URL_SAFE_NO_PAD.encode(bytes), "base-models"), None);
            prop_assert_eq!(key.read(&garbage, "base-models"), None);
        }
    }
}
