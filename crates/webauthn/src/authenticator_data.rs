//! The data that the authenticator signed: section 6.1.

use aws_lc_rs::digest::{SHA256, digest};

use crate::cbor;
use crate::error::WebauthnError;
use crate::relying_party::RelyingParty;

const SITE_HASH_BYTES: usize = 32;
const AAGUID_BYTES: usize = 16;

/// The longest ID of a credential, in bytes (section 5.4.7 and 7.1).
const CREDENTIAL_ID_BYTES_MAX: usize = 1023;

/// Flags (section 6.1).
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// The data of a response, for this site, in which a person was verified.
#[derive(Debug)]
pub(crate) struct AuthenticatorData<'a> {
    pub(crate) sign_count: u32,
    /// The ID and the public key (a COSE key) of a new credential.
    pub(crate) credential: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> AuthenticatorData<'a> {
    /// Parses the data and checks everything that does not depend on the ceremony.
    pub(crate) fn read(bytes: &'a [u8], site: &RelyingParty) -> Result<Self, WebauthnError> {
        let short = WebauthnError::Malformed("its authenticator data is too short");
        let (site_hash, rest) = bytes.split_at_checked(SITE_HASH_BYTES).ok_or(short)?;
        let (head, mut rest) = rest.split_first_chunk::<5>().ok_or(short)?;
        let [flags, count @ ..] = *head;
        let has = |flag: u8| flags & flag != 0;
        if site_hash != digest(&SHA256, site.id.as_bytes()).as_ref() {
            return Err(WebauthnError::OtherSite);
        }
        if !has(USER_PRESENT) || !has(USER_VERIFIED) {
            return Err(WebauthnError::NotVerified);
        }
        if has(BACKED_UP) && !has(BACKUP_ELIGIBLE) {
            return Err(WebauthnError::Malformed("it cannot be backed up, and is"));
        }
        let mut credential = None;
        if has(HAS_CREDENTIAL) {
            let (_, after) = rest.split_at_checked(AAGUID_BYTES).ok_or(short)?;
            let (length, after) = after.split_first_chunk::<2>().ok_or(short)?;
            let length = usize::from(u16::from_be_bytes(*length));
            if length == 0 || length > CREDENTIAL_ID_BYTES_MAX {
                return Err(WebauthnError::Malformed(
                    "its credential ID has no valid length",
                ));
            }
            let (id, after) = after.split_at_checked(length).ok_or(short)?;
            let (_, end) = cbor::first(after)?;
            credential = Some((id, &after[..after.len() - end.len()]));
            rest = end;
        }
        if has(HAS_EXTENSIONS) {
            let (extensions, end) = cbor::first(rest)?;
            cbor::Map::of(extensions)?;
            rest = end;
        }
        if !rest.is_empty() {
            return Err(WebauthnError::Malformed(
                "bytes follow its authenticator data",
            ));
        }
        Ok(Self {
            sign_count: u32::from_be_bytes(count),
            credential,
        })
    }
}
