//! Who signed in, by the provider's claims.

use gaiterguard_domain::user::Email;
use serde_json::Value;

use crate::settings::OidcSettings;

/// Who signed in. The issuer and the subject together identify a person forever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The issuer's identifier.
    pub issuer: String,
    /// The person's identifier at the issuer.
    pub subject: String,
    /// The email address, if the provider says that it is the person's.
    pub verified_email: Option<Email>,
    /// The role that the provider gives: `operator`, `approver`, or `viewer`.
    pub role: Option<&'static str>,
}

impl Person {
    /// Reads the claims of a verified ID token, or of its userinfo.
    pub(crate) fn of(subject: &str, claims: &Value, settings: &OidcSettings) -> Self {
        let email = claims["email"].as_str();
        let is_verified = claims["email_verified"] == Value::Bool(true);
        Self {
            issuer: settings.issuer.clone(),
            subject: subject.to_owned(),
            verified_email: email
                .filter(|_| is_verified)
                .and_then(|email| Email::parse(email).ok()),
            role: role(claims, settings),
        }
    }
}

/// Returns whether claims are missing that the provider's userinfo may have.
pub(crate) fn is_incomplete(claims: &Value, settings: &OidcSettings) -> bool {
    claims.get("email").is_none()
        || settings.role_claim.is_some() && claim_of_roles(claims, settings).is_none()
}

fn role(claims: &Value, settings: &OidcSettings) -> Option<&'static str> {
    let groups: Vec<&str> = match claim_of_roles(claims, settings)? {
        Value::String(group) => vec![group],
        Value::Array(groups) => groups.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    settings.role_map.role_of(&groups)
}

fn claim_of_roles<'a>(claims: &'a Value, settings: &OidcSettings) -> Option<&'a Value> {
    let name = settings.role_claim.as_deref()?;
    if name.starts_with('/') {
        claims.pointer(name)
    } else {
        claims.get(name)
    }
}
