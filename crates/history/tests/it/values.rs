//! Values of a response that are known, and their pieces.

use super::*;

#[test]
fn a_channel_is_known_by_its_name_and_by_the_others_in_the_list() {
    let mut seen = seen();
    get("/conversations.list?limit=100", channels()).into(&mut seen);
    let sighting = seen.at(NOW + 120).sighting("C024BE91L").unwrap();
    assert_eq!(sighting.kind, Shown);
    assert_eq!(sighting.call, "GET /conversations.list");
    assert_eq!(sighting.age, 120);
    assert!(sighting.piece.starts_with("name: general, id: C024BE91L"));
    assert_eq!(sighting.siblings.len(), 1);
    assert!(sighting.siblings[0].contains("name: random"));
    for spelled in [" c024be91l ", "#general", "channels/C024BE91L"] {
        assert_eq!(kind(&seen, spelled), Some(Shown), "{spelled}");
    }
    for never in ["C0OTHER", "true", "", "#", "general/C0OTHER"] {
        assert_eq!(seen.sighting(never), None, "{never}");
    }
}

#[test]
fn an_issue_is_known_by_what_its_fields_say() {
    let mut seen = seen();
    get(
        "/rest/api/3/search",
        json!({"startAt": 0, "total": 2, "issues": [
            {"id": "10042", "key": "WEB-17", "self": "https://x.example/rest/api/3/issue/10042",
             "fields": {"summary": "Login page is blank", "status": {"name": "Open", "id": "3"},
                "assignee": {"accountId": "5b10ac8d82e05b22cc7d4ef5", "displayName": "Mia Krause",
                    "emailAddress": "mia@x.example"}}},
            {"id": "10043", "key": "WEB-18", "fields": {"summary": "Typo on the start page"}},
        ]}),
    )
    .into(&mut seen);
    piece(
        &seen,
        "WEB-17",
        &["summary: Login page is blank", "key: WEB-17"],
    );
    piece(
        &seen,
        "https://x.example/rest/api/3/issue/10042",
        &["Login page"],
    );
    piece(&seen, "Login page is blank", &["WEB-17"]);
    let sighting = seen.sighting("10042").unwrap();
    assert!(sighting.siblings[0].contains("Typo on the start page"));
    // A person within an issue is an object of its own, and the other issues are not its siblings.
    let person = seen.sighting("5b10ac8d82e05b22cc7d4ef5").unwrap();
    assert!(
        person.piece.starts_with("displayName: Mia Krause"),
        "{}",
        person.piece
    );
    assert_eq!(person.siblings, Vec::<String>::new());
    assert_eq!(kind(&seen, "MIA@x.example"), Some(Shown));
}

#[test]
fn amounts_and_customers_of_a_list_are_found() {
    let mut seen = seen();
    get(
        "/v1/charges?limit=2",
        json!({"object": "list", "url": "/v1/charges", "data": [
            {"id": "ch_3Pq", "amount": 129_900, "currency": "eur", "customer": "cus_NffrFeUfNV2Hib",
             "billing_details": {"email": "ana@shop.example", "phone": "+34 600-000-001"},
             "receipt_url": "https://pay.example/receipts/payment/rcpt_77A", "created": 1_679_090_539},
            {"id": "ch_3Pr", "amount": 500, "currency": "eur", "customer": "cus_other"},
        ]}),
    )
    .into(&mut seen);
    piece(
        &seen,
        "ch_3Pq",
        &["amount: 129900", "billing_details.email: ana@shop.example"],
    );
    piece(&seen, "129900.00", &["id: ch_3Pq"]);
    piece(&seen, "ana@shop.example", &["id: ch_3Pq"]);
    for found in [
        "cus_NffrFeUfNV2Hib",
        "+34600000001",
        "rcpt_77A",
        "/v1/charges/ch_3Pr",
    ] {
        assert_eq!(kind(&seen, found), Some(Shown), "{found}");
    }
}

#[test]
fn patients_of_a_bundle_are_known_by_their_names() {
    let mut seen = seen();
    let patient = |id: &str, family: &str| {
        json!({"fullUrl": format!("https://ehr.example/Patient/{id}"), "resource": {
            "resourceType": "Patient", "id": id, "birthDate": "1974-12-25",
            "name": [{"use": "official", "family": family, "given": ["Peter", "James"]}],
            "managingOrganization": {"reference": "Organization/org-5"}}})
    };
    let entries = json!([patient("pat-1", "Chalmers"), patient("pat-2", "Windsor")]);
    get(
        "/Patient?_count=2",
        json!({"resourceType": "Bundle", "entry": entries}),
    )
    .into(&mut seen);
    let sighting = seen.sighting("Patient/pat-1").unwrap();
    assert!(sighting.piece.contains("Chalmers"), "{}", sighting.piece);
    assert!(
        sighting.siblings[0].contains("Windsor"),
        "{:?}",
        sighting.siblings
    );
    assert_eq!(kind(&seen, "org-5"), Some(Shown));
    assert_eq!(kind(&seen, "Chalmers"), Some(Shown));
}

#[test]
fn embedded_things_and_the_headers_of_mails_are_found() {
    let mut seen = seen();
    get(
        "/orders",
        json!({"_embedded": {"orders": [
            {"orderNumber": "A-100", "total": "30.00",
             "_links": {"self": {"href": "https://shop.example/orders/523"}}}]}}),
    )
    .into(&mut seen);
    piece(&seen, "A-100", &["total: 30.00"]);
    assert_eq!(kind(&seen, "523"), Some(Shown));
    let headers = json!([
        {"name": "Subject", "value": "Invoice 88"},
        {"name": "From", "value": "\"Lee, Kim\" <kim@supplier.example>"},
    ]);
    let mail = json!({"id": "18c5f0", "snippet": "Hi", "payload": {"headers": headers}});
    get("/gmail/v1/users/me/messages/18c5f0", mail).into(&mut seen);
    piece(&seen, "18c5f0", &["Subject: Invoice 88"]);
    assert_eq!(kind(&seen, "kim@supplier.example"), Some(Shown));
}

#[test]
fn things_under_their_ids_and_rows_under_their_names_are_found() {
    let mut seen = seen();
    let users = json!({"users": {"U_7": {"name": "Ida"}, "U_8": {"name": "Jon"}}});
    get("/users", users).into(&mut seen);
    let sighting = seen.sighting("U_7").unwrap();
    assert_eq!(sighting.piece, "name: Ida, id: U_7");
    assert_eq!(sighting.siblings, ["name: Jon, id: U_8"]);
    let rows = json!({"values": [["Name", "E-mail"], ["Ola", "ola@x.example"]]});
    get("/v4/spreadsheets/s/values/A1", rows).into(&mut seen);
    assert_eq!(
        seen.sighting("ola@x.example").unwrap().piece,
        "Name: Ola, E-mail: ola@x.example"
    );
}

#[test]
fn other_formats_are_read_too() {
    let mut seen = seen();
    text(
        &mut seen,
        "text/csv",
        "id,email\n41,eve@x.example\n42,max@x.example\n",
    );
    piece(&seen, "max@x.example", &["id: 42"]);
    let listing = "<List><Contents><Key>a/report-1.pdf</Key><Size>4711</Size></Contents>\
        <Contents><Key>b.pdf</Key><Size>2</Size></Contents></List>";
    text(&mut seen, "application/xml", listing);
    let sighting = seen.sighting("a/report-1.pdf").unwrap();
    assert!(sighting.piece.contains("Size: 4711") && sighting.siblings[0].contains("b.pdf"));
    text(
        &mut seen,
        "application/x-ndjson",
        "{\"id\":\"n-1\",\"name\":\"x\"}\n{\"id\":\"n-2\"}\n",
    );
    piece(&seen, "n-1", &["name: x"]);
    text(
        &mut seen,
        "text/event-stream",
        "data: {\"id\":\"ev-1\",\"title\":\"Go\"}\n\n",
    );
    piece(&seen, "ev-1", &["title: Go"]);
    text(
        &mut seen,
        "application/yaml",
        "name: web\nreplicas: 12\nimage: repo/web@v7\n",
    );
    piece(&seen, "repo/web@v7", &["name: web"]);
    text(
        &mut seen,
        "text/plain",
        "refs/heads/fix-login\nrefs/heads/main\n",
    );
    assert_eq!(kind(&seen, "fix-login"), Some(Shown));
    text(&mut seen, "image/png", "\u{89}PNG secret-looking-pixels");
    assert_eq!(kind(&seen, "secret-looking-pixels"), None);
}

#[test]
fn secrets_and_long_words_are_not_kept() {
    let mut seen = seen();
    let long = "A1b2".repeat(60);
    let response = json!({"id": "app-1", "name": "billing", "client_secret": "hunter2",
        "apiKey": "k-123456", "access_token": "t-123456", "note": "ghp_16C7e42F292c6912E7710c838347",
        "credentials": {"user": "root-user"}, "blob": long, "db_password": "swordfish-1",
        "items": [["Name", "Password"], ["root", "row-secret"]]});
    get("/apps/app-1", response).into(&mut seen);
    for secret in [
        "hunter2",
        "k-123456",
        "t-123456",
        "ghp_16C7e42F292c6912E7710c838347",
        "root-user",
        "swordfish-1",
        "row-secret",
        &long,
    ] {
        assert_eq!(seen.sighting(secret), None, "{secret}");
    }
    let shown = seen.sighting("app-1").unwrap();
    let shown = format!("{shown:?} {:?}", seen.sighting("root").unwrap());
    for secret in [
        "hunter2",
        "k-123456",
        "t-123456",
        "ghp_",
        "root-user",
        "swordfish",
        "row-secret",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!format!("{seen:?}").contains("billing"));
}

#[test]
fn a_part_of_an_object_is_distinguished_from_the_others() {
    let mut seen = seen();
    let pull = json!({"number": 511, "state": "closed", "title": "Fix a typo",
        "head": {"ref": "fix/typo"}, "base": {"ref": "main"}});
    get("/repos/a/b/pulls/511", pull).into(&mut seen);
    piece(
        &seen,
        "fix/typo",
        &["head.ref: fix/typo", "title: Fix a typo", "number: 511"],
    );
    piece(&seen, "main", &["base.ref: main"]);
}

#[test]
fn an_object_itself_says_more_than_a_reference_to_it() {
    let mut seen = seen();
    get("/conversations.list", channels()).into(&mut seen);
    get(
        "/messages",
        json!([{"id": "m-1", "channel": "C024BE91L", "text": "x"}]),
    )
    .into(&mut seen);
    piece(&seen, "C024BE91L", &["name: general"]);
}
