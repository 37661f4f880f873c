//! Body of a request that creates or changes a definition.

use std::marker::PhantomData;

use axum::extract::{FromRequest, Request};
use gaiterguard_domain::document::DOCUMENT_BYTES_MAX;
use serde_json::{Map, Value};
use utoipa::PartialSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::extract::{JSON_BODY_BYTES_MAX, LimitedJson};
use crate::problem::{FieldError, Problem};

/// Members of a JSON object that is documented as `T`. This extractor refuses members that `T` does
/// not have. The values are checked by the definitions crate, which reports all errors together.
pub(crate) struct Fields<T, const BYTES_MAX: usize = JSON_BODY_BYTES_MAX> {
    /// The members.
    pub(crate) members: Map<String, Value>,
    documented_as: PhantomData<fn() -> T>,
}

/// The same for documents, which may be long.
pub(crate) type LongFields<T> = Fields<T, DOCUMENT_BYTES_MAX>;

impl<S, T, const BYTES_MAX: usize> FromRequest<S> for Fields<T, BYTES_MAX>
where
    S: Sync,
    T: PartialSchema,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let LimitedJson(members) =
            LimitedJson::<Map<String, Value>, BYTES_MAX>::from_request(request, state).await?;
        let unknown = unknown(&members, &T::schema());
        if unknown.is_empty() {
            Ok(Self {
                members,
                documented_as: PhantomData,
            })
        } else {
            Err(Problem::fields(unknown))
        }
    }
}

fn unknown(members: &Map<String, Value>, schema: &RefOr<Schema>) -> Vec<FieldError> {
    let RefOr::T(Schema::Object(object)) = schema else {
        return Vec::new();
    };
    members
        .keys()
        .filter(|name| !object.properties.contains_key(name.as_str()))
        .map(|name| FieldError::new(name, "unknown field"))
        .collect()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use utoipa::ToSchema;

    use super::*;

    #[derive(ToSchema)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only the schema reads its fields")]
    struct Known {
        base_url: String,
    }

    async fn read(body: &'static str) -> Result<Map<String, Value>, Problem> {
        let request = Request::new(Body::from(body));
        let fields = Fields::<Known>::from_request(request, &()).await;
        fields.map(|fields| fields.members)
    }

    #[tokio::test]
    async fn what_is_not_documented_is_refused_by_name() {
        assert_eq!(read(r#"{"baseUrl":1}"#).await.unwrap()["baseUrl"], 1);
        let problem = read(r#"{"baseUrl":1,"base_url":2}"#).await.unwrap_err();
        assert_eq!(problem.to_json()["errors"][0]["field"], "base_url");
        let problem = read("[]").await.unwrap_err();
        assert_eq!(problem.to_json()["code"], "validation_failed");
    }
}
