//! Who signed in, by the provider's claims.

use gaiterguard_domain::user::Email;
use serde_json::{Map, Value};

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

/// Adds the claims of the person's userinfo that the ID token does not contain.
pub(crate) fn complete(claims: &mut Value, userinfo: Map<String, Value>) {
    let Value::Object(claims) = claims else {
        return;
    };
    // Userinfo verifies its own address, which may differ from the ID token's.
    let is_other_address = claims
        .get("email")
        .is_some_and(|email| userinfo.get("email") != Some(email));
    for (name, value) in userinfo {
        if !(is_other_address && name == "email_verified") {
            claims.entry(name).or_insert(value);
        }
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn userinfo_verifies_only_the_address_that_it_names() {
        let userinfo =
            json!({ "email": "a@example.com", "email_verified": true, "groups": ["ops"] });
        for (id_token, verified) in [
            (json!({}), json!(true)),
            (json!({ "email": "a@example.com" }), json!(true)),
            (json!({ "email": "b@example.com" }), Value::Null),
            (
                json!({ "email": "a@example.com", "email_verified": false }),
                json!(false),
            ),
        ] {
            let mut claims = id_token.clone();
            complete(&mut claims, userinfo.as_object().cloned().unwrap());
            assert_eq!(claims["email_verified"], verified, "{id_token}");
            assert_eq!(claims["groups"], json!(["ops"]), "{id_token}");
        }
    }
}
