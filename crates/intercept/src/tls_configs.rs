//! The TLS settings of each host, with its certificate.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gaiterguard_domain::host::Host;
use gaiterguard_domain::time::{Clock, Timestamp};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ServerConfig, ServerSessionMemoryCache, StoresServerSessions};

use crate::authorities::Authorities;
use crate::certificate_authority::{CertificateError, HOST_LIFETIME};

/// The limit on hosts whose settings are kept. An agent can open tunnels only to hosts of its services, so
/// few gateways reach it.
const HOSTS_MAX: usize = 1000;

/// The limit on TLS sessions that clients may resume, over all hosts. A session takes less than 1 KiB.
const SESSIONS_MAX: usize = 4096;

/// The protocols that are offered inside TLS (RFC 7301).
pub(crate) const HTTP_2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// The TLS settings by host.
pub(crate) struct TlsConfigs {
    authorities: Mutex<Arc<Authorities>>,
    provider: Arc<CryptoProvider>,
    sessions: Arc<dyn StoresServerSessions>,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<Host, Known>>,
}

struct Known {
    config: Arc<ServerConfig>,
    since: Timestamp,
}

impl TlsConfigs {
    pub(crate) fn new(authorities: Authorities, clock: Arc<dyn Clock>) -> Self {
        Self {
            authorities: Mutex::new(Arc::new(authorities)),
            provider: Arc::new(aws_lc_rs::default_provider()),
            sessions: ServerSessionMemoryCache::new(SESSIONS_MAX),
            clock,
            known: Mutex::default(),
        }
    }

    /// Returns the certificates that clients must trust, in PEM.
    pub(crate) fn trusted_certificates(&self) -> String {
        self.authorities().bundle(self.clock.now())
    }

    /// Returns the authorities.
    pub(crate) fn authorities(&self) -> Arc<Authorities> {
        let authorities = self.authorities.lock();
        Arc::clone(&authorities.unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the authorities. Certificates are issued again.
    pub(crate) fn replace(&self, authorities: Authorities) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut present = self
            .authorities
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *present = Arc::new(authorities);
        known.clear();
    }

    /// Returns the settings of a host, with a certificate that is valid for at least half of its lifetime.
    ///
    /// The lock is held while a certificate is issued, so concurrent calls issue only one. That takes well
    /// under a millisecond.
    pub(crate) fn of_host(&self, host: &Host) -> Result<Arc<ServerConfig>, CertificateError> {
        let now = self.clock.now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(host)
            && known.is_fresh(now)
        {
            return Ok(Arc::clone(&known.config));
        }
        let config = Arc::new(self.make(host, now)?);
        if known.len() >= HOSTS_MAX && !known.contains_key(host) {
            let oldest = known.iter().min_by_key(|(_, known)| known.since);
            if let Some(oldest) = oldest.map(|(host, _)| host.clone()) {
                known.remove(&oldest);
            }
        }
        let made = Known {
            config: Arc::clone(&config),
            since: now,
        };
        known.insert(host.clone(), made);
        Ok(config)
    }

    fn make(&self, host: &Host, now: Timestamp) -> Result<ServerConfig, CertificateError> {
        let issued = self.authorities().issuer(now).issue(host, now)?;
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![issued.certificate], issued.key)?;
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1_1.to_vec()];
        config.session_storage = Arc::clone(&self.sessions);
        Ok(config)
    }
}

impl Known {
    /// Returns whether the certificate is in the first half of its lifetime. One from the future was issued
    /// before the clock was set back, and may not be valid yet.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.since <= now && self.since.until(now) < HOST_LIFETIME / 2
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gaiterguard_clock::ManualClock;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, RootCertStore};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;
    use crate::authorities::Dated;
    use crate::certificate_authority::CertificateAuthority;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn only(authority: CertificateAuthority) -> Authorities {
        let issues_from = Timestamp(0);
        Authorities::new(vec![Dated {
            authority,
            issues_from,
        }])
        .unwrap()
    }

    fn configs() -> (TlsConfigs, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(NOW));
        let authority = CertificateAuthority::create(NOW).unwrap();
        (
            TlsConfigs::new(only(authority), Arc::<ManualClock>::clone(&clock)),
            clock,
        )
    }

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    /// Returns whether a client that trusts only this authority accepts the server for a name.
    async fn is_accepted(configs: &TlsConfigs, pem: &str, served: &str, expected: &str) -> bool {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
            .unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (near, far) = tokio::io::duplex(16 * 1024);
        let acceptor = TlsAcceptor::from(configs.of_host(&host(served)).unwrap());
        let name = ServerName::try_from(expected.to_owned()).unwrap();
        let connecting = TlsConnector::from(Arc::new(client)).connect(name, near);
        let (connected, _) = tokio::join!(connecting, acceptor.accept(far));
        connected.is_ok()
    }

    #[tokio::test]
    async fn a_client_that_trusts_the_authority_accepts_the_host_and_no_other() {
        // The client compares the certificate with the system's clock.
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let now = Timestamp(i64::try_from(now.as_millis()).unwrap());
        let created = CertificateAuthority::create(now).unwrap();
        let (pem, key) = (created.pem().to_owned(), created.key());
        let reopened = CertificateAuthority::open(pem.clone(), &key).unwrap();
        for authority in [created, reopened] {
            let configs = TlsConfigs::new(only(authority), Arc::new(ManualClock::new(now)));
            let name = "api.example.com";
            assert!(is_accepted(&configs, &pem, name, name).await);
            assert!(!is_accepted(&configs, &pem, name, "other.example.com").await);
            let (others, _) = self::configs();
            assert!(!is_accepted(&configs, &others.trusted_certificates(), name, name).await);
        }
    }

    #[test]
    fn a_certificate_is_issued_once_and_again_before_it_expires() {
        let (configs, clock) = configs();
        let first = configs.of_host(&host("a.example")).unwrap();
        let again = configs.of_host(&host("A.example.")).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        clock.advance(Duration::from_hours(23));
        let later = configs.of_host(&host("a.example")).unwrap();
        assert!(Arc::ptr_eq(&first, &later));
        clock.advance(Duration::from_hours(1));
        let renewed = configs.of_host(&host("a.example")).unwrap();
        assert!(!Arc::ptr_eq(&first, &renewed));
    }

    #[test]
    fn concurrent_calls_issue_one_certificate() {
        let (configs, _) = configs();
        let made: Vec<_> = std::thread::scope(|scope| {
            let call = || configs.of_host(&host("a.example")).unwrap();
            let calls: Vec<_> = (0..8).map(|_| scope.spawn(call)).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        assert!(made.iter().all(|one| Arc::ptr_eq(one, &made[0])));
    }

    #[test]
    fn the_number_of_kept_hosts_is_bounded() {
        let (configs, clock) = configs();
        let first = configs.of_host(&host("first.example")).unwrap();
        for number in 0..HOSTS_MAX {
            clock.advance(Duration::from_millis(1));
            configs
                .of_host(&host(&format!("h{number}.example")))
                .unwrap();
        }
        assert_eq!(configs.known.lock().unwrap().len(), HOSTS_MAX);
        let again = configs.of_host(&host("first.example")).unwrap();
        assert!(!Arc::ptr_eq(&first, &again));
    }

    #[test]
    fn no_certificate_is_issued_for_an_address() {
        let (configs, _) = configs();
        for address in ["127.0.0.1", "[::1]"] {
            let issued = configs.of_host(&host(address));
            assert!(matches!(issued, Err(CertificateError::Address)));
        }
    }

    #[test]
    fn http_2_is_preferred_to_http_1_1() {
        let (configs, _) = configs();
        let config = configs.of_host(&host("a.example")).unwrap();
        assert_eq!(
            config.alpn_protocols,
            [b"h2".to_vec(), b"http/1.1".to_vec()]
        );
    }
}
