//! An upstream API, and where its credential stands in a request.

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use serde::{Deserialize, Serialize};

use crate::id::{DataKeyId, ServiceId, WorkspaceId};
use crate::target::BaseUrl;
use crate::time::Timestamp;

/// How a service's credential is presented to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthType {
    /// Not at all.
    None,
    /// `Authorization: Bearer` and a token.
    Bearer,
    /// `Authorization: Basic` with user name and password.
    Basic,
    /// A header of the service's own, or several.
    ApiKey,
    /// A parameter of the query.
    Query,
    /// `Authorization: Bearer` and an access token, given or fetched from a token endpoint.
    Oauth2,
}

impl AuthType {
    /// Every type.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Bearer,
        Self::Basic,
        Self::ApiKey,
        Self::Query,
        Self::Oauth2,
    ];

    /// The word that stands for the type in a row and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::ApiKey => "api_key",
            Self::Query => "query",
            Self::Oauth2 => "oauth2",
        }
    }

    /// The type of such a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Where a credential stands in the requests that it is put into. Not secret, and part of what a
/// human approves: a credential that moved is another request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "in")]
pub enum CredentialPlace {
    /// The service has no credential.
    Nowhere,
    /// In these headers, lower case.
    Headers {
        /// Their names.
        names: Vec<String>,
    },
    /// In a parameter of the query.
    Query {
        /// Its name.
        param: String,
    },
    /// In `Authorization`, fetched from a token endpoint.
    Token {
        /// The endpoint's address.
        token_url: String,
    },
}

impl CredentialPlace {
    /// The headers that the credential sets, which an agent may not.
    pub fn headers(&self) -> Vec<HeaderName> {
        match self {
            Self::Nowhere | Self::Query { .. } => Vec::new(),
            Self::Headers { names } => names
                .iter()
                .filter_map(|name| HeaderName::try_from(name.as_str()).ok())
                .collect(),
            Self::Token { .. } => vec![http::header::AUTHORIZATION],
        }
    }

    /// The query parameter that the credential sets, which an agent may not.
    pub fn query_param(&self) -> Option<&str> {
        match self {
            Self::Query { param } => Some(param),
            Self::Nowhere | Self::Headers { .. } | Self::Token { .. } => None,
        }
    }
}

/// A credential as the store knows it: sealed bytes and what may be told of them.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedCredential {
    /// Grows with every replacement or refresh.
    pub version: i64,
    /// The data key it is sealed under.
    pub data_key: DataKeyId,
    /// The sealed bytes.
    pub sealed: Arc<[u8]>,
    /// The names of its values.
    pub keys: Vec<String>,
    /// Where it stands in a request.
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

/// An upstream API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// Its name, unique in the workspace.
    pub name: String,
    /// Where it is.
    pub base_url: BaseUrl,
    /// How its credential is presented.
    pub auth_type: AuthType,
    /// What the operator says of it.
    pub description: Option<String>,
    /// Whether every request to it has to say why it is sent.
    pub intent_required: bool,
    /// Whether agents may open WebSockets to it, in which nothing is judged.
    pub web_socket: bool,
    /// Its credential, once there is one.
    pub credential: Option<SealedCredential>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Grows with every change of its fields and with every credential that an operator sets; a
    /// change is made against the revision that was seen.
    pub revision: i64,
}

impl Service {
    /// Where the service's credential stands.
    pub fn place(&self) -> CredentialPlace {
        self.credential
            .as_ref()
            .map_or(CredentialPlace::Nowhere, |sealed| sealed.place.clone())
    }
}
