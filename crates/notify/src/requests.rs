//! Held requests, as the engine shows them to humans.

use std::pin::Pin;

use gaiterguard_domain::id::{ActionId, WorkspaceId};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;

/// The result of [`HeldRequests::whole`].
pub type Reading<'a> =
    Pin<Box<dyn Future<Output = Result<Option<WholeRequest>, Unavailable>> + Send + 'a>>;

/// The database or the vault failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// Reads held requests. A trait, because this crate must not be able to decide on one.
pub trait HeldRequests: Send + Sync {
    /// Returns all of a pending request; `None` if the action does not exist or is not pending.
    fn whole(&self, workspace: WorkspaceId, action: ActionId) -> Reading<'_>;
}

/// All of a pending request, as the dashboard shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeRequest {
    /// The revision of the action.
    pub revision: i64,
    /// The digest of the exact request.
    pub digest: Digest,
    /// When the action expires.
    pub expires_at: Timestamp,
    /// Whether an approval needs a passkey, which no chat can ask for.
    pub needs_passkey: bool,
    /// The method.
    pub method: String,
    /// The complete URL.
    pub target_url: String,
    /// Names and values of the headers; secret values are masked.
    pub headers: Vec<(String, String)>,
    /// The body; `None` if it is damaged, compressed, or not text.
    pub body: Option<String>,
}

impl WholeRequest {
    /// Returns the request as text; `None` if its body cannot be shown.
    pub(crate) fn text(&self) -> Option<String> {
        let body = self.body.as_ref()?;
        let mut lines = vec![format!("{} {}", self.method, self.target_url)];
        let headers = self.headers.iter();
        lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
        if !body.is_empty() {
            lines.extend([String::new(), body.clone()]);
        }
        Some(lines.join("\n"))
    }
}
