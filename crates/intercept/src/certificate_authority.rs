//! The certificate authority, and the certificates of hosts that it issues.

use std::time::Duration;

use gaiterguard_domain::host::Host;
use gaiterguard_domain::time::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// How long the authority's certificate is valid. Programs trust it explicitly, and some keep a copy, so
/// it outlasts them.
const AUTHORITY_LIFETIME: Duration = Duration::from_hours(10 * 365 * 24);

/// How long the certificate of a host is valid. It is replaced after half of that, so a client whose clock is a day
/// off still accepts it.
pub(crate) const HOST_LIFETIME: Duration = Duration::from_hours(48);

/// How long before its creation a certificate is valid, for clients whose clock is behind.
const BACKDATED: Duration = Duration::from_hours(1);

/// How many bytes of the key's digest are part of the authority's name, so that people can distinguish the
/// authorities of several gateways.
const NAME_DIGEST_BYTES: usize = 4;

/// Why no certificate can be issued, or why the authority cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The host is an IP address.
    #[error("certificates are issued for host names, not for IP addresses")]
    Address,
    /// The key cannot be used, or the name cannot be encoded.
    #[error("the certificate cannot be created: {0}")]
    Create(#[from] rcgen::Error),
    /// The TLS library refuses the certificate.
    #[error("the certificate cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

/// A certificate authority with its private key.
pub(crate) struct CertificateAuthority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// The certificate of a host, with its private key.
pub(crate) struct HostCertificate {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl CertificateAuthority {
    /// Creates an authority with a new P-256 key.
    pub(crate) fn create(now: Timestamp) -> Result<Self, CertificateError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = params_of_authority(&key);
        limit(&mut params, now, AUTHORITY_LIFETIME);
        let pem = params.self_signed(&key)?.pem();
        Ok(Self {
            pem,
            issuer: Issuer::new(params, key),
        })
    }

    /// Returns the authority with this certificate and private key (PKCS #8).
    pub(crate) fn open(pem: String, key: &[u8]) -> Result<Self, CertificateError> {
        let key = PrivatePkcs8KeyDer::from(key);
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ECDSA_P256_SHA256)?;
        Ok(Self {
            pem,
            issuer: Issuer::new(params_of_authority(&key), key),
        })
    }

    /// Returns the certificate, in PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// Returns the private key (PKCS #8).
    pub(crate) fn key(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.issuer.key().serialize_der())
    }

    /// Issues the certificate of a host name, with a key of its own.
    pub(crate) fn issue(
        &self,
        host: &Host,
        now: Timestamp,
    ) -> Result<HostCertificate, CertificateError> {
        if host.address().is_some() {
            return Err(CertificateError::Address);
        }
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        // The subject is empty, because names belong in the extension alone (RFC 9525, section 4.1).
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![SanType::DnsName(host.as_str().try_into()?)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        limit(&mut params, now, HOST_LIFETIME);
        let certificate = params.signed_by(&key, &self.issuer)?.der().clone();
        Ok(HostCertificate {
            certificate,
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }
}

/// Returns everything that an issuer needs to know of its certificate. The name and the identifier depend
/// on the key alone, so that the stored certificate need not be parsed; a change of either would require a
/// new authority.
fn params_of_authority(key: &KeyPair) -> CertificateParams {
    let digest = Sha256::digest(key.public_key_raw());
    let suffix = hex::encode(&digest[..NAME_DIGEST_BYTES]);
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, format!("GaiterGuard CA {suffix}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
    ];
    params
}

/// Limits a certificate to its lifetime from now.
fn limit(params: &mut CertificateParams, now: Timestamp, lifetime: Duration) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch(now.before(BACKDATED));
    params.not_after = epoch + since_epoch(now.after(lifetime));
}

/// Returns the time from the Unix epoch to an instant, to the second.
fn since_epoch(at: Timestamp) -> Duration {
    Duration::from_secs(Timestamp(0).until(at).as_secs())
}
