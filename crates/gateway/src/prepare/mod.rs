//! From a proposed request to the exact bytes that would be sent.

pub(crate) mod locate;

use std::ops::ControlFlow;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use gaiterguard_assessment::Considered;
use gaiterguard_authority::{AgentCaller, Authority, ResolvedService};
use gaiterguard_credential::{Unsigned, drop_parameter};
use gaiterguard_domain::agent::Binding;
use gaiterguard_domain::digested_request::DigestedRequest;
use gaiterguard_domain::header;
use gaiterguard_domain::redact;
use gaiterguard_domain::request::{CanonicalRequest, Digest, Intent, ProxyRequest};
use gaiterguard_domain::target::Target;
use gaiterguard_intake::holds_agent_key;
use gaiterguard_intake::{BigBodies, is_big};
use gaiterguard_provenance::{AgentHistory, HistoryKey, Provenance};
use gaiterguard_upstream::Upstream;
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, Method};
use tokio_util::sync::CancellationToken;

use self::locate::Located;
use crate::refusal::{NO_AGENT_KEY, Refusal};

/// A request with its sender, its destination and its exact bytes.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) caller: AgentCaller,
    pub(crate) located: Located,
    pub(crate) request: PreparedRequest,
}

/// The exact bytes of a request, as far as they have arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PreparedRequest {
    /// All of the request.
    Whole(DigestedRequest),
    /// A request whose body has not arrived. Only a decision that does not depend on the body is possible.
    Head(CanonicalRequest),
}

impl Deref for PreparedRequest {
    type Target = CanonicalRequest;

    fn deref(&self) -> &CanonicalRequest {
        match self {
            Self::Whole(request) => request,
            Self::Head(request) => request,
        }
    }
}

impl Prepared {
    /// Returns what an approval of the request depends on, apart from the bytes.
    pub(crate) fn binding(&self) -> Binding {
        let Located { grant, service, .. } = &self.located;
        if self.request.is_web_socket() {
            Binding::of_web_socket(*grant, service)
        } else {
            Binding::of(*grant, service)
        }
    }

    /// Returns the token that is canceled when the agent loses the right to the call.
    pub(crate) fn call_token(&self) -> CancellationToken {
        let web_socket = self.request.is_web_socket();
        self.caller.call_token(self.located.service.id, web_socket)
    }

    /// Returns the request as it is assessed.
    pub(crate) fn considered<'a>(&'a self, intent: &'a Intent) -> Considered<'a> {
        Considered {
            caller: &self.caller,
            service: &self.located.service,
            request: &self.request,
            intent: intent.as_str(),
        }
    }

    /// Does work whose time grows with the body. A big body waits for its turn.
    pub(crate) async fn examine<T: Send + 'static>(
        &self,
        big_bodies: &BigBodies,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        if !is_big(&self.request.headers, &self.request.body) {
            return Ok(work(self));
        }
        let prepared = self.clone();
        Ok(Box::pin(big_bodies.run(move || work(&prepared))).await?)
    }

    /// Returns what the service has shown to the agent, also through other replicas; `None` if that is
    /// unknown.
    pub(crate) async fn history(&self, provenance: &Provenance) -> Option<AgentHistory> {
        let (key, right) = self.history_key();
        match provenance.history_at_hand(key, &self.request, &right) {
            ControlFlow::Break(history) => history,
            // Boxed, so that the future of every request stays small.
            ControlFlow::Continue(()) => {
                Box::pin(provenance.history_of(key, &self.request, &right)).await
            }
        }
    }

    /// Returns what the service has shown to the agent through this process.
    pub(crate) fn history_here(&self, provenance: &Provenance) -> Option<AgentHistory> {
        let (key, right) = self.history_key();
        provenance.history_here(key, &right)
    }

    /// Returns the key of the agent's history with the service, and the token of the right that it belongs
    /// to.
    pub(crate) fn history_key(&self) -> (HistoryKey, CancellationToken) {
        let service = self.located.service.id;
        let right = self.caller.call_token(service, false);
        let agent = self.caller.agent.id;
        (HistoryKey { agent, service }, right)
    }

    /// Adds the body.
    ///
    /// # Errors
    ///
    /// If the body contains an agent key: it would be forwarded, and stored.
    fn with_body(self, body: Bytes) -> Result<Self, Refusal> {
        if holds_agent_key(&self.request.headers, &body) {
            return Err(Refusal::Invalid {
                field: "body",
                message: NO_AGENT_KEY.to_owned(),
            });
        }
        let mut request = match self.request {
            PreparedRequest::Head(head) => head,
            PreparedRequest::Whole(whole) => whole.into_request(),
        };
        request.body = body;
        Ok(Self {
            request: PreparedRequest::Whole(DigestedRequest::new(request)),
            ..self
        })
    }

    /// Returns the digest; `None` while the body has not arrived.
    pub(crate) fn digest(&self) -> Option<Digest> {
        match &self.request {
            PreparedRequest::Whole(request) => Some(request.digest()),
            PreparedRequest::Head(_) => None,
        }
    }

    /// Returns the digest.
    ///
    /// # Errors
    ///
    /// If the body has not arrived: nothing may be held then.
    pub(crate) fn known_digest(&self) -> Result<Digest, Refusal> {
        self.digest().ok_or(Refusal::AuthorityUnconfirmed)
    }

    /// Computes the digest of the payload.
    ///
    /// # Errors
    ///
    /// If the body has not arrived: nothing may be claimed then.
    pub(crate) async fn payload(&self, big_bodies: &BigBodies) -> Result<Digest, Refusal> {
        let computing = self.examine(big_bodies, |prepared| match &prepared.request {
            PreparedRequest::Whole(request) => Ok(request.payload()),
            PreparedRequest::Head(_) => Err(Refusal::AuthorityUnconfirmed),
        });
        computing.await?
    }
}

/// Prepares requests: finds their service and address, and builds the exact bytes.
pub(crate) struct Preparer {
    authority: Arc<Authority>,
    upstream: Arc<Upstream>,
    big_bodies: BigBodies,
}

impl Preparer {
    pub(crate) fn new(
        authority: Arc<Authority>,
        upstream: Arc<Upstream>,
        big_bodies: BigBodies,
    ) -> Self {
        Self {
            authority,
            upstream,
            big_bodies,
        }
    }

    /// Prepares a request whose body is there.
    pub(crate) async fn prepare(
        &self,
        caller: AgentCaller,
        request: &ProxyRequest,
    ) -> Result<Prepared, Refusal> {
        let head = self.prepare_head(caller, request).await?;
        self.with_body(head, request.body.clone()).await
    }

    /// Adds the body to a prepared head. A big body waits for its turn.
    ///
    /// # Errors
    ///
    /// If the body contains an agent key.
    pub(crate) async fn with_body(&self, head: Prepared, body: Bytes) -> Result<Prepared, Refusal> {
        if !is_big(&head.request.headers, &body) {
            return head.with_body(body);
        }
        let searching = self.big_bodies.run(move || head.with_body(body));
        Box::pin(searching).await?
    }

    /// Prepares a request without its body.
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
            request: PreparedRequest::Head(canonical),
        })
    }

    /// Checks that the service's address may be dialed.
    pub(crate) async fn check_address(&self, service: &ResolvedService) -> Result<(), Refusal> {
        let checked = self.upstream.check(service.origin()).await;
        checked.map_err(|refused| {
            let message = format!("the upstream's address may not be dialed: {refused}");
            Refusal::TargetNotAllowed(message)
        })
    }
}

/// Returns the exact request, without anything in the place of the credential.
pub(crate) fn canonical(
    service: &ResolvedService,
    target: &Target,
    method: Method,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<CanonicalRequest, Refusal> {
    let place = service.place();
    let mut target = match place.query_param() {
        Some(param) => without_parameter(target, param)?,
        None => target.clone(),
    };
    let mut signing = Vec::new();
    if let Some(scope) = place.signature() {
        let unsigned = Unsigned::of(scope, &target, headers)?;
        target = target.with_path_and_query(&unsigned.path_and_query)?;
        signing = unsigned.headers;
    }
    if let Some(placeholder) = place.placeholder()
        && placeholder.count_in(target.path()) != 1
    {
        return Err(Refusal::Invalid {
            field: "path",
            message: format!(
                "must contain {placeholder} once, where the gateway injects the credential"
            ),
        });
    }
    // An agent key is removed only from the place of the credential; anywhere else it would be forwarded.
    if redact::holds_agent_key(target.path_and_query().as_bytes()) {
        return Err(Refusal::Invalid {
            field: "path",
            message: NO_AGENT_KEY.to_owned(),
        });
    }
    let sends_secret = service.auth_type.sends_secret();
    let mut headers = header::forwardable(headers, service.credential_headers(), sends_secret);
    headers.extend(signing);
    // Some APIs refuse requests without one. It is part of the digest, like every header that is sent.
    headers
        .entry(USER_AGENT)
        .or_insert(HeaderValue::from_static(header::OWN_USER_AGENT));
    Ok(CanonicalRequest {
        method,
        target,
        headers,
        body,
    })
}

/// Returns the target without the query parameter that the credential sets.
fn without_parameter(target: &Target, param: &str) -> Result<Target, Refusal> {
    match drop_parameter(target.path_and_query(), param) {
        Some(path_and_query) => Ok(target.with_path_and_query(&path_and_query)?),
        None => Ok(target.clone()),
    }
}
