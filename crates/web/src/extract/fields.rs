//! Extractor for the body of a request that creates or changes a definition.

use std::fmt;

use axum::extract::{FromRequest, Request};
use gaiterguard_domain::body::Body;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::{JSON_BODY_BYTES_MAX, LimitedJson};
use crate::problem::Problem;

/// A body whose fields are checked one by one. This extractor refuses fields that the body does not
/// have. The definitions crate reports the errors of all other fields together.
#[derive(Debug)]
pub struct Fields<T, const BYTES_MAX: usize = JSON_BODY_BYTES_MAX>(pub T);

impl<T: Body, S: Sync, const BYTES_MAX: usize> FromRequest<S> for Fields<T, BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let LimitedJson(Members(members)) =
            LimitedJson::<Members, BYTES_MAX>::from_request(request, state).await?;
        T::read(members).map(Self).map_err(Problem::fields)
    }
}

/// The members of a body. `Map` itself would keep the last of two members of one name.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            members.insert(name, map.next_value()?);
        }
        Ok(Members(members))
    }
}
