//! The reasons why the proxy port refuses a request, one variant for each that a client can distinguish.

use gaiterguard_domain::target::{Origin, TargetRefused};
use gaiterguard_problem::Code;

/// The reason why a request does not reach the engine. None of the sentences contains a secret.
#[derive(Debug, thiserror::Error)]
pub enum ProxyRefusal {
    /// The request is not one for a proxy.
    #[error(
        "this port is a forward proxy: use it as HTTPS_PROXY and HTTP_PROXY; the gateway's own API is \
         on another port"
    )]
    NotForProxy,
    /// The request has no agent key.
    #[error("an agent key is required, as the password of the proxy: http://LABEL:agt_…@HOST:PORT")]
    NoCredentials,
    /// The agent key does not open anything now. The sentence is for the agent.
    #[error("{0}")]
    UnknownKey(&'static str),
    /// The target is malformed.
    #[error("the target is not valid: {0}")]
    Target(#[from] TargetRefused),
    /// The target is an IP address.
    #[error(
        "{0} is an IP address, for which the gateway issues no certificate: use the host name in the \
         base URL of a service"
    )]
    Address(Origin),
    /// The target is the gateway itself.
    #[error("{0} is this gateway: call it without the proxy, by listing its host in NO_PROXY")]
    Itself(Origin),
    /// The agent may not use a service there.
    #[error(
        "none of this agent's services has a base URL at {0}; an operator can add such a service, allow \
         the agent to use it, or set the agent's otherHosts to tunnel, with which an https URL is connected \
         without being intercepted"
    )]
    NoService(Origin),
    /// The agent may not have a tunnel to this port of a host that no service names.
    #[error(
        "{0} is not the host of a service, and its port is neither 443 nor above 1023: an operator can add a \
         service for it"
    )]
    OtherPort(Origin),
    /// The address of a host that no service names may not be dialed.
    #[error("the address may not be dialed: {0}")]
    OtherAddress(String),
    /// A host that no service names cannot be reached.
    #[error("{0} cannot be reached: {1}")]
    OtherUnreachable(Origin, String),
    /// A tunnel could not be recorded.
    #[error("the tunnel was not opened, because it could not be recorded; try again later")]
    NotRecorded,
    /// A request in a tunnel is for another host.
    #[error(
        "the request is for {asked}, but the tunnel was opened to {tunnel}: the host and port must be \
         the same"
    )]
    OtherHost {
        /// Where the tunnel leads.
        tunnel: Origin,
        /// The host of the request.
        asked: String,
    },
    /// The client named another host during the TLS handshake.
    #[error(
        "the TLS handshake names another host than {0}, to which the tunnel was opened: both must be \
         the same"
    )]
    OtherServerName(Origin),
}

impl ProxyRefusal {
    /// Returns the code of the problem that the client gets.
    pub fn code(&self) -> Code {
        match self {
            Self::NotForProxy => Code::MalformedRequest,
            Self::NoCredentials | Self::UnknownKey(_) => Code::ProxyAuthenticationRequired,
            Self::Target(_) => Code::InvalidTarget,
            Self::Address(_) | Self::Itself(_) | Self::OtherPort(_) | Self::OtherAddress(_) => {
                Code::TargetNotAllowed
            }
            Self::OtherUnreachable(..) => Code::UpstreamUnreachable,
            Self::NotRecorded => Code::StorageUnavailable,
            Self::NoService(_) => Code::ServiceNotInScope,
            Self::OtherHost { .. } | Self::OtherServerName(_) => Code::MisdirectedRequest,
        }
    }
}
