//! The address at the provider to which the operator goes (RFC 6749, section 4.1.1, and RFC 7636, section 4.3).

use gaiterguard_domain::pkce::{CODE_CHALLENGE_METHOD, code_challenge};
use gaiterguard_domain::target::Target;
use percent_encoding::utf8_percent_encode;
use secrecy::ExposeSecret as _;

use super::participation::Participation;
use crate::grant::OauthGrant;
use crate::query::ENCODED;

/// Returns the address. Parameters that its URL already has, such as `access_type=offline`, remain.
pub(super) fn address(
    authorization_url: &Target,
    grant: &OauthGrant,
    participation: &Participation<'_>,
) -> String {
    let challenge = code_challenge(participation.verifier.expose_secret());
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", grant.client_id.expose_secret()),
        ("redirect_uri", participation.redirect_uri),
        ("state", participation.state.expose_secret()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", CODE_CHALLENGE_METHOD),
    ];
    parameters.extend(grant.scope.as_deref().map(|scope| ("scope", scope)));
    // The tokens are for this server (RFC 8707, section 2), and audience is the same for Auth0.
    let named = grant.extra.iter();
    parameters.extend(
        named
            .filter(|(name, _)| ["resource", "audience"].contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.expose_secret())),
    );
    let mut address = authorization_url.to_string();
    for (name, value) in parameters {
        let has_query = address.contains('?');
        address.push(if has_query { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.extend(utf8_percent_encode(value, ENCODED));
    }
    address
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn the_address_keeps_the_parameters_of_its_url() {
        let grant = OauthGrant {
            token_url: Target::parse("https://auth.example/token").unwrap(),
            client_id: "my client".into(),
            client_secret: Some("never shown".into()),
            refresh_token: None,
            scope: Some("mail read".to_owned()),
            extra: vec![
                ("audience".to_owned(), "https://api.example/".into()),
                ("api_secret".to_owned(), "never shown".into()),
            ],
            client_auth: None,
            accepted_auth: None,
            response_pointer: None,
            access: None,
        };
        let state = SecretString::from("s1");
        let participation = Participation {
            redirect_uri: "https://gate.example/app/connected",
            state: &state,
            verifier: "v".repeat(43).into(),
        };
        let url = Target::parse("https://auth.example/authorize?access_type=offline").unwrap();
        let address = address(&url, &grant, &participation);
        assert!(address.starts_with(
            "https://auth.example/authorize?access_type=offline&response_type=code&client_id=my%20client\
             &redirect_uri=https%3A%2F%2Fgate.example%2Fapp%2Fconnected&state=s1&code_challenge="
        ));
        assert!(address.ends_with(
            "&code_challenge_method=S256&scope=mail%20read&audience=https%3A%2F%2Fapi.example%2F"
        ));
        assert!(!address.contains("never"), "{address}");
    }
}
