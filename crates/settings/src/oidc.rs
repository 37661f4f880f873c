//! Settings of single sign-on at an `OpenID` Connect provider.

use clap::{ArgAction, Args};
use gaiterguard_domain::target::Target;
use gaiterguard_domain::user::Email;
use gaiterguard_environment::{InvalidEntry, SettingError, Source, read, value};
use gaiterguard_oidc::{OidcSettings, RoleMap};
use secrecy::SecretString;

/// An `OpenID` Connect provider at which people sign in.
#[derive(Debug, Args)]
pub struct SingleSignOnSettings {
    /// Issuer of the provider, exactly as its metadata names it. Without it, people sign in with
    /// passwords alone. Register the redirect URI `PUBLIC_URL/app/signed-in` at the provider.
    #[arg(env = "OIDC_ISSUER", value_parser = issuer)]
    issuer: Option<Issuer>,
    /// ID of the gateway's client at the provider.
    #[arg(env = "OIDC_CLIENT_ID")]
    client_id: Option<String>,
    /// Secret of the gateway's client at the provider. Not set for a public client.
    #[arg(env = "OIDC_CLIENT_SECRET", hide_env_values = true, value_parser = value::visible_secret)]
    client_secret: Option<SecretString>,
    /// Name of the provider on the sign-in page.
    #[arg(env = "OIDC_NAME", default_value = "single sign-on")]
    name: String,
    /// Claim with the groups or roles of a person: its name, or a JSON pointer such as
    /// `/realm_access/roles`. Without it, only people with an account that they connected to the provider
    /// can sign in there.
    #[arg(env = "OIDC_ROLE_CLAIM")]
    role_claim: Option<String>,
    /// Role in the workspace for each group or role at the provider, as comma-separated `GROUP:ROLE`, where
    /// `ROLE` is `operator`, `approver`, or `viewer`. The first pair that matches counts. A person
    /// without any is refused.
    #[arg(env = "OIDC_ROLE_MAP", default_value = "", value_parser = role_map)]
    role_map: RoleMap,
    /// Email address of a member of the workspace that new people join. Needed if there are several
    /// workspaces.
    #[arg(env = "OIDC_WORKSPACE_OF", value_parser = email)]
    pub workspace_of: Option<Email>,
    /// Whether people can sign in only at the provider: `true` or `false`.
    #[arg(
        env = "OIDC_ONLY",
        default_value = "false",
        action = ArgAction::Set,
        value_parser = clap::builder::BoolValueParser::new(),
    )]
    pub only: bool,
}

/// The provider's issuer.
#[derive(Clone, Debug)]
struct Issuer {
    text: String,
    url: Target,
}

impl SingleSignOnSettings {
    /// Reads and checks the settings.
    pub fn read(source: &Source) -> Result<Self, SettingError> {
        let settings: Self = read(source)?;
        let missing = |variable, expected, value: &str| {
            Err(SettingError::invalid(variable, expected, value.to_owned()))
        };
        match (&settings.issuer, &settings.client_id) {
            (Some(_), None) => {
                return missing("OIDC_CLIENT_ID", "set together with OIDC_ISSUER", "");
            }
            (None, Some(id)) => {
                return missing("OIDC_CLIENT_ID", "set only together with OIDC_ISSUER", id);
            }
            (None, None) if settings.only => {
                return missing("OIDC_ONLY", "true only together with OIDC_ISSUER", "true");
            }
            _ => {}
        }
        match &settings.role_claim {
            Some(claim) if settings.role_map.is_empty() => {
                missing("OIDC_ROLE_CLAIM", "set together with OIDC_ROLE_MAP", claim)
            }
            _ => Ok(settings),
        }
    }

    /// Returns the provider and its name; `None` if people sign in with passwords alone.
    pub fn provider(&self) -> Option<(OidcSettings, &str)> {
        let Issuer { text, url } = self.issuer.clone()?;
        let settings = OidcSettings {
            issuer: text,
            issuer_url: url,
            client_id: self.client_id.clone()?,
            client_secret: self.client_secret.clone(),
            role_claim: self.role_claim.clone(),
            role_map: self.role_map.clone(),
        };
        Some((settings, &self.name))
    }
}

/// Parses an issuer. Without TLS, anyone between the gateway and the provider could sign in as anyone.
fn issuer(text: &str) -> Result<Issuer, String> {
    let expected = || "an https URL without query, or an http URL of a loopback address".to_owned();
    let url = Target::parse(text).map_err(|_| expected())?;
    let is_local = ["127.0.0.1", "[::1]", "localhost"].iter().any(|host| {
        let rest = text.strip_prefix("http://");
        let rest = rest.and_then(|rest| rest.strip_prefix(host));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    if url.query().is_some() || !(text.starts_with("https://") || is_local) {
        return Err(expected());
    }
    Ok(Issuer {
        text: text.to_owned(),
        url,
    })
}

fn role_map(text: &str) -> Result<RoleMap, InvalidEntry> {
    let expected = "comma-separated GROUP:ROLE, where ROLE is operator, approver, or viewer";
    RoleMap::parse(text).map_err(|pair| InvalidEntry::new(expected, pair))
}

fn email(text: &str) -> Result<Email, String> {
    Email::parse(text).map_err(|_| "an email address".to_owned())
}
