//! The permission to send one request. Only the modules that record decisions can create one.

use gaiterguard_domain::digested_request::DigestedRequest;
use gaiterguard_domain::id::{ActionId, RequestEntryId};
use gaiterguard_domain::request::{CanonicalRequest, Digest};

/// The permission to send one request. Sending consumes one, so a decision cannot be forgotten; it cannot
/// be copied, so it cannot be used twice; and it names the digest of the request, so it cannot be used for
/// another one.
#[derive(Debug)]
pub(crate) struct Permit {
    basis: Basis,
    covers: Covers,
}

/// The record that a permit is based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Basis {
    /// The decision is durable.
    Decision(RequestEntryId),
    /// The execution is durable.
    Execution(ActionId),
    /// The method is safe and no key is claimed, so the record becomes durable while the request is sent.
    Read,
}

/// The bytes that a permit covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Covers {
    /// All of the request.
    Request(Digest),
    /// All of the request except its body, which is forwarded as it arrives. The digest of such a
    /// request is known only at its end, and is recorded then.
    HeadOfUpload(Digest),
}

/// The error for a permit that was presented for another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the permit is for a different request")]
pub(crate) struct NotCovered;

impl Covers {
    /// Covers everything but the body of a request.
    pub(crate) fn head_of_upload(head: &CanonicalRequest) -> Self {
        Self::HeadOfUpload(head.digest())
    }
}

impl Permit {
    /// Creates the permit for a request whose decision is durable.
    pub(super) fn of_decision(entry: RequestEntryId, covers: Covers) -> Self {
        Self {
            basis: Basis::Decision(entry),
            covers,
        }
    }

    /// Creates the permit for the request of an action that is durably `EXECUTING`.
    pub(super) fn of_execution(action: ActionId, digest: Digest) -> Self {
        Self {
            basis: Basis::Execution(action),
            covers: Covers::Request(digest),
        }
    }

    /// Creates the permit for a read whose response waits for its record.
    pub(super) fn of_read(digest: Digest) -> Self {
        Self {
            basis: Basis::Read,
            covers: Covers::Request(digest),
        }
    }

    /// Creates a permit without a record.
    #[cfg(test)]
    pub(crate) fn for_test(covers: Covers) -> Self {
        Self::of_decision(RequestEntryId(1), covers)
    }

    /// Whether the same request may be sent a second time: its method is safe, and it uses up
    /// neither a key nor an approval.
    pub(crate) fn may_repeat(&self) -> bool {
        self.basis == Basis::Read
    }

    /// Checks that the permit is for this request.
    pub(crate) fn check(&self, request: &DigestedRequest) -> Result<(), NotCovered> {
        self.check_covers(Covers::Request(request.digest()))
    }

    /// Checks that the permit is for an upload with this head.
    pub(crate) fn check_upload(&self, head: &CanonicalRequest) -> Result<(), NotCovered> {
        self.check_covers(Covers::head_of_upload(head))
    }

    fn check_covers(&self, covers: Covers) -> Result<(), NotCovered> {
        if self.covers == covers {
            Ok(())
        } else {
            Err(NotCovered)
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use gaiterguard_domain::target::Target;
    use http::{HeaderMap, Method};
    use uuid::Uuid;

    use super::*;

    fn request(body: &'static str) -> CanonicalRequest {
        CanonicalRequest {
            method: Method::POST,
            target: Target::parse("https://api.example.com/v1/charges").unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    #[test]
    fn a_permit_is_for_one_request_only() {
        let sent = DigestedRequest::new(request("amount=1"));
        let other = DigestedRequest::new(request("amount=1000"));
        let covers = Covers::Request(sent.digest());
        for permit in [
            Permit::of_decision(RequestEntryId(1), covers),
            Permit::of_execution(ActionId(Uuid::nil()), sent.digest()),
            Permit::of_read(sent.digest()),
        ] {
            assert_eq!(permit.check(&sent), Ok(()), "{permit:?}");
            assert_eq!(permit.check(&other), Err(NotCovered), "{permit:?}");
            assert_eq!(permit.check_upload(&sent), Err(NotCovered), "{permit:?}");
        }
    }

    #[test]
    fn a_permit_for_an_upload_is_for_its_head_only() {
        let head = request("");
        let covers = Covers::head_of_upload(&head);
        let permit = Permit::of_decision(RequestEntryId(1), covers);
        assert_eq!(permit.check_upload(&head), Ok(()));
        let mut moved = head.clone();
        moved.target = Target::parse("https://api.example.com/v1/refunds").unwrap();
        assert_eq!(permit.check_upload(&moved), Err(NotCovered));
        assert_eq!(permit.check(&DigestedRequest::new(head)), Err(NotCovered));
    }
}
