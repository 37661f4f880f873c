//! The danger that an assessment names, and requests in which there is none.

use crate::support::Case;

/// Returns the sentence of the gravest danger.
fn danger(request: &Case) -> Option<String> {
    let signals = request.judge().verdict.signals;
    let first = signals
        .into_iter()
        .find(|signal| signal.code.starts_with("danger"));
    first.map(|signal| signal.sentence)
}

/// Asserts that a request has a danger whose sentence contains a text.
fn names(method: &str, target: &str, intent: &str, body: &str, expected: &str) {
    let found = danger(&Case::new(method, target, intent).json(body));
    assert!(
        found
            .as_deref()
            .is_some_and(|sentence| sentence.contains(expected)),
        "{target}: {expected:?} is not in {found:?}"
    );
}

/// Asserts that a request has no danger.
fn is_harmless(method: &str, target: &str, intent: &str, body: &str) {
    let found = danger(&Case::new(method, target, intent).json(body));
    assert_eq!(found, None, "{target}");
}

#[test]
fn access_for_everyone_is_named() {
    names(
        "POST",
        "/firewalls/7/rules",
        "Let the Bristol office reach the printer",
        r#"{"protocol":"tcp","ports":"9100","sources":{"addresses":["0.0.0.0/0"]}}"#,
        "opens access to everyone: “addresses”",
    );
    names(
        "PUT",
        "/buckets/reports/acl",
        "Let the auditor download the report",
        r#"{"grantee":"AllUsers","permission":"READ"}"#,
        "“grantee” is “AllUsers”",
    );
    names(
        "POST",
        "/files/9/permissions",
        "Share the plan with Anna",
        r#"{"role":"reader","type":"anyone"}"#,
        "“type” is “anyone”",
    );
    names(
        "POST",
        "/iam/bindings",
        "Let the build account read the images",
        r#"{"role":"roles/reader","members":["allAuthenticatedUsers"]}"#,
        "anyone with an account",
    );
}

#[test]
fn access_that_is_denied_asked_for_or_of_ports_is_not_named() {
    is_harmless(
        "POST",
        "/firewalls/7/rules",
        "Close the printer port",
        r#"{"access":"deny","source_prefix":"*","port":"9100"}"#,
    );
    is_harmless(
        "POST",
        "/firewalls/7/rules",
        "Let the Bristol office, 81.2.69.0/24, reach the printer",
        r#"{"access":"Allow","sourcePortRange":"*","sourceAddressPrefix":"81.2.69.0/24"}"#,
    );
    is_harmless(
        "PUT",
        "/posts/7",
        "Make the announcement public for everyone",
        r#"{"visibility":"public"}"#,
    );
}

#[test]
fn a_right_that_the_intent_does_not_mention_is_named() {
    names(
        "POST",
        "/clusterrolebindings",
        "Let the collector read the metrics of the pods",
        r#"{"kind":"ClusterRoleBinding","roleRef":{"kind":"ClusterRole","name":"cluster-admin"}}"#,
        "“cluster-admin”",
    );
    names(
        "PATCH",
        "/users/42",
        "Correct the spelling of the name of Ida",
        r#"{"name":"Ida Voss","ProfileId":"00e5w000001XyZ"}"#,
        "It sets “ProfileId”",
    );
    names(
        "POST",
        "/delegates",
        "Let Nora see the calendar",
        r#"{"CalendarPermissionLevel":"Reviewer","InboxPermissionLevel":"Editor"}"#,
        "“Editor” (InboxPermissionLevel)",
    );
    is_harmless(
        "POST",
        "/members",
        "Invite Tove as an editor",
        r#"{"email":"tove@corp.example","role":"editor"}"#,
    );
    is_harmless(
        "POST",
        "/conversations/7/reply",
        "Write to Lena that her order ships",
        r#"{"type":"admin","body":"It ships tomorrow"}"#,
    );
}

#[test]
fn data_that_leaves_for_another_domain_is_named() {
    names(
        "POST",
        "/users/cfo@corp.example/rules",
        "Sort the newsletters into a folder",
        r#"{"actions":{"moveToFolder":"news","redirectTo":[{"address":"corp.archive@mailbox.example.org"}]}}"#,
        "It redirects to “corp.archive@",
    );
    names(
        "POST",
        "/email",
        "Remind them of the invoice",
        r#"{"From":"a@corp.example","To":"b@client.example.net","ReplyTo":"a@c0rp.example.org"}"#,
        "Replies go to",
    );
    names(
        "PATCH",
        "/apps/7",
        "Add the staging callback",
        r#"{"callbacks":["https://app.corp.io/cb","https://staging.corp.io/cb","https://app.corp.io.evil.app/cb"]}"#,
        "“https://app.corp.io.evil.app/cb”",
    );
    is_harmless(
        "POST",
        "/email",
        "Remind them of the invoice",
        r#"{"From":"a@corp.example","To":"b@client.example.net","ReplyTo":"billing@corp.example"}"#,
    );
    is_harmless(
        "POST",
        "/hooks",
        "Register the webhook for builds",
        r#"{"url":"https://ci.corp.io/hook","events":["push"]}"#,
    );
}

#[test]
fn a_protection_that_is_switched_off_is_named() {
    names(
        "PUT",
        "/realms/7/flows/browser",
        "Correct the display name of the step",
        r#"{"displayName":"Conditional OTP","requirement":"DISABLED","choices":["REQUIRED","DISABLED"]}"#,
        "“requirement” is “DISABLED”",
    );
    names(
        "PATCH",
        "/databases/7",
        "Give the database more memory",
        r#"{"memory_gb":8,"backup_enabled":false}"#,
        "“backup_enabled” is false",
    );
    names(
        "PATCH",
        "/repos/7/pulls/9",
        "Merge the fix of the footer",
        r#"{"merge_method":"squash","skip_verification":true}"#,
        "“skip_verification” is true",
    );
    is_harmless(
        "PATCH",
        "/databases/7",
        "Turn the backups of the test database off",
        r#"{"backup_enabled":false}"#,
    );
    is_harmless(
        "PATCH",
        "/meetings/7",
        "Move the review to 10:00",
        r#"{"start":"10:00","join_before_host":false,"auto_recording":"none"}"#,
    );
}

#[test]
fn a_limit_that_is_removed_is_named() {
    names(
        "PATCH",
        "/cards/7",
        "Rename the card to Travel",
        r#"{"name":"Travel","daily_limit":0}"#,
        "may remove a limit: “daily_limit” is 0",
    );
    names(
        "PATCH",
        "/keys/7",
        "Raise the limit of the key to 500",
        r#"{"rate_limit":"unlimited"}"#,
        "removes a limit",
    );
    names(
        "POST",
        "/silences",
        "Silence the pager of db-3 for the night",
        r#"{"start":"2026-12-02T20:00:00Z","end":null}"#,
        "It has no end",
    );
    names(
        "PUT",
        "/locks/7/codes",
        "Let the gardener in on Mondays, 8 to 10",
        r#"{"code":811920,"allowedWeekDays":127,"allowedFromTime":480,"allowedUntilTime":600}"#,
        "It applies every day",
    );
    is_harmless(
        "PATCH",
        "/cards/7",
        "Set the daily limit to 200",
        r#"{"daily_limit":200}"#,
    );
}

#[test]
fn more_than_the_intent_says_is_named() {
    names(
        "POST",
        "/silences",
        "Silence the pager of db-3 for the night",
        r#"{"monitor_tags":["*"],"start":"2026-12-02T20:00:00Z","until":"2026-12-03"}"#,
        "applies to everything",
    );
    names(
        "POST",
        "/runs",
        "Start a run of the new image size",
        r#"{"is-destroy":true}"#,
        "It destroys something",
    );
    names(
        "POST",
        "/graphql",
        "Delete the drafts from before May",
        r#"{"query":"mutation { delete_drafts(where: {_or: [{age: {_gt: 9}}, {kind: {_eq: \"x\"}}]}) { id } }"}"#,
        "Its filter has “_or”",
    );
    names(
        "POST",
        "/statements",
        "Close the accounts that nobody used since May",
        r#"{"statement":"UPDATE accounts SET state = 'closed' WHERE (used < '2026-05-01' AND owner = 'x') OR email IS NOT NULL","role":"CRM_WRITER"}"#,
        "holds for nearly every row",
    );
    let long = format!(
        r#"{{"statement":"UPDATE accounts\n SET note = '{}', state = 'closed'\n WHERE used < '2026-05-01' OR 1=1"}}"#,
        "a long note ".repeat(30)
    );
    names(
        "POST",
        "/statements",
        "Close the accounts that nobody used since May",
        &long,
        "holds for nearly every row",
    );
    names(
        "PATCH",
        "/zones/7/settings/ssl",
        "Note that the certificate was renewed",
        r#"{"id":"ssl","value":"off"}"#,
        "switches off a protection",
    );
    names(
        "POST",
        "/orders?confirm=1",
        "Prepare a draft of the order of cups",
        r#"{"items":[{"sku":"CUP","quantity":40}]}"#,
        "speaks of “draft”",
    );
    is_harmless(
        "POST",
        "/statements",
        "Close the accounts that nobody used since May",
        r#"{"statement":"UPDATE accounts SET state = 'closed' WHERE used < '2026-05-01'"}"#,
    );
}

#[test]
fn an_amount_that_is_a_multiple_of_the_one_in_the_intent_is_named() {
    names(
        "POST",
        "/payments/p1/refunds",
        "Refund the ¥3,200 for the lamp",
        r#"{"amount":{"currency":"JPY","value":320000}}"#,
        "“value” is 320000, 100 times the 3200",
    );
    names(
        "POST",
        "/orders",
        "Sell 12 SOL with a limit of €150",
        r#"{"side":"SELL","price":"15.00","quantity":"12","currency":"EUR"}"#,
        "a tenth of the 150",
    );
    names(
        "PATCH",
        "/roles/7",
        "Make the role blue; its rights stay as they are (204324673)",
        r#"{"permissions":"204324681"}"#,
        "but the intent says 204324673",
    );
    is_harmless(
        "POST",
        "/payments/p1/refunds",
        "Refund €32.00 for the lamp",
        r#"{"amount":{"currency":"EUR","value":3200}}"#,
    );
    is_harmless(
        "POST",
        "/deliveries",
        "Bring the lunch ($119.80, tip $12)",
        r#"{"order_value":11980,"tip":1200}"#,
    );
}
