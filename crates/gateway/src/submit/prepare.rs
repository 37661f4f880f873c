//! From a proposed request to the exact bytes that would be sent.

use bytes::Bytes;
use gaiterguard_authority::{AgentCaller, ResolvedService};
use gaiterguard_credential::drop_parameter;
use gaiterguard_domain::agent::Binding;
use gaiterguard_domain::header;
use gaiterguard_domain::redact;
use gaiterguard_domain::request::{CanonicalRequest, Digest, ProxyRequest};
use gaiterguard_domain::service::AuthType;
use gaiterguard_domain::target::Target;
use gaiterguard_provenance::{AgentHistory, Place, Provenance};
use http::{HeaderMap, Method};
use tokio_util::sync::CancellationToken;

use crate::Gateway;
use crate::body::big_body::is_big;
use crate::body::key_guard::holds_agent_key;
use crate::refusal::{NO_AGENT_KEY, Refusal};
use crate::submit::locate::{self, Located};

/// A request whose way is known: by whom, where to, and the exact bytes.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) caller: AgentCaller,
    pub(crate) located: Located,
    pub(crate) request: CanonicalRequest,
    /// None while the body has not arrived. Only what needs no look at it may then be decided.
    pub(crate) digest: Option<Digest>,
}

impl Prepared {
    /// Returns what an approval of it rests on besides the bytes.
    pub(crate) fn binding(&self) -> Binding {
        let Located { grant, service, .. } = &self.located;
        if self.request.is_web_socket() {
            Binding::of_web_socket(*grant, service)
        } else {
            Binding::of(*grant, service)
        }
    }

    /// Returns what cuts the call when the agent loses the right to it.
    pub(crate) fn cut(&self) -> CancellationToken {
        let web_socket = self.request.is_web_socket();
        self.caller.call_token(self.located.service.id, web_socket)
    }

    /// Returns what the agent was shown by the service before, as far as it is known; `None` if it is
    /// unknown.
    pub(crate) async fn history(&self, provenance: &Provenance) -> Option<AgentHistory> {
        let (place, right) = self.place();
        provenance.history_of(place, &self.request, &right).await
    }

    /// Returns what the agent was shown by the service through this process.
    pub(crate) fn history_here(&self, provenance: &Provenance) -> Option<AgentHistory> {
        let (place, right) = self.place();
        provenance.history_here(place, &right)
    }

    fn place(&self) -> (Place, CancellationToken) {
        let service = self.located.service.id;
        let right = self.caller.call_token(service, false);
        ((self.caller.agent.id, service), right)
    }

    /// The same request, now that its body has arrived.
    ///
    /// # Errors
    ///
    /// Where the body holds an agent key: it would be sent on, and stored.
    fn with_body(mut self, body: Bytes) -> Result<Self, Refusal> {
        if holds_agent_key(&self.request.headers, &body) {
            return Err(Refusal::Invalid {
                field: "body",
                message: NO_AGENT_KEY.to_owned(),
            });
        }
        self.request.body = body;
        self.digest = Some(self.request.digest());
        Ok(self)
    }

    /// The digest, for what rests on it.
    ///
    /// # Errors
    ///
    /// Where the body has not arrived: nothing is claimed or held then.
    pub(crate) fn known_digest(&self) -> Result<Digest, Refusal> {
        self.digest.ok_or(Refusal::AuthorityUnconfirmed)
    }
}

impl Gateway {
    /// Where to, may that be dialed, and what exactly would be sent.
    pub(crate) async fn prepare(
        &self,
        caller: AgentCaller,
        request: &ProxyRequest,
    ) -> Result<Prepared, Refusal> {
        let head = self.prepare_head(caller, request).await?;
        self.with_body(head, request.body.clone()).await
    }

    /// The request with its body, which must not hold an agent key.
    pub(crate) async fn with_body(&self, head: Prepared, body: Bytes) -> Result<Prepared, Refusal> {
        if !is_big(&head.request.headers, &body) {
            return head.with_body(body);
        }
        let searching = self.big_bodies.run(move || head.with_body(body));
        Box::pin(searching).await?
    }

    /// The same without the body.
    pub(crate) async fn prepare_head(
        &self,
        mut caller: AgentCaller,
        request: &ProxyRequest,
    ) -> Result<Prepared, Refusal> {
        let mut located = locate::locate(&caller, &request.destination)?;
        if caller.definitions.is_unread(located.service.id) {
            let (workspace, service) = (caller.agent.workspace, located.service.id);
            Box::pin(self.authority.documents_read(workspace, service)).await?;
            caller = self.authority.renewed(&caller)?;
            located = locate::locate(&caller, &request.destination)?;
        }
        if located.service.intent_required && request.intent.is_absent() {
            return Err(Refusal::Invalid {
                field: "X-Agent-Intent",
                message: "is required by this service: state why the request is sent".to_owned(),
            });
        }
        if request.web_socket && !located.service.web_socket {
            return Err(Refusal::WebSocketNotAllowed);
        }
        self.check_address(&located.service).await?;
        let mut canonical = canonical(
            &located.service,
            &located.target,
            request.method.clone(),
            &request.headers,
            Bytes::new(),
        )?;
        if request.web_socket {
            canonical = canonical.with_web_socket();
        }
        Ok(Prepared {
            caller,
            located,
            request: canonical,
            digest: None,
        })
    }
}

/// The exact bytes, without anything that stands where the credential will.
pub(crate) fn canonical(
    service: &ResolvedService,
    target: &Target,
    method: Method,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<CanonicalRequest, Refusal> {
    let target = match service.place().query_param() {
        Some(param) => without_parameter(target, param)?,
        None => target.clone(),
    };
    // Only the credential's own place is cleared of it; anywhere else it would be sent on.
    if redact::holds_agent_key(target.path_and_query().as_bytes()) {
        return Err(Refusal::Invalid {
            field: "path",
            message: NO_AGENT_KEY.to_owned(),
        });
    }
    Ok(CanonicalRequest {
        method,
        target,
        headers: header::forwardable(
            headers,
            service.credential_headers(),
            service.auth_type != AuthType::None,
        ),
        body,
    })
}

/// The target without what the agent put in the credential's place.
fn without_parameter(target: &Target, param: &str) -> Result<Target, Refusal> {
    match drop_parameter(target.path_and_query(), param) {
        Some(path_and_query) => Ok(target.with_path_and_query(&path_and_query)?),
        None => Ok(target.clone()),
    }
}
