//! A trust store in PKCS #12 (RFC 7292), the format that Java reads.
//!
//! It contains certificates alone, so it is neither encrypted nor protected by a password.

use rustls::pki_types::CertificateDer;

/// Tags of DER (X.690).
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const BMP_STRING: u8 = 0x1e;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// The tag `[0] EXPLICIT`.
const EXPLICIT: u8 = 0xa0;

/// 1.2.840.113549.1.7.1: content that is not protected (RFC 5652).
const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
/// 1.2.840.113549.1.12.10.1.3: a bag with a certificate.
const CERTIFICATE_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03";
/// 1.2.840.113549.1.9.22.1: the certificate is one of X.509.
const X509_CERTIFICATE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
/// 1.2.840.113549.1.9.20: the name of an entry.
const FRIENDLY_NAME: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14";
/// 2.16.840.1.113894.746875.1.1: the certificate is trusted. Java ignores entries without it.
const TRUSTED_KEY_USAGE: &[u8] = b"\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01";
/// 2.5.29.37.0: for every purpose.
const ANY_USAGE: &[u8] = b"\x55\x1d\x25\x00";

/// Returns a trust store with the certificates.
pub(crate) fn trust_store(certificates: &[CertificateDer<'static>]) -> Vec<u8> {
    let bags = certificates.iter().enumerate();
    let bags: Vec<u8> = bags
        .flat_map(|(index, certificate)| bag(index, certificate))
        .collect();
    let contents = data(&value(SEQUENCE, &bags));
    let safe = data(&value(SEQUENCE, &contents));
    value(SEQUENCE, &[value(INTEGER, &[3]), safe].concat())
}

/// Returns an entry. No other entry may have the same name.
fn bag(index: usize, certificate: &[u8]) -> Vec<u8> {
    let name = format!("root-{index}");
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let certificate = [
        value(OBJECT_IDENTIFIER, X509_CERTIFICATE),
        value(EXPLICIT, &value(OCTET_STRING, certificate)),
    ];
    let attributes = [
        attribute(FRIENDLY_NAME, &value(BMP_STRING, &name)),
        attribute(TRUSTED_KEY_USAGE, &value(OBJECT_IDENTIFIER, ANY_USAGE)),
    ];
    let parts = [
        value(OBJECT_IDENTIFIER, CERTIFICATE_BAG),
        value(EXPLICIT, &value(SEQUENCE, &certificate.concat())),
        value(SET, &attributes.concat()),
    ];
    value(SEQUENCE, &parts.concat())
}

fn attribute(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let parts = [value(OBJECT_IDENTIFIER, kind), value(SET, content)];
    value(SEQUENCE, &parts.concat())
}

/// Returns content that is not protected.
fn data(content: &[u8]) -> Vec<u8> {
    let parts = [
        value(OBJECT_IDENTIFIER, DATA),
        value(EXPLICIT, &value(OCTET_STRING, content)),
    ];
    value(SEQUENCE, &parts.concat())
}

/// Returns a value with its tag and its length.
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let start = length.iter().position(|byte| *byte != 0);
    let length = &length[start.unwrap_or(length.len() - 1)..];
    let mut encoded = vec![tag];
    match length {
        [short @ ..0x80] => encoded.push(*short),
        long => {
            let count = u8::try_from(long.len()).expect("a length has at most eight bytes");
            encoded.push(0x80 | count);
            encoded.extend_from_slice(long);
        }
    }
    encoded.extend_from_slice(content);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_their_shortest_form() {
        assert_eq!(value(OCTET_STRING, &[]), [4, 0]);
        assert_eq!(value(OCTET_STRING, &[7; 127])[..2], [4, 127]);
        assert_eq!(value(OCTET_STRING, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(value(OCTET_STRING, &[7; 256])[..4], [4, 0x82, 1, 0]);
    }
}
