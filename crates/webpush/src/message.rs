//! Encryption of a message for one browser (RFC 8291), in one record of the coding `aes128gcm` (RFC 8188).

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use zeroize::Zeroizing;

use crate::WebPushError;
use crate::subscriber::Subscriber;

/// The record size that is announced. One record holds the whole message.
const RECORD_BYTES: u32 = 4096;

/// The most bytes of a message: push services must accept 4096 bytes of ciphertext (RFC 8030, section 7.2), of which
/// the header takes 86, the delimiter 1, and the tag 16.
pub const PLAINTEXT_BYTES_MAX: usize = 3993;

/// The lengths of salt and keys that `aes128gcm` requires (RFC 8188, section 2.1, and RFC 8291, section 3.4).
const SALT_BYTES: usize = 16;
const KEY_BYTES: usize = 16;
const INPUT_KEY_BYTES: usize = 32;

/// Marks the end of the text in the last record (RFC 8188, section 2).
const LAST_RECORD: u8 = 2;

/// Encrypts a message, with a key and a salt of its own. The result is the body of the request to the push service,
/// whose `Content-Encoding` is `aes128gcm`.
///
/// # Errors
///
/// If the browser's key is not a point of the curve, the message is too long, or the library fails.
pub fn encrypt(subscriber: &Subscriber, plaintext: &[u8]) -> Result<Vec<u8>, WebPushError> {
    let mut salt = [0; SALT_BYTES];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| WebPushError::Library)?;
    let key = PrivateKey::generate(&ECDH_P256).map_err(|_| WebPushError::Library)?;
    encrypt_with(subscriber, plaintext, &key, salt)
}

fn encrypt_with(
    subscriber: &Subscriber,
    plaintext: &[u8],
    key: &PrivateKey,
    salt: [u8; SALT_BYTES],
) -> Result<Vec<u8>, WebPushError> {
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(WebPushError::TooLong);
    }
    let own = key
        .compute_public_key()
        .map_err(|_| WebPushError::Library)?;
    let own = own.as_ref();
    let browser = UnparsedPublicKey::new(&ECDH_P256, subscriber.public_key);
    // Section 3.4: the shared secret of both keys, and of the browser's own secret.
    let input = agreement::agree(key, browser, WebPushError::BrowserKey, |shared| {
        let info: [&[u8]; 3] = [b"WebPush: info\0", &subscriber.public_key, own];
        let prk = Salt::new(HKDF_SHA256, &subscriber.auth).extract(shared);
        expanded::<INPUT_KEY_BYTES>(&prk, &info)
    })?;
    let prk = Salt::new(HKDF_SHA256, &salt).extract(&*input);
    let content_key = expanded::<KEY_BYTES>(&prk, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce = expanded::<NONCE_LEN>(&prk, &[b"Content-Encoding: nonce\0"])?;

    let mut record = Vec::with_capacity(plaintext.len() + 1 + AES_128_GCM.tag_len());
    record.extend_from_slice(plaintext);
    record.push(LAST_RECORD);
    let content_key =
        UnboundKey::new(&AES_128_GCM, &*content_key).map_err(|_| WebPushError::Library)?;
    // The key is made of a new key and a new salt, so this is its only nonce.
    LessSafeKey::new(content_key)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(*nonce),
            Aad::empty(),
            &mut record,
        )
        .map_err(|_| WebPushError::Library)?;

    let mut body = Vec::with_capacity(SALT_BYTES + 5 + own.len() + record.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD_BYTES.to_be_bytes());
    body.push(u8::try_from(own.len()).map_err(|_| WebPushError::Library)?);
    body.extend_from_slice(own);
    body.extend_from_slice(&record);
    Ok(body)
}

/// A length in bytes.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expanded<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Result<Zeroizing<[u8; N]>, WebPushError> {
    let mut bytes = Zeroizing::new([0; N]);
    prk.expand(info, Length(N))
        .and_then(|okm| okm.fill(bytes.as_mut_slice()))
        .map_err(|_| WebPushError::Library)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    /// The example of RFC 8291, section 5 and appendix A.
    const BROWSER: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const SENDER: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    const SALT: &str = "DGv6ra1nlYgDCS1FRnbzlw";
    const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    #[test]
    fn the_example_of_the_standard_is_encrypted_to_the_same_bytes() {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let key = PrivateKey::from_private_key(&ECDH_P256, &decode(SENDER)).unwrap();
        let subscriber = Subscriber::parse(BROWSER, AUTH).unwrap();
        let text = b"When I grow up, I want to be a watermelon";
        let salt = decode(SALT).try_into().unwrap();
        let body = encrypt_with(&subscriber, text, &key, salt).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(body), BODY);
    }

    #[test]
    fn no_two_messages_are_alike_and_the_longest_fits_into_a_request() {
        let subscriber = Subscriber::parse(BROWSER, AUTH).unwrap();
        let text = vec![7; PLAINTEXT_BYTES_MAX];
        let (one, two) = (encrypt(&subscriber, &text), encrypt(&subscriber, &text));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(one.len(), RECORD_BYTES as usize);
        assert_ne!(one[..SALT_BYTES], two[..SALT_BYTES]);
        assert_ne!(one[21..86], two[21..86]);
        let longer = vec![7; PLAINTEXT_BYTES_MAX + 1];
        assert_eq!(encrypt(&subscriber, &longer), Err(WebPushError::TooLong));
    }

    #[test]
    fn a_key_that_is_not_a_point_of_the_curve_is_refused() {
        let mut subscriber = Subscriber::parse(BROWSER, AUTH).unwrap();
        subscriber.public_key[64] ^= 1;
        assert_eq!(encrypt(&subscriber, b"x"), Err(WebPushError::BrowserKey));
    }
}
