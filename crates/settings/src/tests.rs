//! Tests of every variable: its default, its bounds, and the error of an invalid value.

use std::time::Duration;

use gaiterguard_environment::Source;
use gaiterguard_llm::FailureMode;
use gaiterguard_logging::LogFormat;

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn settings(pairs: &[(&str, &str)]) -> Settings {
    Settings::read(&Source::from_pairs(pairs.iter().copied())).unwrap()
}

fn error(pairs: &[(&str, &str)]) -> String {
    Settings::read(&Source::from_pairs(pairs.iter().copied()))
        .unwrap_err()
        .to_string()
}

#[test]
fn an_empty_environment_gives_the_defaults() {
    let settings = settings(&[]);
    assert_eq!(settings.listen.host, "127.0.0.1");
    assert_eq!(settings.listen.port, 3000);
    assert_eq!(settings.listen.dashboard_port, None);
    assert_eq!(settings.listen.public_url(), "http://127.0.0.1:3000");
    assert_eq!(settings.listen.header_timeout, Duration::from_secs(10));
    assert_eq!(settings.listen.body_idle_timeout, Duration::from_secs(30));
    assert_eq!(settings.listen.request_body_bytes_max, 10_485_760);
    assert!(
        matches!(&settings.storage.database, Database::Sqlite { path } if path.ends_with("data/gaiterguard.db"))
    );
    assert!(settings.secret.jwt.is_none() && settings.secret.encryption.is_none());
    assert_eq!(settings.secret.encryption_salt, "gaiter-guard-salt-v1");
    assert_eq!(settings.auth.access_ttl, Duration::from_mins(15));
    assert_eq!(settings.auth.refresh_ttl, Duration::from_hours(7 * 24));
    assert_eq!(settings.auth.registration, Registration::First);
    assert!(settings.assessor.llm(None).is_none());
    assert_eq!(settings.assessor.failure_mode(), FailureMode::BlockUnsafe);
    assert!((settings.approval.risk_threshold - 0.5).abs() < f64::EPSILON);
    assert_eq!(settings.approval.pending_ttl, Duration::from_hours(24));
    assert_eq!(settings.approval.execute_ttl, Duration::from_hours(1));
    assert_eq!(settings.approval.pending_per_agent_max, 100);
    assert_eq!(settings.upstream.connect_timeout, Duration::from_secs(10));
    assert_eq!(settings.upstream.timeout, Duration::from_secs(30));
    assert_eq!(settings.upstream.idle_timeout, Duration::from_mins(1));
    assert_eq!(settings.upstream.stored_answer_bytes_max, 1_048_576);
    assert_eq!(settings.retention.idempotency_ttl, Duration::from_hours(24));
    assert_eq!(settings.retention.ledger, Duration::from_hours(90 * 24));
    assert_eq!(settings.retention.result, Duration::from_hours(7 * 24));
    assert_eq!(settings.log.filter.as_str(), "info");
    assert_eq!(settings.log.format(), LogFormat::Text);
}

#[test]
fn a_model_is_asked_where_and_as_the_settings_say() {
    let named = settings(&[("LLM_BASE_URL", "http://llm:8000/v1/")]);
    let llm = named.assessor.llm(None).unwrap();
    assert_eq!(llm.base_url, "http://llm:8000/v1");
    assert_eq!(llm.model, "gpt-4o-mini");
    assert_eq!(llm.timeout, Duration::from_secs(10));
    assert!(llm.api_key.is_none());
    let keyed = settings(&[
        ("LLM_BASE_URL", "http://llm:8000/v1"),
        ("LLM_API_KEY", "k"),
        ("LLM_MODEL", "local"),
        ("LLM_TIMEOUT_MS", "500"),
    ]);
    let llm = keyed.assessor.llm(None).unwrap();
    assert_eq!(llm.model, "local");
    assert_eq!(llm.timeout, Duration::from_millis(500));
    assert!(llm.api_key.is_some());
}

#[test]
fn a_bad_value_gives_one_line_that_names_the_variable() {
    for (variable, value, line) in [
        (
            "RISK_THRESHOLD",
            "abc",
            r#"RISK_THRESHOLD must be a number from 0.0 to 1.0, not "abc""#,
        ),
        (
            "RISK_THRESHOLD",
            "1.01",
            r#"RISK_THRESHOLD must be a number from 0.0 to 1.0, not "1.01""#,
        ),
        (
            "RISK_THRESHOLD",
            "nan",
            r#"RISK_THRESHOLD must be a number from 0.0 to 1.0, not "nan""#,
        ),
        (
            "PORT",
            "0",
            r#"PORT must be a port from 1 to 65535, not "0""#,
        ),
        (
            "DASHBOARD_PORT",
            "70000",
            r#"DASHBOARD_PORT must be a port from 1 to 65535, not "70000""#,
        ),
        (
            "DASHBOARD_PORT",
            "3000",
            r#"DASHBOARD_PORT must be a different port than PORT, or not set, not "3000""#,
        ),
        (
            "HOST",
            "a b",
            r#"HOST must be an IP address or a host name, not "a b""#,
        ),
        (
            "JWT_ACCESS_EXPIRY",
            "15",
            r#"JWT_ACCESS_EXPIRY must be a duration such as 30s, 15m, 12h, or 7d, from 1 second to 10 years, not "15""#,
        ),
        (
            "APPROVAL_PENDING_TTL_HOURS",
            "0",
            r#"APPROVAL_PENDING_TTL_HOURS must be a number of hours above 0, such as 24 or 0.5, not "0""#,
        ),
        (
            "PROVENANCE_HOURS",
            "-1",
            r#"PROVENANCE_HOURS must be a number of hours such as 24 or 0.5, or 0 to disable it, not "-1""#,
        ),
        (
            "HEADER_TIMEOUT_MS",
            "0",
            r#"HEADER_TIMEOUT_MS must be a whole number from 1 to 3600000, not "0""#,
        ),
        (
            "LLM_FAILURE_MODE",
            "allow",
            r#"LLM_FAILURE_MODE must be one of block_unsafe, block_all, not "allow""#,
        ),
        (
            "LLM_DAILY_TOKENS_MAX",
            "0",
            r#"LLM_DAILY_TOKENS_MAX must be a whole number from 1 to 1000000000000, not "0""#,
        ),
        (
            "LLM_INPUT_PRICE",
            "1e3",
            r#"LLM_INPUT_PRICE must be an amount of money such as 20 or 0.15, not "1e3""#,
        ),
        (
            "LLM_DAILY_COST_MAX",
            "5",
            r#"LLM_DAILY_COST_MAX must be set together with an LLM_INPUT_PRICE or LLM_OUTPUT_PRICE above 0, not "5""#,
        ),
        (
            "REGISTRATION",
            "no",
            r#"REGISTRATION must be one of first, open, closed, not "no""#,
        ),
        (
            "LOG_FORMAT",
            "xml",
            r#"LOG_FORMAT must be one of text, json, not "xml""#,
        ),
        (
            "LOG",
            "verbose",
            r#"LOG must be off, error, warn, info, debug, trace, or a list of target=level, not "verbose""#,
        ),
        (
            "DATABASE_URL",
            "mysql://root:hunter2@db/x",
            "DATABASE_URL must be sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME",
        ),
        (
            "JWT_SECRET",
            "hunter2",
            "JWT_SECRET must be at least 32 bytes long",
        ),
        (
            "ENCRYPTION_SECRET",
            "hunter2",
            "ENCRYPTION_SECRET must be at least 32 characters long",
        ),
        (
            "LLM_BASE_URL",
            "http://u:hunter2@llm/v1",
            "LLM_BASE_URL must be an http or https URL without user, password, query, or fragment",
        ),
        (
            "PUBLIC_URL",
            "http://u:hunter2@gateway",
            "PUBLIC_URL must be an http or https URL without user, password, query, or fragment",
        ),
        (
            "LLM_API_KEY",
            "hunter2 hunter2",
            "LLM_API_KEY must be visible ASCII characters without spaces",
        ),
        (
            "UPSTREAM_PRIVATE_ALLOW",
            "10.0.0.0/33",
            r#"UPSTREAM_PRIVATE_ALLOW must be comma-separated CIDR or CIDR:PORT, such as 127.0.0.1/32:9000 or 10.0.0.0/8, not "10.0.0.0/33""#,
        ),
        (
            "UPSTREAM_HOSTS",
            "api",
            r#"UPSTREAM_HOSTS must be comma-separated NAME=IP, such as api.internal=10.0.0.5, not "api""#,
        ),
        (
            "CORS_ORIGINS",
            "localhost",
            r#"CORS_ORIGINS must be a comma-separated list of origins such as https://app.example.com or http://localhost:*, not "localhost""#,
        ),
        // Only the invalid entry of a list is shown.
        (
            "UPSTREAM_PRIVATE_ALLOW",
            "127.0.0.1/32:9000,10.0.0.0/33",
            r#"UPSTREAM_PRIVATE_ALLOW must be comma-separated CIDR or CIDR:PORT, such as 127.0.0.1/32:9000 or 10.0.0.0/8, not "10.0.0.0/33""#,
        ),
        (
            "UPSTREAM_HOSTS",
            "api.internal=10.0.0.5, api ,b=10.0.0.6",
            r#"UPSTREAM_HOSTS must be comma-separated NAME=IP, such as api.internal=10.0.0.5, not "api""#,
        ),
        (
            "CORS_ORIGINS",
            "http://localhost:*, app.example.com",
            r#"CORS_ORIGINS must be a comma-separated list of origins such as https://app.example.com or http://localhost:*, not "app.example.com""#,
        ),
    ] {
        let text = error(&[(variable, value)]);
        assert_eq!(text, line);
        assert!(!text.contains("hunter2"));
    }
}

#[test]
fn postgres_without_explicit_secrets_is_refused() {
    let url = ("DATABASE_URL", "postgres://gaiter:hunter2@db/gaiter");
    assert_eq!(
        error(&[url]),
        "JWT_SECRET must be set explicitly when DATABASE_URL is postgres://"
    );
    assert_eq!(
        error(&[url, ("JWT_SECRET", SECRET)]),
        "ENCRYPTION_SECRET must be set explicitly when DATABASE_URL is postgres://"
    );
    settings(&[url, ("JWT_SECRET", SECRET), ("ENCRYPTION_SECRET", SECRET)]);
}

#[test]
fn secrets_are_not_printed() {
    let settings = settings(&[
        ("DATABASE_URL", "postgres://gaiter:hunter2@db/gaiter"),
        ("JWT_SECRET", SECRET),
        ("ENCRYPTION_SECRET", SECRET),
        ("LLM_BASE_URL", "http://127.0.0.1:1/v1/"),
        ("LLM_API_KEY", "sk-hunter2"),
    ]);
    let text = format!("{settings:?}");
    assert!(
        !text.contains("hunter2") && !text.contains(SECRET),
        "{text}"
    );
    assert_eq!(
        settings.assessor.llm(None).unwrap().base_url,
        "http://127.0.0.1:1/v1"
    );
}

#[test]
fn a_model_is_set_up_with_its_ceilings() {
    let settings = settings(&[
        ("LLM_BASE_URL", "http://127.0.0.1:1/v1"),
        ("LLM_FAILURE_MODE", "block_all"),
        ("LLM_TIMEOUT_MS", "2500"),
        ("LLM_DAILY_TOKENS_MAX", "200000"),
        ("LLM_DAILY_COST_MAX", "5"),
        ("LLM_INPUT_PRICE", "0.15"),
        ("LLM_OUTPUT_PRICE", "0.6"),
    ]);
    let llm = settings.assessor.llm(None).unwrap();
    assert_eq!(llm.model, "gpt-4o-mini");
    assert_eq!(llm.timeout, Duration::from_millis(2500));
    assert_eq!(llm.failure_mode, FailureMode::BlockAll);
    assert_eq!(
        llm.ceilings,
        gaiterguard_llm::Ceilings {
            tokens_max: Some(200_000),
            cost_max: Some(5.0),
            input_price: 0.15,
            output_price: 0.6,
        }
    );
}

#[test]
fn the_environment_wins_over_the_file_and_empty_means_unset() {
    let source = Source::from_pairs([("PORT", "4000"), ("LOG", "")])
        .with_file("# comment\nPORT=5000\nHOST=\"::1\"\nexport LOG_FORMAT=json\n")
        .unwrap();
    let settings = Settings::read(&source).unwrap();
    assert_eq!(settings.listen.port, 4000);
    assert_eq!(settings.listen.public_url(), "http://[::1]:4000");
    assert_eq!(settings.log.filter.as_str(), "info");
    assert_eq!(settings.log.format(), LogFormat::Json);
}

#[test]
fn hours_may_be_decimals() {
    let settings = settings(&[
        ("APPROVAL_PENDING_TTL_HOURS", "0.001"),
        ("IDEMPOTENCY_TTL_HOURS", "1.5"),
    ]);
    assert_eq!(settings.approval.pending_ttl, Duration::from_millis(3600));
    assert_eq!(settings.retention.idempotency_ttl, Duration::from_mins(90));
    assert_eq!(settings.retention.provenance, Duration::from_hours(24));
}

#[test]
fn no_hours_turn_provenance_off() {
    let settings = settings(&[("PROVENANCE_HOURS", "0")]);
    assert!(settings.retention.provenance.is_zero());
}

#[test]
fn a_database_of_ones_own_keeps_its_path() {
    for (url, path) in [
        ("sqlite:///srv/g.db", "/srv/g.db"),
        ("sqlite://g.db", "g.db"),
        ("sqlite://$DATA_DIR/gaiterguard.db", "/var/g/gaiterguard.db"),
    ] {
        let settings = settings(&[("DATABASE_URL", url), ("DATA_DIR", "/var/g")]);
        assert!(
            matches!(&settings.storage.database, Database::Sqlite { path: found } if found == std::path::Path::new(path)),
            "{url}"
        );
    }
}

#[test]
fn single_sign_on_is_configured_as_a_whole_and_makes_no_one_an_owner() {
    const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://id.example.com/tenant/");
    const CLIENT: (&str, &str) = ("OIDC_CLIENT_ID", "gateway");
    assert!(settings(&[]).single_sign_on.provider().is_none());
    let configured = settings(&[
        ISSUER,
        CLIENT,
        ("OIDC_ROLE_CLAIM", "/realm_access/roles"),
        ("OIDC_ROLE_MAP", "admins:operator,sec:approver"),
        ("OIDC_ONLY", "true"),
    ]);
    assert!(configured.single_sign_on.only);
    let (provider, name) = configured.single_sign_on.provider().unwrap();
    assert_eq!(name, "single sign-on");
    // Some issuers end with a slash, and tokens have it exactly as it is.
    assert_eq!(provider.issuer, "https://id.example.com/tenant/");
    assert!(provider.client_secret.is_none());
    assert_eq!(provider.role_map.role_of(&["sec"]), Some("approver"));
    settings(&[("OIDC_ISSUER", "http://localhost:8080/realms/x"), CLIENT]);

    for (pairs, variable) in [
        (&[ISSUER][..], "OIDC_CLIENT_ID"),
        (&[CLIENT], "OIDC_CLIENT_ID"),
        (&[("OIDC_ONLY", "true")], "OIDC_ONLY"),
        (&[("OIDC_ONLY", "perhaps")], "OIDC_ONLY"),
        (
            &[ISSUER, CLIENT, ("OIDC_ROLE_CLAIM", "groups")],
            "OIDC_ROLE_CLAIM",
        ),
        (
            &[ISSUER, CLIENT, ("OIDC_ROLE_MAP", "admins:owner")],
            "OIDC_ROLE_MAP",
        ),
        (
            &[ISSUER, CLIENT, ("OIDC_WORKSPACE_OF", "nobody")],
            "OIDC_WORKSPACE_OF",
        ),
        (
            &[("OIDC_ISSUER", "http://id.example.com"), CLIENT],
            "OIDC_ISSUER",
        ),
        (
            &[("OIDC_ISSUER", "http://localhost.evil.example"), CLIENT],
            "OIDC_ISSUER",
        ),
        (
            &[("OIDC_ISSUER", "https://id.example.com/?a=1"), CLIENT],
            "OIDC_ISSUER",
        ),
    ] {
        let error = error(pairs);
        assert!(error.contains(variable), "{pairs:?}: {error}");
    }
}
