//! Certificates in PEM (RFC 7468).

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Characters of a line of base64 (RFC 7468 section 2).
const LINE_CHARS: usize = 64;

/// Returns the certificates of a PEM text, at least one.
pub(crate) fn read(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let certificates = certificates.map_err(|_| "it is not valid PEM")?;
    if certificates.is_empty() {
        return Err("it contains no certificate");
    }
    Ok(certificates)
}

/// Returns the certificates as PEM.
pub(crate) fn to_pem<'a>(
    certificates: impl IntoIterator<Item = &'a CertificateDer<'static>>,
) -> String {
    let mut text = String::new();
    for certificate in certificates {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = STANDARD.encode(certificate);
        for line in encoded.as_bytes().chunks(LINE_CHARS) {
            // Base64 is ASCII, and writing to a string cannot fail.
            let _ = writeln!(text, "{}", String::from_utf8_lossy(line));
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_the_same_after_they_are_written_and_read() {
        let certificates: Vec<_> = ["a.example", "b.example"]
            .map(|name| {
                let made = rcgen::generate_simple_self_signed([name.to_owned()]);
                made.unwrap().cert.der().clone()
            })
            .to_vec();
        let text = to_pem(&certificates);
        assert!(text.lines().all(|line| line.len() <= LINE_CHARS), "{text}");
        assert_eq!(read(text.as_bytes()), Ok(certificates));
    }

    #[test]
    fn a_text_without_a_certificate_is_refused() {
        assert!(read(b"").is_err());
        assert!(read(b"not found").is_err());
        assert!(read(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").is_err());
    }
}
