//! Placeholders for the API keys of services that the gateway calls with credentials of its own.
//!
//! Most clients refuse to start without a key. The gateway replaces what they send.

use std::collections::BTreeMap;

/// The key variables of an API.
struct Keys {
    /// Hosts of the API. A leading dot means every name below.
    hosts: &'static [&'static str],
    variables: &'static [&'static str],
    /// A value with the beginning that clients check for.
    value: &'static str,
}

/// The value where no client checks for a beginning.
const PLAIN: &str = "gaiterguard-placeholder";

const KEYS: &[Keys] = &[
    // Language models.
    Keys::of(&["api.openai.com"], &["OPENAI_API_KEY"]).beginning("sk-gaiterguard-placeholder"),
    Keys::of(&["api.anthropic.com"], &["ANTHROPIC_API_KEY"])
        .beginning("sk-ant-gaiterguard-placeholder"),
    Keys::of(
        &["generativelanguage.googleapis.com"],
        &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    ),
    Keys::of(&["api.mistral.ai"], &["MISTRAL_API_KEY"]),
    Keys::of(&["api.groq.com"], &["GROQ_API_KEY"]),
    Keys::of(&["openrouter.ai"], &["OPENROUTER_API_KEY"]),
    Keys::of(&["api.deepseek.com"], &["DEEPSEEK_API_KEY"]),
    Keys::of(&["api.x.ai"], &["XAI_API_KEY"]),
    Keys::of(&["api.together.xyz"], &["TOGETHER_API_KEY"]),
    Keys::of(&["api.perplexity.ai"], &["PERPLEXITY_API_KEY"]),
    Keys::of(
        &["api.cohere.com", "api.cohere.ai"],
        &["CO_API_KEY", "COHERE_API_KEY"],
    ),
    Keys::of(&["huggingface.co", ".huggingface.co"], &["HF_TOKEN"]),
    Keys::of(&["api.replicate.com"], &["REPLICATE_API_TOKEN"]),
    // Code and infrastructure.
    Keys::of(
        &["api.github.com", "uploads.github.com", "github.com"],
        &["GH_TOKEN", "GITHUB_TOKEN"],
    ),
    Keys::of(&["gitlab.com"], &["GITLAB_TOKEN"]),
    Keys::of(
        &[".amazonaws.com"],
        &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    ),
    Keys::of(&["api.cloudflare.com"], &["CLOUDFLARE_API_TOKEN"]),
    Keys::of(
        &["api.digitalocean.com"],
        &["DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN"],
    ),
    Keys::of(&["api.vercel.com"], &["VERCEL_TOKEN"]),
    Keys::of(&["api.heroku.com"], &["HEROKU_API_KEY"]),
    Keys::of(&["sentry.io", ".sentry.io"], &["SENTRY_AUTH_TOKEN"]),
    // Business and messages.
    Keys::of(
        &["api.stripe.com"],
        &["STRIPE_API_KEY", "STRIPE_SECRET_KEY"],
    )
    .beginning("sk_test_gaiterguard_placeholder"),
    Keys::of(
        &["slack.com", "api.slack.com"],
        &["SLACK_BOT_TOKEN", "SLACK_TOKEN"],
    )
    .beginning("xoxb-gaiterguard-placeholder"),
    Keys::of(&["discord.com"], &["DISCORD_TOKEN", "DISCORD_BOT_TOKEN"]),
    Keys::of(&["api.twilio.com"], &["TWILIO_AUTH_TOKEN"]),
    Keys::of(&["api.sendgrid.com"], &["SENDGRID_API_KEY"]),
    Keys::of(&["api.resend.com"], &["RESEND_API_KEY"]),
    Keys::of(&["api.notion.com"], &["NOTION_TOKEN", "NOTION_API_KEY"]),
    Keys::of(&["api.linear.app"], &["LINEAR_API_KEY"]),
    Keys::of(&["api.airtable.com"], &["AIRTABLE_API_KEY"]),
];

/// Variables that belong to a key and would make the placeholder invalid, as a session token of AWS does.
const REMOVED: (&str, &[&str]) = (
    "AWS_ACCESS_KEY_ID",
    &["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"],
);

impl Keys {
    const fn of(hosts: &'static [&'static str], variables: &'static [&'static str]) -> Self {
        Self {
            hosts,
            variables,
            value: PLAIN,
        }
    }

    const fn beginning(self, value: &'static str) -> Self {
        Self { value, ..self }
    }

    fn belong_to(&self, host: &str) -> bool {
        self.hosts
            .iter()
            .any(|pattern| match pattern.strip_prefix('.') {
                Some(_) => host.len() > pattern.len() && host.ends_with(pattern),
                None => host == *pattern,
            })
    }
}

/// Returns the key variables of the APIs on these hosts, with a placeholder or `None` for a variable that must
/// not be set.
pub(crate) fn of_hosts(hosts: &[String]) -> BTreeMap<&'static str, Option<&'static str>> {
    let mut placeholders = BTreeMap::new();
    let is_used = |keys: &&Keys| hosts.iter().any(|host| keys.belong_to(host));
    for keys in KEYS.iter().filter(is_used) {
        for variable in keys.variables {
            placeholders.insert(*variable, Some(keys.value));
        }
    }
    let (key, removed) = REMOVED;
    if placeholders.contains_key(key) {
        placeholders.extend(removed.iter().map(|variable| (*variable, None)));
    }
    placeholders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(host: &str) -> BTreeMap<&'static str, Option<&'static str>> {
        of_hosts(&[host.to_owned()])
    }

    #[test]
    fn only_the_keys_of_the_services_have_placeholders() {
        let github = of("api.github.com");
        assert_eq!(github.len(), 2);
        assert_eq!(github["GH_TOKEN"], Some(PLAIN));
        assert_eq!(github["GITHUB_TOKEN"], Some(PLAIN));
        assert!(of("things.example").is_empty());
        assert!(of("notapi.github.com.example").is_empty());
        assert!(of("amazonaws.com.example").is_empty());
    }

    #[test]
    fn a_placeholder_begins_as_the_clients_expect() {
        for (host, variable, beginning) in [
            ("api.openai.com", "OPENAI_API_KEY", "sk-"),
            ("api.anthropic.com", "ANTHROPIC_API_KEY", "sk-ant-"),
            ("api.stripe.com", "STRIPE_API_KEY", "sk_test_"),
            ("slack.com", "SLACK_BOT_TOKEN", "xoxb-"),
        ] {
            let value = of(host)[variable].unwrap();
            assert!(value.starts_with(beginning), "{value}");
        }
    }

    #[test]
    fn a_session_token_does_not_remain_next_to_a_placeholder() {
        let aws = of("s3.eu-west-1.amazonaws.com");
        assert_eq!(aws["AWS_SECRET_ACCESS_KEY"], Some(PLAIN));
        assert_eq!(aws["AWS_SESSION_TOKEN"], None);
    }
}
