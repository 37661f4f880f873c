//! The certificate authorities of the proxy port: one issues certificates, another may be about to, and a third may
//! have issued certificates that are still in use.

use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::StoredCertificateAuthority;

use crate::certificate_authority::{CertificateAuthority, HOST_LIFETIME};

/// An authority, and when it begins to issue certificates.
pub(crate) struct Dated {
    pub(crate) authority: CertificateAuthority,
    pub(crate) issues_from: Timestamp,
}

/// The authorities, in the order in which they issue certificates; at least one.
pub(crate) struct Authorities(Vec<Dated>);

impl Authorities {
    /// Returns `None` without an authority.
    pub(crate) fn new(authorities: Vec<Dated>) -> Option<Self> {
        (!authorities.is_empty()).then_some(Self(authorities))
    }

    /// Returns the authority that issues certificates now.
    pub(crate) fn issuer(&self, now: Timestamp) -> &CertificateAuthority {
        let times = self.0.iter().map(|dated| dated.issues_from);
        &self.0[issuer(times, now)].authority
    }

    /// Returns the certificates that clients must trust, in PEM.
    pub(crate) fn bundle(&self, now: Timestamp) -> String {
        let dated = self.0.iter();
        bundle(
            dated.map(|dated| (dated.authority.pem(), dated.issues_from)),
            now,
        )
    }

    /// Returns whether these are the stored ones.
    pub(crate) fn are(&self, stored: &[StoredCertificateAuthority]) -> bool {
        let own = self.0.iter();
        own.map(|dated| (dated.authority.pem(), dated.issues_from))
            .eq(stored
                .iter()
                .map(|one| (one.certificate.as_str(), one.issues_from)))
    }
}

/// Returns the certificates that clients must trust, in PEM, the newest first.
pub fn trusted_certificates(stored: &[StoredCertificateAuthority], now: Timestamp) -> String {
    let stored = stored.iter();
    bundle(
        stored.map(|one| (one.certificate.as_str(), one.issues_from)),
        now,
    )
}

/// Returns the issuer, the authorities that will issue certificates later, and the one before the issuer while its
/// certificates live.
fn bundle<'a>(
    authorities: impl DoubleEndedIterator<Item = (&'a str, Timestamp)> + ExactSizeIterator + Clone,
    now: Timestamp,
) -> String {
    let issuer = issuer(authorities.clone().map(|(_, issues_from)| issues_from), now);
    let since = authorities
        .clone()
        .nth(issuer)
        .map(|(_, issues_from)| issues_from);
    let is_recent = since.is_some_and(|since| since.after(HOST_LIFETIME) > now);
    let first = if is_recent {
        issuer.saturating_sub(1)
    } else {
        issuer
    };
    authorities.skip(first).rev().map(|(pem, _)| pem).collect()
}

/// Returns the number of the last authority that issues certificates already; the first, if none does.
fn issuer(issues_from: impl Iterator<Item = Timestamp>, now: Timestamp) -> usize {
    let issuing = issues_from.enumerate().filter(|(_, from)| *from <= now);
    issuing.last().map_or(0, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn both_authorities_are_trusted_before_and_after_the_change() {
        let change = Timestamp(1_790_000_000_000);
        let trusted = |now| bundle([("old ", Timestamp(0)), ("new ", change)].into_iter(), now);
        assert_eq!(trusted(change.before(Duration::from_hours(1))), "new old ");
        assert_eq!(trusted(change), "new old ");
        let end = change.after(HOST_LIFETIME);
        assert_eq!(trusted(end.before(Duration::from_secs(1))), "new old ");
        assert_eq!(trusted(end), "new ");
        assert_eq!(bundle([("only", change)].into_iter(), Timestamp(0)), "only");
    }

    #[test]
    fn the_new_authority_issues_certificates_from_its_time_on() {
        let times = [Timestamp(0), Timestamp(10)];
        let at = |now| issuer(times.into_iter(), Timestamp(now));
        assert_eq!((at(9), at(10), at(11)), (0, 1, 1));
    }
}
