//! Refusals of a request whose sending has begun.
//!
//! A request that reached the upstream did so whatever the database does afterwards. So nothing converts a
//! storage error, or a refusal in general, into an [`AfterSending`]: `?` on a write that follows a dispatch
//! does not compile, and "nothing was sent" is said only with the proof.

use gaiterguard_intake::BodyBroken;
use http::StatusCode;

use crate::record::completion::Unrecorded;
use crate::refusal::Refusal;
use crate::send::dispatch::{DispatchFailed, MaybeSent};

/// The reason why an agent gets no response to a request that was dispatched.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct AfterSending(Refusal);

impl AfterSending {
    /// The dispatch brought no response. `why_revoked` returns the reason if an operator canceled it.
    pub(crate) fn failed(failed: DispatchFailed, why_revoked: impl FnOnce() -> Refusal) -> Self {
        Self(match failed {
            DispatchFailed::NothingSent(refusal) => refusal,
            DispatchFailed::MaybeSent(MaybeSent::TimedOut { limit }) => {
                Refusal::UpstreamTimeout { limit }
            }
            DispatchFailed::MaybeSent(MaybeSent::Broken) => Refusal::UpstreamBroken,
            DispatchFailed::MaybeSent(MaybeSent::NotHttp(reason)) => {
                Refusal::UpstreamNotHttp(reason)
            }
            DispatchFailed::Revoked { may_have_been_sent } => match why_revoked() {
                // That refusal invites a retry, which is only for requests that were not sent.
                Refusal::AuthorityUnconfirmed if may_have_been_sent => Refusal::CallRevoked,
                refusal => refusal,
            },
        })
    }

    /// The response contains the credential and cannot be masked.
    pub(crate) fn credential_echoed() -> Self {
        Self(Refusal::CredentialEchoed)
    }

    /// Only the status of the response could be read.
    pub(crate) fn response_unusable(status: StatusCode, reason: String) -> Self {
        Self(Refusal::ResponseUnusable {
            status: status.as_u16(),
            reason,
        })
    }

    /// The agent's own body broke off.
    pub(crate) fn body_broken(broken: BodyBroken) -> Self {
        Self(Refusal::BodyBroken(broken))
    }

    /// A read whose decision could not be recorded. Its response is withheld.
    pub(crate) fn read_unrecorded(refusal: Refusal, may_have_been_sent: bool) -> Self {
        Self(match refusal {
            Refusal::StorageUnavailable | Refusal::AuthorityUnconfirmed if may_have_been_sent => {
                Refusal::ResponseWithheld
            }
            refusal => refusal,
        })
    }
}

impl From<Unrecorded> for AfterSending {
    fn from(Unrecorded: Unrecorded) -> Self {
        Self(Refusal::EndUnrecorded)
    }
}

impl From<AfterSending> for Refusal {
    fn from(AfterSending(refusal): AfterSending) -> Self {
        refusal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(failed: DispatchFailed, why_revoked: Refusal) -> Refusal {
        AfterSending::failed(failed, || why_revoked).into()
    }

    #[test]
    fn a_request_that_may_have_been_sent_is_never_called_unsent_and_invites_no_retry() {
        let unused = || Refusal::StorageUnavailable;
        let limit = std::time::Duration::from_secs(30);
        let timed_out = MaybeSent::TimedOut { limit };
        let not_http = MaybeSent::NotHttp("the upstream speaks HTTP/2 only".to_owned());
        let revoked = DispatchFailed::Revoked {
            may_have_been_sent: true,
        };
        for refusal in [
            refusal(DispatchFailed::MaybeSent(timed_out), unused()),
            refusal(DispatchFailed::MaybeSent(MaybeSent::Broken), unused()),
            refusal(DispatchFailed::MaybeSent(not_http), unused()),
            refusal(revoked, Refusal::AuthorityUnconfirmed),
            AfterSending::response_unusable(StatusCode::OK, "its head is malformed".to_owned())
                .into(),
            AfterSending::from(Unrecorded).into(),
            AfterSending::credential_echoed().into(),
            AfterSending::read_unrecorded(Refusal::StorageUnavailable, true).into(),
            AfterSending::read_unrecorded(Refusal::AuthorityUnconfirmed, true).into(),
        ] {
            assert!(
                !refusal.to_string().contains("nothing was sent"),
                "{refusal}"
            );
            assert!(!refusal.to_string().contains("try again"), "{refusal}");
            assert_eq!(refusal.retry_after(), None, "{refusal}");
        }
    }

    #[test]
    fn a_request_that_was_certainly_not_sent_keeps_its_refusal() {
        let unreachable = Refusal::UpstreamUnreachable("no route".to_owned());
        let refused = refusal(
            DispatchFailed::NothingSent(unreachable),
            Refusal::AgentBlocked,
        );
        assert!(
            matches!(refused, Refusal::UpstreamUnreachable(_)),
            "{refused}"
        );
        let revoked = DispatchFailed::Revoked {
            may_have_been_sent: false,
        };
        let refused = refusal(revoked, Refusal::AuthorityUnconfirmed);
        assert!(
            matches!(refused, Refusal::AuthorityUnconfirmed),
            "{refused}"
        );
        let refused = AfterSending::read_unrecorded(Refusal::StorageUnavailable, false).into();
        assert!(matches!(refused, Refusal::StorageUnavailable), "{refused}");
    }
}
