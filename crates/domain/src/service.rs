//! A service: a registered upstream API, and where its credential is injected.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws_signature::{PartialScope, SIGNATURE_HEADERS};
use crate::field::{FieldValue, one_of, whole_number};
use crate::id::{DataKeyId, ServiceId, WorkspaceId};
use crate::placeholder::Placeholder;
use crate::target::BaseUrl;
use crate::time::Timestamp;

/// How a service's credential is presented to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum AuthType {
    /// The service needs no credential.
    None,
    /// `Authorization: Bearer` with a token.
    Bearer,
    /// `Authorization: Basic` with a user name and password.
    Basic,
    /// One or more headers that the service defines.
    ApiKey,
    /// A query parameter.
    Query,
    /// A part of the path.
    Path,
    /// `Authorization: Bearer` with an access token, static or from a token endpoint.
    Oauth2,
    /// A signature of the request (AWS Signature Version 4).
    AwsSigv4,
}

impl AuthType {
    /// Every type.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Bearer,
        Self::Basic,
        Self::ApiKey,
        Self::Query,
        Self::Path,
        Self::Oauth2,
        Self::AwsSigv4,
    ];

    /// Returns the word for this type in database rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::ApiKey => "api_key",
            Self::Query => "query",
            Self::Path => "path",
            Self::Oauth2 => "oauth2",
            Self::AwsSigv4 => "aws_sigv4",
        }
    }

    /// Returns whether the upstream receives a secret, which it could repeat in a response. A signature does
    /// not contain the key that it was made with.
    pub fn sends_secret(self) -> bool {
        !matches!(self, Self::None | Self::AwsSigv4)
    }

    /// Parses such a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl FieldValue for AuthType {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        one_of(value, &Self::ALL, Self::as_str)
    }
}

/// The place of a credential in a request. It is not secret, and it is part of what a human approves:
/// a request whose credential moves elsewhere needs a new approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "in")]
pub enum CredentialPlace {
    /// The service has no credential.
    Nowhere,
    /// In these headers, in lower case.
    Headers {
        /// The header names.
        names: Vec<String>,
    },
    /// In a query parameter.
    Query {
        /// The parameter's name.
        param: String,
    },
    /// In the path.
    Path {
        /// Its placeholder in the requests of agents.
        placeholder: Placeholder,
    },
    /// In `Authorization`, with a token from a token endpoint.
    Token {
        /// The endpoint's URL.
        token_url: String,
    },
    /// In a signature of the request (AWS Signature Version 4), in `Authorization` or in the query.
    Signature {
        /// The region that the operator set.
        region: Option<String>,
        /// The service that the operator set, by its signing name.
        service: Option<String>,
    },
}

impl CredentialPlace {
    /// Returns the headers that the credential sets. An agent must not set them.
    pub fn headers(&self) -> Vec<HeaderName> {
        match self {
            Self::Nowhere | Self::Query { .. } | Self::Path { .. } => Vec::new(),
            Self::Headers { names } => names
                .iter()
                .filter_map(|name| HeaderName::try_from(name.as_str()).ok())
                .collect(),
            Self::Token { .. } => vec![http::header::AUTHORIZATION],
            Self::Signature { .. } => SIGNATURE_HEADERS.to_vec(),
        }
    }

    /// Returns the query parameter that the credential sets. An agent must not set it.
    pub fn query_param(&self) -> Option<&str> {
        match self {
            Self::Query { param } => Some(param),
            _ => None,
        }
    }

    /// Returns the region and the service that the operator set for signatures; `None` if the credential is
    /// not a signature.
    pub fn signature(&self) -> Option<PartialScope> {
        match self {
            Self::Signature { region, service } => Some(PartialScope {
                region: region.clone(),
                service: service.clone(),
            }),
            _ => None,
        }
    }

    /// Returns the placeholder of the credential in a path.
    pub fn placeholder(&self) -> Option<&Placeholder> {
        match self {
            Self::Path { placeholder } => Some(placeholder),
            _ => None,
        }
    }
}

/// A credential as it is stored: the sealed bytes and the parts that are not secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedCredential {
    /// Incremented by every replacement or refresh.
    pub version: i64,
    /// The data key it is sealed under.
    pub data_key: DataKeyId,
    /// The sealed bytes.
    pub sealed: Arc<[u8]>,
    /// The names of its values.
    pub keys: Vec<String>,
    /// Where it is injected.
    pub place: CredentialPlace,
}

impl fmt::Debug for SealedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedCredential")
            .field("version", &self.version)
            .field("keys", &self.keys)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// The longest time limit of a service, in milliseconds: half an hour. The slowest models think for less, and a
/// call that is forgotten still ends.
pub const TIMEOUT_MS_MAX: u32 = 30 * 60 * 1000;

/// A time limit of a service, between a millisecond and half an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimeoutMs(u32);

impl TimeoutMs {
    /// Returns the limit of this many milliseconds, if it is within the bounds.
    pub fn new(milliseconds: i64) -> Option<Self> {
        let milliseconds = u32::try_from(milliseconds).ok()?;
        (1..=TIMEOUT_MS_MAX)
            .contains(&milliseconds)
            .then_some(Self(milliseconds))
    }

    /// Returns the limit in milliseconds.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl From<TimeoutMs> for Duration {
    fn from(limit: TimeoutMs) -> Self {
        Self::from_millis(limit.0.into())
    }
}

impl FieldValue for TimeoutMs {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        whole_number(&value, 1, TIMEOUT_MS_MAX).map(Self)
    }
}

/// The time limits of a service, where they differ from those of the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a response begins.
    pub response: Option<TimeoutMs>,
    /// Between two parts of a response.
    pub idle: Option<TimeoutMs>,
}

/// An upstream API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The service's id.
    pub id: ServiceId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// Its name, unique in the workspace.
    pub name: String,
    /// Its base URL.
    pub base_url: BaseUrl,
    /// How its credential is presented.
    pub auth_type: AuthType,
    /// The operator's description.
    pub description: Option<String>,
    /// Whether every request must state its intent.
    pub intent_required: bool,
    /// Whether agents may open WebSockets to it. Messages inside a WebSocket are not assessed.
    pub web_socket: bool,
    /// Its own time limits.
    pub timeouts: Timeouts,
    /// Its credential, if one is set.
    pub credential: Option<SealedCredential>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Incremented by every change of its fields and by every credential that an operator sets. A
    /// change names the revision it was based on.
    pub revision: i64,
}

impl Service {
    /// Returns where the service's credential is injected.
    pub fn place(&self) -> CredentialPlace {
        self.credential
            .as_ref()
            .map_or(CredentialPlace::Nowhere, |sealed| sealed.place.clone())
    }
}
