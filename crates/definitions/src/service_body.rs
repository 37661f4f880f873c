//! The fields to register a service, and to change one.

use gaiterguard_domain::field::{Change, Checked};
use gaiterguard_domain::service::{AuthType, TimeoutMs, Timeouts};
use gaiterguard_domain::target::BaseUrl;
use gaiterguard_domain::text::{Name, Text};
use gaiterguard_domain::{all, body};

use crate::credentials::Credentials;

body! {
    /// A service to register.
    pub struct NewService {
        /// Name, unique in the workspace.
        #[schema(example = "stripe")]
        name "name": Name as Name,
        /// An http or https URL without user, query, or fragment. A trailing slash is ignored.
        #[schema(example = "https://api.example.com/v1")]
        base_url "baseUrl": BaseUrl as String,
        /// How the credential is injected.
        auth_type "authType": AuthType as AuthType,
        /// The credential.
        credentials "credentials": Option<Credentials> as Option<Credentials>,
        /// Description.
        description "description": Option<Text> as Option<Text>,
        /// Whether requests without an intent are refused. Defaults to false.
        intent_required "intentRequired": Option<bool> as Option<bool>,
        /// Whether agents may open WebSockets below `/s/{service}/`. Defaults to false. The gateway
        /// decides on the handshake; it does not inspect the messages.
        web_socket "webSocket": Option<bool> as Option<bool>,
        /// How long the upstream may take to begin its response, in milliseconds, up to 30 minutes.
        /// Defaults to `UPSTREAM_TIMEOUT_MS`.
        #[schema(minimum = 1, maximum = 1_800_000)]
        timeout_ms "timeoutMs": Option<TimeoutMs> as Option<u32>,
        /// How long the upstream may pause within its response, in milliseconds, up to 30 minutes. Defaults
        /// to `UPSTREAM_IDLE_TIMEOUT_MS`.
        #[schema(minimum = 1, maximum = 1_800_000)]
        idle_timeout_ms "idleTimeoutMs": Option<TimeoutMs> as Option<u32>,
    }
}

body! {
    /// Changes to a service. A different `authType`, or a different scheme, host, or port of
    /// `baseUrl`, removes the credential unless a new one is given.
    pub struct ServiceChange {
        /// Name, unique in the workspace.
        #[schema(nullable = false)]
        name "name": Change<Name> as Option<Name>,
        /// An http or https URL without user, query, or fragment.
        #[schema(nullable = false)]
        base_url "baseUrl": Change<BaseUrl> as Option<String>,
        /// How the credential is injected.
        #[schema(nullable = false)]
        auth_type "authType": Change<AuthType> as Option<AuthType>,
        /// The credential.
        credentials "credentials": Change<Option<Credentials>> as Option<Credentials>,
        /// Description; null removes it.
        description "description": Change<Option<Text>> as Option<Text>,
        /// Whether requests without an intent are refused.
        intent_required "intentRequired": Change<Option<bool>> as Option<bool>,
        /// Whether agents may open WebSockets below `/s/{service}/`.
        web_socket "webSocket": Change<Option<bool>> as Option<bool>,
        /// How long the upstream may take to begin its response, in milliseconds, up to 30 minutes;
        /// null applies `UPSTREAM_TIMEOUT_MS`.
        #[schema(minimum = 1, maximum = 1_800_000)]
        timeout_ms "timeoutMs": Change<Option<TimeoutMs>> as Option<u32>,
        /// How long the upstream may pause within its response, in milliseconds, up to 30 minutes; null
        /// applies `UPSTREAM_IDLE_TIMEOUT_MS`.
        #[schema(minimum = 1, maximum = 1_800_000)]
        idle_timeout_ms "idleTimeoutMs": Change<Option<TimeoutMs>> as Option<u32>,
    }
}

impl ServiceChange {
    /// Returns the names of the fields that are present, as the audit log lists them.
    pub(crate) fn fields(&self) -> Vec<&'static str> {
        fn is_present<T>(change: &Checked<Change<T>>) -> bool {
            change.as_ref().is_ok_and(|change| change.0.is_some())
        }
        [
            ("name", is_present(&self.name)),
            ("baseUrl", is_present(&self.base_url)),
            ("authType", is_present(&self.auth_type)),
            ("credentials", is_present(&self.credentials)),
            ("description", is_present(&self.description)),
            ("intentRequired", is_present(&self.intent_required)),
            ("webSocket", is_present(&self.web_socket)),
            ("timeoutMs", is_present(&self.timeout_ms)),
            ("idleTimeoutMs", is_present(&self.idle_timeout_ms)),
        ]
        .into_iter()
        .filter_map(|(name, is_present)| is_present.then_some(name))
        .collect()
    }
}

/// Combines the time limits of a service.
pub(crate) fn timeouts(
    response: Checked<Option<TimeoutMs>>,
    idle: Checked<Option<TimeoutMs>>,
) -> Checked<Timeouts> {
    let (response, idle) = all!(response, idle)?;
    Ok(Timeouts { response, idle })
}
