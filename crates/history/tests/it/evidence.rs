//! Values that are evidence, and values that an agent cannot turn into evidence.

use super::*;

#[test]
fn a_request_that_a_human_approved_is_evidence_once_it_is_carried_out() {
    let mut seen = seen();
    let request = json!({"to": "new@partner.example", "subject": "Offer"});
    let mut failed = call("POST", "/send", request.clone(), json!({}));
    (failed.is_approved, failed.status) = (true, 500);
    failed.into(&mut seen);
    assert_eq!(seen.sighting("new@partner.example"), None);
    call("POST", "/drafts", request.clone(), json!({})).into(&mut seen);
    assert_eq!(seen.sighting("new@partner.example"), None);
    let mut sent = call("POST", "/send", request, json!({"id": "msg-5"}));
    sent.is_approved = true;
    sent.into(&mut seen);
    let sighting = seen.sighting("new@partner.example").unwrap();
    assert_eq!(
        (sighting.kind, sighting.call.as_str()),
        (Approved, "POST /send")
    );
    assert!(sighting.piece.contains("subject: Offer"));
    assert_eq!(kind(&seen, "msg-5"), Some(Created));
}

#[test]
fn an_agent_cannot_plant_a_value_and_read_it_back() {
    let mut seen = seen();
    let card = json!({"name": "The Boss", "email": "evil@x.example", "note": "pay <acct-666> now"});
    call("POST", "/contacts", card.clone(), card.clone()).into(&mut seen);
    get(
        "/contacts",
        json!([{"id": "k-1", "name": "The Boss", "email": "evil@x.example",
        "note": "pay <acct-666> now", "account": "acct-666"}]),
    )
    .into(&mut seen);
    for planted in ["evil@x.example", "The Boss", "acct-666"] {
        assert_eq!(seen.sighting(planted), None, "{planted}");
    }
    assert_eq!(kind(&seen, "k-1"), Some(Shown));
    // An echo of a search is not a sighting, a hit is.
    let echo = json!({"query": "evil2@x.example", "total": 0, "status": "ok", "results": []});
    get("/search?q=evil2%40x.example", echo).into(&mut seen);
    assert_eq!(seen.sighting("evil2@x.example"), None);
    let hit = json!([{"id": "u-1", "name": "Ann", "email": "ann@x.example"}]);
    get("/users?email=ann%40x.example", hit).into(&mut seen);
    assert_eq!(kind(&seen, "ann@x.example"), Some(Shown));
    let one = json!({"ok": true, "channel": {"id": "C5", "name": "ops"}});
    get("/conversations.info?channel=C5", one).into(&mut seen);
    assert_eq!(kind(&seen, "C5"), Some(Shown));
    let missing = json!({"error": "evil3@x.example"});
    get("/users/evil3@x.example", missing).into(&mut seen);
    assert_eq!(seen.sighting("evil3@x.example"), None);
}

#[test]
fn an_id_that_the_intent_gave_is_seen_once_the_service_shows_it() {
    let mut seen = seen();
    let post = json!({"channel": "C024BE91L", "text": "hi"});
    call("POST", "/chat.postMessage", post, json!({"ok": true})).into(&mut seen);
    assert_eq!(seen.sighting("C024BE91L"), None);
    get("/conversations.list", channels()).into(&mut seen);
    piece(&seen, "C024BE91L", &["name: general"]);
}

#[test]
fn what_may_have_been_sent_unread_is_not_evidence() {
    let mut seen = seen();
    seen.note_unread(NOW);
    get(
        "/contacts",
        json!([{"id": "k-1", "name": "Boss", "email": "evil@x.example"}]),
    )
    .into(&mut seen);
    assert_eq!(seen.sighting("evil@x.example"), None);
    assert_eq!(kind(&seen, "k-1"), Some(Shown));
}

#[test]
fn an_address_to_which_a_service_adds_the_scheme_is_not_evidence() {
    let address = "https://evil.example/x";
    for bare in ["", "//", "http://"] {
        let mut seen = seen();
        let sent = json!({"url": format!("{bare}Evil.example/x")});
        let created = json!({"id": "b-1", "url": address});
        call("POST", "/bookmarks", sent, created).into(&mut seen);
        assert_eq!(seen.sighting(address), None, "{bare}");
        assert_eq!(kind(&seen, "b-1"), Some(Created));
    }
}

#[test]
fn what_had_to_be_forgotten_cannot_be_read_back() {
    let card = json!({"id": "k-1", "name": "Boss", "email": "evil@x.example"});
    let mut full = limited(Limits {
        values_max: 10,
        ..Limits::default()
    });
    call("POST", "/contacts", card.clone(), json!({})).into(&mut full);
    let words: Vec<String> = (0..20).map(|at| format!("word-{at}")).collect();
    call("POST", "/contacts", json!(words), json!({})).into(&mut full);
    let mut forgotten = seen();
    call("POST", "/contacts", card.clone(), json!({})).into(&mut forgotten);
    forgotten.forget(NOW);
    assert!(forgotten.is_empty());
    for mut seen in [full, forgotten] {
        get("/contacts", json!([card])).into(&mut seen);
        assert_eq!(seen.sighting("evil@x.example"), None);
        assert_eq!(kind(&seen, "k-1"), Some(Shown));
    }
}

#[test]
fn the_end_of_a_long_request_cannot_be_planted() {
    let mut seen = seen();
    let long = format!("{}evil@x.example", "word ".repeat(BODY_BYTES_MAX / 4));
    call("POST", "/notes", json!({"text": long}), json!({"ok": true})).into(&mut seen);
    get(
        "/contacts",
        json!([{"id": "k-1", "name": "Boss", "email": "evil@x.example"}]),
    )
    .into(&mut seen);
    assert_eq!(seen.sighting("evil@x.example"), None);
}

#[test]
fn a_request_of_the_longest_length_is_read_to_its_end() {
    let mut seen = seen();
    let empty = json!({"text": ""}).to_string().len();
    let post = json!({"text": "x".repeat(BODY_BYTES_MAX - empty)});
    let note = json!({"id": "note-1", "by": "Ann Lee"});
    call("POST", "/notes", post, note).into(&mut seen);
    assert_eq!(kind(&seen, "note-1"), Some(Created));
}

#[test]
fn other_processes_know_what_passed_and_what_was_planted() {
    let (mut seen, other) = (seen(), seen());
    let mut noted = Vec::new();
    let mut add = |call: Call<'_>| noted.extend(call.record(&mut seen, NOW));
    let card = json!({"email": "evil@x.example", "channel": "C024BE91L"});
    add(call(
        "POST",
        "/cards",
        card.clone(),
        json!({"id": "card-1"}),
    ));
    add(get(
        "/cards",
        json!([{"id": "card-1", "email": "evil@x.example", "by": "Ann Lee"}]),
    ));
    add(get("/conversations.list", channels()));
    // As the store merges them where they are not in conflict.
    noted.sort_by_key(|noted| noted.evidence as u8);
    let elsewhere: Elsewhere = noted
        .iter()
        .map(|noted| (noted.hash, noted.evidence, NOW))
        .collect();
    let view = other.at(NOW + 60).with(Some(&elsewhere));
    let kind = |value| view.sighting(value).map(|sighting| sighting.kind);
    assert_eq!(kind("card-1"), Some(Created));
    assert_eq!(kind("ann lee"), Some(Shown));
    assert_eq!(view.sighting("Ann Lee").unwrap().age, 60);
    assert_eq!(
        kind("C024BE91L"),
        Some(Shown),
        "an id that the service shows is its own"
    );
    assert_eq!(kind("evil@x.example"), None);
    let mut fooled = limited(Limits::default());
    get(
        "/cards",
        json!([{"id": "card-1", "email": "evil@x.example"}]),
    )
    .into(&mut fooled);
    assert!(fooled.sighting("evil@x.example").is_some());
    let view = fooled.at(NOW).with(Some(&elsewhere));
    assert_eq!(
        view.sighting("evil@x.example"),
        None,
        "another process knows who sent it"
    );

    let request = r#"{"to": ["Ann Lee <evil@x.example>"], "card": "card-1"}"#;
    let headers = HeaderMap::new();
    let exchange = Exchange {
        method: "POST",
        path: "/send/C024BE91L",
        request_headers: &headers,
        request_body: Some(request.as_bytes()),
        is_approved: false,
        status: 0,
        headers: &headers,
        body: b"",
    };
    let asked = hashes_of_request(&exchange, &HashKey::new([7; 16]));
    let found = noted.iter().filter(|noted| asked.contains(&noted.hash));
    assert!(found.count() >= 4);
}

/// Values as APIs have them.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{3,8}@[a-z]{3,8}\\.example",
        "[A-Z][0-9A-Z]{6,10}",
        "[a-z]{2,6}_[A-Za-z0-9]{6,12}",
        "[1-9][0-9]{2,9}",
        "https://[a-z]{4,8}\\.example/[a-z]{3,6}/[a-z0-9]{5,9}",
        "[A-Z][a-z]{3,8} [A-Z][a-z]{3,8}",
    ]
}

proptest! {
    #[test]
    fn nothing_that_only_a_request_contained_is_ever_found(
        values in prop::collection::vec(value(), 1..6),
        path in "/[a-z]{3,8}",
        is_unsafe in any::<bool>(),
    ) {
        let mut seen = seen();
        let request = json!({"list": values, "note": format!("about {}", values.join(", "))});
        let echo = json!({"request": request, "message": values[0], "all": values});
        let query = format!("{path}?q={}", values.join("%20"));
        if is_unsafe {
            call("POST", &path, request.clone(), echo.clone()).into(&mut seen);
            call("PUT", &query, request, echo.clone()).into(&mut seen);
            get(&path, echo).into(&mut seen);
        } else {
            call("GET", &query, request, echo).into(&mut seen);
        }
        for value in &values {
            prop_assert_eq!(seen.sighting(value), None);
        }
    }

    #[test]
    fn no_body_is_too_odd(body in prop::collection::vec(any::<u8>(), 0..300), kind in 0..4_usize) {
        let kinds = ["application/json", "application/xml", "text/csv", "text/plain"];
        let body = String::from_utf8_lossy(&body).into_owned();
        let mut seen = seen();
        text(&mut seen, kinds[kind], &body);
        seen.sighting(&body);
    }
}
