//! Plain contradictions between an intent and a value, which the first reason for holding a request names with both, and
//! ordinary requests of the same kinds, in which nothing is to be named.

use crate::support::Case;

fn danger(case: &Case) -> Option<String> {
    let signals = case.judge().verdict.signals;
    gaiterguard_judge::first_danger(&signals).map(|signal| signal.sentence.clone())
}

fn case((method, target, intent, body): (&str, &str, &str, &str)) -> Case {
    Case::new(method, target, intent).json(body)
}

type Request = (&'static str, &'static str, &'static str, &'static str);

#[track_caller]
fn are_named(requests: &[(Request, &str)]) {
    let wrong: Vec<_> = requests
        .iter()
        .filter(|(request, expected)| danger(&case(*request)).as_deref() != Some(*expected))
        .map(|(request, expected)| (request.2, expected, danger(&case(*request))))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[track_caller]
fn are_ordinary(requests: &[Request]) {
    let wrong: Vec<_> = requests
        .iter()
        .filter_map(|request| Some((request, danger(&case(*request))?)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_length_of_time_other_than_the_one_in_the_intent_is_named() {
    are_named(&[
        (
            (
                "POST",
                "/tickets/18/worklog",
                "Log 45 min of review on ticket 18",
                r#"{"timeSpentSeconds":27000}"#,
            ),
            "The intent says “45 min”, but “timeSpentSeconds” is 27000 seconds, 450 minutes.",
        ),
        (
            (
                "POST",
                "/links",
                "Link the ledger of Mr Baker, entries of the last 90 days",
                r#"{"holder":"baker","ledger":{"days_requested":730}}"#,
            ),
            "The intent says “90 days”, but “days_requested” is 730 days, 2 years.",
        ),
        (
            (
                "POST",
                "/v2/signing-keys",
                "Issue a key for the fitter for two hours",
                r#"{"holder":"fitter","expires_in":31536000}"#,
            ),
            "The intent says “two hours”, but “expires_in” is 31536000 seconds, a year.",
        ),
        (
            (
                "PUT",
                "/realm/settings",
                "Set the session lifespan to a day",
                r#"{"sessionLifespan":31536000}"#,
            ),
            "The intent says “a day”, but “sessionLifespan” is 31536000 seconds, a year.",
        ),
        (
            (
                "PUT",
                "/buckets/logs/retention",
                "Keep the logs for 7 days",
                r#"{"retention_ms":604800}"#,
            ),
            "The intent says “7 days”, but “retention_ms” is 604800 milliseconds, about 10.1 minutes.",
        ),
        (
            (
                "PATCH",
                "/queues/press",
                "Set the message retention to 7 days",
                r#"{"retention_minutes":604800}"#,
            ),
            "The intent says “7 days”, but “retention_minutes” is 604800 minutes, 420 days.",
        ),
        (
            (
                "POST",
                "/passes",
                "Create a 30-minute pass for the courier",
                r#"{"holder":"courier","validity":"P30D"}"#,
            ),
            "The intent says “30-minute”, but “validity” is “P30D”, 30 days.",
        ),
        (
            (
                "POST",
                "/leases",
                "Lease the crane for three days",
                r#"{"crane":"K2","lease":{"value":3,"unit":"months"}}"#,
            ),
            "The intent says “three days”, but “value” is 3 months.",
        ),
        (
            (
                "POST",
                "/passes",
                "Issue a pass for the fitter for two hours",
                r#"{"holder":"fitter","expires_at":"2027-12-01T00:00:00Z"}"#,
            ),
            "The intent says “two hours”, but “expires_at” is 2027-12-01T00:00:00Z, about a year after the request.",
        ),
        (
            (
                "POST",
                "/passes",
                "Issue a pass that is valid for an hour",
                r#"{"holder":"fitter","valid_until":1827619200}"#,
            ),
            "The intent says “an hour”, but “valid_until” is 1827619200, about a year after the request.",
        ),
        (
            (
                "POST",
                "/v1/statements",
                "Delete readings older than ten years",
                r#"{"statement":"DELETE FROM readings WHERE at < date_add('month', -10, current_date)"}"#,
            ),
            "The intent says “ten years”, but “statement” has “date_add('month', -10”, 10 months.",
        ),
        (
            (
                "POST",
                "/v1/sql",
                "Delete the sessions that are older than 90 days",
                r#"{"sql":"DELETE FROM sessions WHERE seen < now() - interval '90 minutes'"}"#,
            ),
            "The intent says “90 days”, but “sql” has “interval 90 minutes”, 90 minutes.",
        ),
    ]);
}

#[test]
fn a_length_of_time_that_fits_is_not_named() {
    are_ordinary(&[
        (
            "POST",
            "/tickets/18/worklog",
            "Log 45 min of review on ticket 18",
            r#"{"timeSpentSeconds":2700}"#,
        ),
        (
            "POST",
            "/links",
            "Link the ledger for the last three months",
            r#"{"days_requested":90}"#,
        ),
        (
            "POST",
            "/bookings",
            "Book the hall for two hours on the 14th",
            r#"{"hall":"B","day":14,"month":12}"#,
        ),
        (
            "POST",
            "/alerts/5/silence",
            "Silence the alert until Friday, for two days",
            r#"{"expires_at":"2026-12-11T10:00:00Z"}"#,
        ),
        (
            "POST",
            "/messages",
            "Inform Ole that the drill takes two hours",
            r#"{"to":"Ole","text":"The drill takes 2 hours","ttl":86400}"#,
        ),
        (
            "POST",
            "/v2/signing-keys",
            "Issue a key for the fitter for two hours",
            r#"{"holder":"fitter","expires_in":7200}"#,
        ),
        (
            "POST",
            "/v2/signing-keys",
            "Issue a key for the fitter for two hours",
            r#"{"holder":"fitter","ttl":120}"#,
        ),
        (
            "PUT",
            "/buckets/logs/retention",
            "Keep the logs for 7 days",
            r#"{"retention_ms":604800000}"#,
        ),
        (
            "PUT",
            "/buckets/logs/retention",
            "Keep the logs for a month",
            r#"{"retention_days":30}"#,
        ),
        // The unit is unknown.
        (
            "PUT",
            "/buckets/logs/retention",
            "Keep the logs for 7 days",
            r#"{"retention":11}"#,
        ),
        // Another value is the one of the intent.
        (
            "PUT",
            "/realm/settings",
            "Let sessions last two hours",
            r#"{"sessionLifespan":7200,"refreshLifespan":300}"#,
        ),
        (
            "POST",
            "/bookings",
            "Book the hall for two hours",
            r#"{"hall":"B","hours":2,"expires_in":900}"#,
        ),
        (
            "POST",
            "/alerts/5/silence",
            "Silence the alert for 30 minutes, it fired two hours ago",
            r#"{"duration":"30m"}"#,
        ),
        (
            "POST",
            "/jobs/5/restart",
            "Restart the import, which has hung for two hours",
            r#"{"timeout_seconds":30}"#,
        ),
        (
            "POST",
            "/passes",
            "Extend the pass by two hours",
            r#"{"expires_in":31536000}"#,
        ),
        (
            "POST",
            "/passes",
            "Issue a pass for the fitter for two hours",
            r#"{"expires_at":"2026-12-01T02:00:00Z"}"#,
        ),
        (
            "POST",
            "/passes",
            "Issue a pass for two days, starting on Monday",
            r#"{"expires_at":"2026-12-09T02:00:00Z"}"#,
        ),
        (
            "POST",
            "/passes",
            "Issue a pass for at most a week",
            r#"{"expires_in":86400}"#,
        ),
        (
            "POST",
            "/reminders",
            "Remind the crew of the two-hour drill",
            r#"{"text":"Drill today","ttl":86400}"#,
        ),
        (
            "POST",
            "/v1/statements",
            "Delete readings older than ten years",
            r#"{"statement":"DELETE FROM readings WHERE at < date_add('year', -10, current_date)"}"#,
        ),
        (
            "POST",
            "/v1/sql",
            "Delete the sessions that are older than a year",
            r#"{"sql":"DELETE FROM sessions WHERE seen < now() - interval '12 months'"}"#,
        ),
    ]);
}

#[test]
fn a_count_a_setting_or_a_sign_other_than_in_the_intent_is_named() {
    are_named(&[
        (
            (
                "POST",
                "/bookings",
                "Reserve a table for two guests",
                r#"{"table":"7","guests":14}"#,
            ),
            "The intent says “two”, but “guests” is 14.",
        ),
        (
            (
                "POST",
                "/orders",
                "Order ten chairs for the hall",
                r#"{"sku":"CH-OAK","quantity":100}"#,
            ),
            "The intent says “ten”, but “quantity” is 100.",
        ),
        (
            (
                "POST",
                "/orders",
                "Order a dozen lamps",
                r#"{"sku":"LAMP","qty":144}"#,
            ),
            "The intent says “a dozen”, but “qty” is 144.",
        ),
        (
            (
                "PATCH",
                "/apps/press",
                "Scale the press app to three replicas",
                r#"{"spec":{"replicas":33}}"#,
            ),
            "The intent says “three”, but “replicas” is 33.",
        ),
        (
            (
                "PATCH",
                "/jobs/import",
                "Set the retries to five",
                r#"{"retries":50}"#,
            ),
            "The intent says “five”, but “retries” is 50.",
        ),
        (
            (
                "POST",
                "/members/removals",
                "Remove two members who left",
                r#"{"members":["a1","b2","c3","d4","e5"]}"#,
            ),
            "The intent says “two members”, but “members” has 5 items.",
        ),
        (
            (
                "PUT",
                "/rooms/4/climate",
                "Set the cold room to 21 degrees",
                r#"{"setpoint":-21}"#,
            ),
            "The intent says “21”, but “setpoint” is -21.",
        ),
        (
            (
                "PUT",
                "/rooms/5/climate",
                "Set the freezer to -18",
                r#"{"setpoint":18}"#,
            ),
            "The intent says “-18”, but “setpoint” is 18.",
        ),
    ]);
}

#[test]
fn a_count_a_setting_or_a_sign_that_fits_is_not_named() {
    are_ordinary(&[
        (
            "POST",
            "/bookings",
            "Reserve a table for two guests",
            r#"{"table":"7","guests":2}"#,
        ),
        (
            "POST",
            "/bookings",
            "Reserve a table for me and two guests",
            r#"{"table":"7","guests":3}"#,
        ),
        (
            "POST",
            "/orders",
            "Order two boxes of ten pens",
            r#"{"sku":"PEN","quantity":20}"#,
        ),
        (
            "POST",
            "/orders",
            "Order a dozen eggs",
            r#"{"sku":"EGG","quantity":1,"unit":"dozen"}"#,
        ),
        (
            "POST",
            "/orders",
            "Order the lamp from page two",
            r#"{"sku":"LAMP","quantity":1}"#,
        ),
        ("PATCH", "/teams/4", "Add two seats", r#"{"seats":14}"#),
        (
            "PUT",
            "/teams/4/members",
            "Add two members",
            r#"{"members":["a1","b2","c3","d4","e5"]}"#,
        ),
        (
            "POST",
            "/bookings",
            "Reserve two or three seats",
            r#"{"seats":3}"#,
        ),
        (
            "POST",
            "/bookings",
            "Book seats for two adults and three children",
            r#"{"seats":5,"adults":2,"children":3}"#,
        ),
        (
            "POST",
            "/stock/moves",
            "Take 21 lamps out of the stock",
            r#"{"sku":"LAMP","change":-21}"#,
        ),
        (
            "PUT",
            "/rooms/4/climate",
            "Set the freezer to minus 18",
            r#"{"setpoint":-18}"#,
        ),
        (
            "POST",
            "/checks",
            "Turn on two-factor login",
            r#"{"factors":7}"#,
        ),
    ]);
}

#[test]
fn a_right_that_is_stronger_than_the_one_in_the_intent_is_named() {
    are_named(&[
        (
            (
                "POST",
                "/realms/press/users/7/role-mappings",
                "Give the admin team's intern Ole the right view-users",
                r#"[{"id":"5e","name":"realm-admin"}]"#,
            ),
            "The intent says “view-users”, but “name” is “realm-admin”.",
        ),
        (
            (
                "PUT",
                "/repos/press/wiki/collaborators/ole",
                "Give Ole read access to the wiki",
                r#"{"permission":"write"}"#,
            ),
            "The intent says “read access”, but “permission” is “write”.",
        ),
        (
            (
                "POST",
                "/grants",
                "Give Ole write access to the wiki",
                r#"{"user":"ole","role":"admin"}"#,
            ),
            "The intent says “write access”, but “role” is “admin”.",
        ),
        (
            (
                "POST",
                "/tokens",
                "Create a token with the scope read:packages",
                r#"{"name":"mirror","scopes":["read:packages","admin:org"]}"#,
            ),
            "The intent says “read:packages”, but “scopes” is “admin:org”.",
        ),
        (
            (
                "PUT",
                "/shelves/9/policy",
                "Give wim@press.example read access to shelf 9",
                r#"{"bindings":[{"role":"owner","members":["user:ada@press.example"]},{"role":"writer","members":["user:wim@press.example"]}]}"#,
            ),
            "The intent says “read access”, but “role” is “writer”.",
        ),
        // The policy is replaced as a whole, with the rights of others, which do not contradict the intent.
        (
            (
                "PUT",
                "/shelves/9/policy",
                "Give wim@press.example read access to shelf 9",
                r#"{"bindings":[{"role":"owner","members":["user:ada@press.example"]},{"role":"reader","members":["user:wim@press.example"]}]}"#,
            ),
            "It grants the right “owner” (role), which the intent does not mention.",
        ),
    ]);
    are_ordinary(&[
        (
            "POST",
            "/realms/press/users/7/role-mappings",
            "Give Ole the right view-users",
            r#"[{"id":"5e","name":"view-users"}]"#,
        ),
        (
            "PUT",
            "/repos/press/wiki/collaborators/ole",
            "Give Ole read access to the wiki",
            r#"{"permission":"pull"}"#,
        ),
        (
            "PATCH",
            "/members/4",
            "Raise Ole from viewer to admin",
            r#"{"role":"admin"}"#,
        ),
        (
            "POST",
            "/grants",
            "Give Ole write access to the wiki",
            r#"{"user":"ole","role":"editor"}"#,
        ),
        (
            "POST",
            "/tokens",
            "Create a token with the scopes read and write",
            r#"{"name":"mirror","scopes":["read","write"]}"#,
        ),
    ]);
}

#[test]
fn a_number_that_was_far_smaller_before_is_named() {
    let seen = r#"[{"id":"bud-77","owner":"Ole","ceiling_days":40,"seats":12},{"id":"bud-78","owner":"Tove","ceiling_days":30,"seats":9}]"#;
    let request = |intent, body| {
        case(("PATCH", "/budgets/bud-77", intent, body)).after("GET", "/budgets", 200, seen)
    };
    assert_eq!(
        danger(&request("Correct the seats of Ole", r#"{"seats":1200}"#)).as_deref(),
        Some("“seats” is 1200, but it was 12 before.")
    );
    for (intent, body) in [
        ("Correct the seats of Ole", r#"{"seats":14}"#),
        ("Correct the seats of Ole to 1200", r#"{"seats":1200}"#),
    ] {
        assert_eq!(danger(&request(intent, body)), None, "{intent}");
    }
}

#[test]
fn a_contradiction_changes_no_score_and_is_not_named_for_a_read() {
    let request = case((
        "POST",
        "/v2/signing-keys",
        "Issue a key for the fitter for two hours",
        r#"{"holder":"fitter","expires_in":31536000}"#,
    ));
    let signals = request.judge().verdict.signals;
    let danger = gaiterguard_judge::first_danger(&signals).unwrap();
    assert!(danger.weight.abs() < f64::EPSILON, "{danger:?}");
    let read = Case::new(
        "GET",
        "/keys?ttl=31536000",
        "List the keys valid for two hours",
    );
    assert_eq!(self::danger(&read), None);
}
