//! Whatever an agent sends, a summary is short, has no secret, and is made without a panic.

use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::FACTS_MAX;
use http::Method;
use proptest::prelude::*;

use crate::summary;

/// A headline is a few lines on a phone.
const HEADLINE_CHARS_MAX: usize = 800;

fn effects() -> impl Strategy<Value = Effect> {
    prop::sample::select(vec![
        Effect::Delete,
        Effect::Pay,
        Effect::Access,
        Effect::Code,
        Effect::ShareOutside,
        Effect::Change,
        Effect::Create,
        Effect::Read,
    ])
}

fn methods() -> impl Strategy<Value = Method> {
    prop::sample::select(vec![
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ])
}

proptest! {
    #[test]
    fn a_summary_is_short(
        effect in effects(),
        method in methods(),
        path in "(/[a-zA-Z0-9._:%{}-]{0,12}){0,12}",
        query in prop::option::of("[a-z=&%0-9]{0,60}"),
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let target = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
        let found = summary(effect, &method, &target, &body, None);
        prop_assert!(found.text().chars().count() <= HEADLINE_CHARS_MAX);
        prop_assert!(found.facts.len() <= FACTS_MAX);
    }

    #[test]
    fn a_long_body_gives_a_short_summary(
        effect in effects(),
        names in prop::collection::vec("[a-z_]{1,14}", 1..40),
        text in "\\PC{0,2000}",
    ) {
        let members: serde_json::Map<_, _> = names.into_iter().map(|name| (name, text.clone().into())).collect();
        let body = serde_json::Value::from(members).to_string();
        let found = summary(effect, &Method::POST, "/v1/things", body.as_bytes(), None);
        prop_assert!(found.text().chars().count() <= HEADLINE_CHARS_MAX);
        prop_assert!(found.facts.iter().all(|fact| fact.value.chars().count() <= 640));
    }

    #[test]
    fn no_secret_is_in_a_summary(
        effect in effects(),
        name in prop::sample::select(vec!["password", "api_key", "client_secret", "accessToken", "cvc"]),
        secret in "S3CR[a-z0-9]{20}",
    ) {
        let body = serde_json::json!({ name: secret, "name": "x", "nested": { name: secret } }).to_string();
        let found = summary(effect, &Method::POST, "/v1/things", body.as_bytes(), None);
        let shown = format!("{found:?}");
        prop_assert!(!shown.contains(&secret));
    }
}
