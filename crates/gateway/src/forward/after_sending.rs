//! Refusals of a request whose sending has begun.
//!
//! What happened at the upstream stays true whatever the database does afterwards. So nothing
//! converts a storage error, or a refusal in general, into an [`AfterSending`]: `?` on a write that
//! follows a dispatch does not compile, and "nothing was sent" is said only with the proof.

use crate::body::arriving::BodyBroken;
use crate::forward::dispatch::{DispatchFailed, MaybeSent};
use crate::refusal::Refusal;

/// Why an agent gets no response to a request that was dispatched.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct AfterSending(Refusal);

/// The upstream has responded, and the ledger does not know it yet. It will be written as soon as
/// the database takes it.
#[derive(Debug)]
pub(crate) struct Unrecorded;

impl AfterSending {
    /// The dispatch brought no response; `why_cut` says why an operator cut it, if one did.
    pub(crate) fn failed(failed: DispatchFailed, why_cut: impl FnOnce() -> Refusal) -> Self {
        Self(match failed {
            DispatchFailed::NothingSent(refusal) => refusal,
            DispatchFailed::MaybeSent(MaybeSent::TimedOut) => Refusal::UpstreamTimeout,
            DispatchFailed::MaybeSent(MaybeSent::Broken) => Refusal::UpstreamBroken,
            DispatchFailed::Cut { may_have_been_sent } => match why_cut() {
                // Its invitation to try again is for requests that were not sent.
                Refusal::AuthorityUnconfirmed if may_have_been_sent => Refusal::CallCut,
                refusal => refusal,
            },
        })
    }

    /// The response holds the credential, and cannot be shown without it.
    pub(crate) fn credential_echoed() -> Self {
        Self(Refusal::CredentialEchoed)
    }

    /// The agent's own body broke off on its way.
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

    fn refusal(failed: DispatchFailed, why_cut: Refusal) -> Refusal {
        AfterSending::failed(failed, || why_cut).into()
    }

    #[test]
    fn what_may_have_been_sent_is_never_called_unsent_nor_is_a_retry_invited() {
        let unused = || Refusal::StorageUnavailable;
        let cut = DispatchFailed::Cut {
            may_have_been_sent: true,
        };
        for refusal in [
            refusal(DispatchFailed::MaybeSent(MaybeSent::TimedOut), unused()),
            refusal(DispatchFailed::MaybeSent(MaybeSent::Broken), unused()),
            refusal(cut, Refusal::AuthorityUnconfirmed),
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
    fn what_was_certainly_not_sent_keeps_its_own_words() {
        let unreachable = Refusal::UpstreamUnreachable("no route".to_owned());
        let told = refusal(
            DispatchFailed::NothingSent(unreachable),
            Refusal::AgentBlocked,
        );
        assert!(matches!(told, Refusal::UpstreamUnreachable(_)), "{told}");
        let cut = DispatchFailed::Cut {
            may_have_been_sent: false,
        };
        let told = refusal(cut, Refusal::AuthorityUnconfirmed);
        assert!(matches!(told, Refusal::AuthorityUnconfirmed), "{told}");
        let told = AfterSending::read_unrecorded(Refusal::StorageUnavailable, false).into();
        assert!(matches!(told, Refusal::StorageUnavailable), "{told}");
    }
}
