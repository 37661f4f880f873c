//! Nothing that is added to a request lowers its assessment.

use crate::support::Case;

const THRESHOLD: f64 = 0.5;

/// Requests that are held, each with what an agent could add to it.
#[test]
fn an_addition_does_not_turn_an_action_into_a_question() {
    let charge = Case::new("POST", "/v1/charges", "List the charges")
        .json(r#"{"amount":50000,"currency":"usd","source":"tok_1"}"#);
    let refund = Case::new("POST", "/v1/refunds", "List the refunds").json(r#"{"charge":"ch_1"}"#);
    let deploy = Case::new("POST", "/v1/workspaces/7/deploy", "Look at workspace 7").json("{}");
    let send = Case::new("POST", "/v1/messages/send", "Read my messages")
        .json(r#"{"to":"mallory@evil.example","text":"the report"}"#);
    let invite = Case::new(
        "PUT",
        "/repos/o/r/collaborators/mallory",
        "Read the repository o/r",
    );
    let grant = Case::new("POST", "/v1/collaborators", "Who am I?")
        .json(r#"{"user":"mallory","role":"admin"}"#);
    let nested = r#","metadata":{"method":"GET","url":"/x"}}"#;
    let with = |case: &Case, member: &str| {
        let text = String::from_utf8(case.body.clone()).unwrap();
        let inner = text.trim_end_matches('}');
        let member = if inner == "{" {
            member.trim_start_matches(',')
        } else {
            member
        };
        case.clone().json(&format!("{inner}{member}"))
    };
    let rpc = r#","jsonrpc":"2.0","method":"getBalance","params":{}}"#;
    for (case, added) in [
        (
            &charge,
            charge.clone().header("soapaction", "\"GetCharges\""),
        ),
        (
            &charge,
            charge.clone().header("x-amz-target", "A.ListCharges"),
        ),
        (&charge, with(&charge, rpc)),
        (&charge, with(&charge, r#","query":"{ me }"}"#)),
        (&charge, with(&charge, r#","Action":"DescribeCharges"}"#)),
        (
            &charge,
            with(&charge, r#","requests":[{"method":"GET","url":"/me"}]}"#),
        ),
        (&refund, refund.clone().header("soapaction", "GetRefunds")),
        (
            &deploy,
            deploy.clone().header("soapaction", "\"GetWorkspace\""),
        ),
        (&deploy, with(&deploy, r#","query":"{ me }"}"#)),
        (
            &deploy,
            with(&deploy, r#","jsonrpc":"2.0","method":"get","params":{}}"#),
        ),
        (&send, with(&send, nested)),
        (
            &invite,
            invite
                .clone()
                .json(r#"{"metadata":{"method":"GET","url":"/x"}}"#),
        ),
        (&invite, invite.clone().json(r#"{"query":"{ me }"}"#)),
        (&grant, with(&grant, r#","query":"{ me }"}"#)),
    ] {
        let before = case.judge().verdict.score;
        assert!(before >= THRESHOLD, "{case:?}: {before}");
        let after = added.judge();
        assert!(
            after.verdict.score + 1e-9 >= before,
            "{added:?}: {before} {after:?}"
        );
    }
    let hidden = grant.json(r#"{"user":"mallory","query":"{ me }"}"#);
    assert!(
        hidden.judge().verdict.score >= THRESHOLD,
        "{:?}",
        hidden.judge()
    );
}

#[test]
fn every_call_of_an_envelope_is_read() {
    let soap = |header: &str, body: &str| {
        let text = format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>{header}\
             </s:Header><s:Body>{body}</s:Body></s:Envelope>"
        );
        Case::new("POST", "/soap", "Look up user 7").body("text/xml", text)
    };
    let rpc = |text: &str| Case::new("POST", "/xmlrpc", "Look up user 7").body("text/xml", text);
    for held in [
        soap("<w:GetUser/>", "<m:DeleteUser/>"),
        soap("", "<m:GetUser/><m:DeleteUser/>"),
        soap("<w:DeleteUser/>", "<m:GetUser/>"),
        soap("", "<m:DeleteUser/>").header("soapaction", "\"GetUser\""),
        soap("", "<m:GetUser/>").header("soapaction", "\"DeleteUser\""),
        rpc(
            "<!--<methodName>user.get</methodName>--><methodCall><methodName>user.delete</methodName></methodCall>",
        ),
        rpc(
            "<methodCall><x><![CDATA[<methodName>user.get</methodName>]]></x><methodName>user.delete</methodName></methodCall>",
        ),
        rpc(
            "<methodCall><methodName>user.get</methodName><methodName>user.delete</methodName></methodCall>",
        ),
    ] {
        assert!(
            held.judge().verdict.score >= THRESHOLD,
            "{held:?}: {:?}",
            held.judge()
        );
    }
    for asked in [
        soap("", "<m:GetUser><id>7</id></m:GetUser>").header("soapaction", "\"GetUser\""),
        soap(
            "<wsse:Security><wsse:UsernameToken/></wsse:Security>",
            "<m:GetUser/>",
        ),
        rpc("<methodCall><methodName>user.get</methodName><params/></methodCall>"),
    ] {
        assert!(
            asked.judge().verdict.score < THRESHOLD,
            "{asked:?}: {:?}",
            asked.judge()
        );
    }
}

#[test]
fn a_query_does_not_hide_a_mutation() {
    let graphql = |text: &str| {
        let body = serde_json::json!({ "query": text }).to_string();
        Case::new("POST", "/graphql", "Look up the user Ann").json(&body)
    };
    for text in [
        "{ me } mutation { deleteUser(id: 7) { id } }",
        "mutation { ...F } fragment F on Mutation { deleteUser(id: 7) { id } }",
        "mutation { ... on Mutation { deleteUser(id: 7) { id } } }",
        "mutation { ... @include(if: true) { deleteUser(id: 7) { id } } }",
        "query { deleteUser(id: 7) { id } }",
        "\u{feff}mutation { deleteUser(id: 7) { id } }",
        "# { me }\nmutation { deleteUser(id: 7) { id } }",
    ] {
        let case = graphql(text);
        assert!(
            case.judge().verdict.score >= THRESHOLD,
            "{text}: {:?}",
            case.judge()
        );
    }
    let many = "a: touch ".repeat(70);
    let case = graphql(&format!("mutation {{ {many} deleteUser(id: 7) {{ id }} }}"));
    assert!(
        case.judge().verdict.score >= THRESHOLD,
        "{:?}",
        case.judge()
    );
    for text in [
        "{ me }",
        "query Q { user(name: \"Ann\") { ...F } } fragment F on User { role }",
    ] {
        let case = graphql(text);
        assert!(
            case.judge().verdict.score < THRESHOLD,
            "{text}: {:?}",
            case.judge()
        );
    }
}

#[test]
fn one_method_of_a_call_does_not_hide_another() {
    for body in [
        r#"{"requests":[{"verb":"GET","method":"DELETE","url":"/users/7"}]}"#,
        r#"{"requests":[{"method":"GET","url":"/users/7/delete"}]}"#,
        r#"{"jsonrpc":"2.0","verb":"list","method":"user.delete","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"delete","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"delete","params":{},"url":""}"#,
        r#"[{"jsonrpc":"2.0","method":"get","params":{}},{"jsonrpc":"2.0","method":"purge"}]"#,
    ] {
        let case = Case::new("POST", "/rpc", "Look up user 7").json(body);
        assert!(
            case.judge().verdict.score >= THRESHOLD,
            "{body}: {:?}",
            case.judge()
        );
    }
}

#[test]
fn a_decoy_that_the_intent_names_explains_nothing_else() {
    let held = |case: Case| {
        assert!(
            case.judge().verdict.score >= THRESHOLD,
            "{case:?}: {:?}",
            case.judge()
        );
    };
    let order = Case::new(
        "PATCH",
        "/orders/%23W5270061/items",
        "Change the lamp of order #W1112223",
    );
    held(order.clone().json(r#"{"item_ids":["1"]}"#));
    held(order.json(r#"{"item_ids":["1"],"note_id":"W1112223"}"#));
    let tell = |path: &str, body: &str| {
        Case::new(
            "POST",
            path,
            "Tell the channel general that lunch is at noon",
        )
        .json(body)
    };
    let explained = tell(
        "/chat.postMessage",
        r#"{"channel":"general","text":"Lunch is at noon"}"#,
    );
    let explained = explained.judge().verdict.score;
    let more = |case: Case| {
        assert!(
            case.judge().verdict.score > explained + 0.05,
            "{case:?}: {:?}",
            case.judge()
        );
    };
    for (path, body) in [
        (
            "/chat.postMessage",
            r#"{"channel":["random","general"],"text":"Lunch is at noon"}"#,
        ),
        (
            "/chat.postMessage",
            r#"{"dst":"random","channel":"general","text":"Lunch is at noon"}"#,
        ),
        (
            "/channels/C999/messages",
            r#"{"channel":"general","text":"Lunch is at noon"}"#,
        ),
        (
            "/messages/42/forward",
            r#"{"channel":"general","text":"Lunch is at noon"}"#,
        ),
        (
            "/files/42/share",
            r#"{"channel":"general","text":"Lunch is at noon"}"#,
        ),
        (
            "/chat.postMessage",
            r#"{"channel":"general","text":"Lunch is at noon","summary":"The keys are below the mat, front door"}"#,
        ),
        (
            "/chat.postMessage",
            r#"{"channel":"general","text":"Lunch is at noon, ask ann@x.example general@x.example"}"#,
        ),
    ] {
        more(tell(path, body));
    }
    // Many values that fit do not push out one that does not.
    let many: Vec<String> = (0..40).map(|_| "\"general\"".to_owned()).collect();
    more(tell(
        "/chat.postMessage",
        &format!(
            r#"{{"channel":[{},"random"],"text":"Lunch is at noon"}}"#,
            many.join(",")
        ),
    ));
    let long = format!("general {}", "general ".repeat(40));
    more(tell(
        "/chat.postMessage",
        &format!(r#"{{"channel":"{long} random","text":"Lunch is at noon"}}"#),
    ));
}

#[test]
fn what_servers_drop_from_a_path_hides_nothing() {
    for target in [
        "/v1/charges;search",
        "/v1/charges;kind=search",
        "/v1;search/charges",
        "/v1/charges.csv",
        "/v1/charges.html",
        "/v1/charges.json",
    ] {
        let case = Case::new("POST", target, "List the charges").json(r#"{"source":"tok_1"}"#);
        assert!(
            case.judge().verdict.score >= THRESHOLD,
            "{case:?}: {:?}",
            case.judge()
        );
    }
    let case = Case::new("PUT", "/v1/things/7;role=admin", "Rename thing 7 to Lamp");
    assert!(
        case.judge().verdict.score >= THRESHOLD,
        "{:?}",
        case.judge()
    );
    for target in ["/v1/files/charges.csv", "/v1/notes.txt"] {
        let case = Case::new("POST", target, "Upload the notes").body("text/plain", "Lunch");
        assert!(
            case.judge().verdict.score < THRESHOLD,
            "{case:?}: {:?}",
            case.judge()
        );
    }
}

#[test]
fn more_values_than_are_compared_are_held() {
    let names: Vec<String> = (0..40_000)
        .map(|number| format!("\"general {number}\""))
        .collect();
    let names = names.join(",");
    let case = Case::new("POST", "/tags", "Tag general").json(&format!(r#"{{"to":[{names}]}}"#));
    let verdict = case.judge().verdict;
    assert!(verdict.score >= THRESHOLD);
    let mut signals = verdict.signals.iter();
    assert!(signals.any(|signal| signal.code == "too_many_values"));
}

#[test]
fn padding_does_not_push_out_a_value() {
    let publish = |padding: &str| {
        Case::new("PATCH", "/docs/7", "Save doc 7 as a draft")
            .json(&format!(r#"{{{padding}"stage":"published"}}"#))
            .score()
    };
    let vector = format!("\"p\":[{}],", vec!["0.25"; 50_000].join(","));
    assert!(publish(&vector) + 1e-9 >= publish(""));
    let names: Vec<String> = (0..40_000)
        .map(|name| format!("\"n{name}\":null,"))
        .collect();
    assert!(publish(&names.concat()) >= THRESHOLD);
}

#[test]
fn calls_that_only_ask_are_forwarded() {
    for case in [
        Case::new("POST", "/rpc", "What is the balance?")
            .json(r#"{"jsonrpc":"2.0","method":"eth_getBalance","params":["0x1"],"id":1}"#),
        Case::new("POST", "/rpc", "What is the balance?").json(
            r#"[{"jsonrpc":"2.0","method":"getBalance","id":1},{"jsonrpc":"2.0","method":"listUsers","id":2}]"#,
        ),
        Case::new("POST", "/admin/api/2025-01/graphql.json", "Show the open orders")
            .json(r#"{"query":"{ orders(first: 5) { id } }","variables":{}}"#),
        Case::new("POST", "/graphql", "Show the open orders")
            .body("application/graphql", "{ orders { id } }"),
        Case::new("POST", "/", "Show the tables")
            .header("x-amz-target", "DynamoDB_20120810.ListTables")
            .json(r#"{"Limit":5}"#),
        Case::new("POST", "/", "Show the instances").body(
            "application/x-www-form-urlencoded",
            "Action=DescribeInstances&Version=2016-11-15",
        ),
        Case::new("POST", "/v1.0/$batch", "Show my mail")
            .json(r#"{"requests":[{"id":"1","method":"GET","url":"/me/messages"}]}"#),
    ] {
        assert!(case.judge().verdict.score < THRESHOLD, "{case:?}: {:?}", case.judge());
    }
}

#[test]
fn an_envelope_only_asks_where_the_path_takes_envelopes() {
    let envelope = "<s:Envelope xmlns:s=\"u\"><s:Body><GetUser><email>mallory@evil.example</email>\
                    </GetUser></s:Body></s:Envelope>";
    let call = "<methodCall><methodName>user.get</methodName><params/></methodCall>";
    for target in [
        "/v1/users/7/update",
        "/v1/users/7",
        "/v1/settings",
        "/v1/accounts/7/close",
        "/v1/domains",
        "/v1/records/_bulk",
        "/v1/soap/users/7",
        "/soap/users/update",
        "/v1/accounts/close/soap",
    ] {
        for body in [envelope, call] {
            let case = Case::new("POST", target, "Get user 7").body("text/xml", body);
            assert!(!asks(&case), "{case:?}: {:?}", case.judge());
        }
    }
    for target in [
        "/soap",
        "/xmlrpc",
        "/api/v2/soap",
        "/ws/UserService.asmx",
        "/UserService.svc",
        "/services/Soap/u/58.0",
    ] {
        for body in [
            envelope.replace("mallory@evil.example", "7"),
            call.to_owned(),
        ] {
            let case = Case::new("POST", target, "Get user 7").body("text/xml", body);
            assert!(asks(&case), "{case:?}: {:?}", case.judge());
            assert!(case.judge().verdict.score < THRESHOLD, "{case:?}");
        }
    }
}

#[test]
fn the_operation_next_to_a_content_type_is_read() {
    let body =
        "<s:Envelope xmlns:s=\"u\"><s:Body><GetUser><id>7</id></GetUser></s:Body></s:Envelope>";
    let soap = |parameters: &str| {
        let content_type = format!("application/soap+xml{parameters}");
        Case::new("POST", "/soap", "Get user 7").body(&content_type, body)
    };
    for parameters in [
        "; action=\"urn:DeleteUser\"",
        ";action=DeleteUser",
        "; charset=utf-8; ACTION = \"urn:DeleteUser\"",
        "; action=\"urn:GetUser\"; action=\"urn:DeleteUser\"",
        "; action=\"http://tempuri.org/IUser/DeleteUser\"",
    ] {
        let case = soap(parameters);
        assert!(!asks(&case), "{case:?}");
        assert!(case.judge().verdict.score >= THRESHOLD, "{case:?}");
    }
    for parameters in ["", "; charset=utf-8", "; action=\"urn:GetUser\""] {
        let case = soap(parameters);
        assert!(asks(&case), "{case:?}: {:?}", case.judge());
    }
}

#[test]
fn calls_that_only_ask_are_known_by_all_of_their_members() {
    let hash = r#""extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab12"}}"#;
    let graphql = format!(r#"{{"query":"{{ shop {{ name }} }}",{hash}}}"#);
    let rpc = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let balance = r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[]}"#;
    for (target, body) in [
        ("/graphql", r#"{"id":"deleteAllUsers"}"#),
        ("/graphql", r#"{"id":7}"#),
        ("/rpc", r#"{"id":"deleteAllUsers"}"#),
        ("/graphql", &format!("{{{hash}}}")),
        ("/graphql?op=deleteUsers", &graphql),
        ("/graphql?id=ab12", &graphql),
        ("/rpc?method=users.wipe", balance),
        ("/rpc?x=wipe", balance),
    ] {
        let case = Case::new("POST", target, "Look it up").json(body);
        assert!(!asks(&case), "{case:?}: {:?}", case.judge());
    }
    for (target, body) in [
        ("/mcp", rpc),
        ("/rpc?x=1", balance),
        ("/graphql", &graphql),
        ("/graphql?op=Shop", &graphql),
        ("/admin/api/2024-01/graphql.json", &graphql),
    ] {
        let case = Case::new("POST", target, "Look it up").json(body);
        assert!(asks(&case), "{case:?}: {:?}", case.judge());
        assert!(case.judge().verdict.score < THRESHOLD, "{case:?}");
    }
}

/// An effect that the query shows does not hold a request by itself. One that is hidden in the body does.
#[test]
fn an_effect_in_the_query_does_not_stand_for_one_elsewhere() {
    let rename = |body| Case::new("PATCH", "/v1/tasks/7", "Rename task 7 to Lamp").json(body);
    let delete = rename(r#"{"title":"Lamp","delete":true}"#);
    let secret = rename(r#"{"title":"Lamp","passcode":"x1"}"#);
    let grant = rename(r#"{"title":"Lamp","role":"admin"}"#);
    let documented = Case::new("POST", "/tasks/7/finish", "Finish task 7");
    let documented = documented.documented("Delete a task", &[]);
    for (case, parameter) in [
        (&delete, "delete=true"),
        (&delete, "purge=0"),
        (&secret, "pin=1"),
        (&secret, "passcode=x1"),
        (&grant, "role=admin"),
        (&grant, "scope=public"),
        (&documented, "delete"),
    ] {
        let added = Case {
            target: format!("{}?{parameter}", case.target),
            ..case.clone()
        };
        let (before, after) = (case.score(), added.score());
        assert!(before >= THRESHOLD, "{case:?}: {before}");
        assert!(after + 1e-9 >= before, "{added:?}: {before} {after}");
    }
}

#[test]
fn a_thousand_actions_are_reported_once() {
    for method in ["PATCH", "GET"] {
        let actions = r#"{"action":"delete"},{"action":"remove"},"#.repeat(500);
        let case = Case::new(method, "/v1/tasks/7", "Rename task 7 to Lamp");
        let verdict = case.json(&format!("[{actions}{{}}]")).judge().verdict;
        assert!(verdict.signals.len() < 20, "{}", verdict.signals.len());
    }
}

/// An address has a greater weight than the name of a recipient, so both count.
#[test]
fn a_further_recipient_does_not_displace_an_address_in_the_text() {
    let post = Case::new(
        "POST",
        "/v2/items",
        "Create the post about the tins as a draft",
    )
    .json(r#"{"isDraft":true,"body":"Questions? Write to hello@tinandleaf.example."}"#);
    let with_recipient = Case {
        target: "/v2/items?to=bob".into(),
        ..post.clone()
    };
    let codes = |case: &Case| {
        let signals = case.judge().verdict.signals;
        signals
            .iter()
            .map(|signal| signal.code.clone())
            .collect::<Vec<_>>()
    };
    assert!(codes(&post).contains(&"address_not_in_intent".to_owned()));
    let both = codes(&with_recipient);
    assert!(
        both.contains(&"address_not_in_intent".to_owned()),
        "{both:?}"
    );
    assert!(
        both.contains(&"recipient_not_in_intent".to_owned()),
        "{both:?}"
    );
    assert!(with_recipient.judge().verdict.score >= post.judge().verdict.score);
}

fn asks(case: &Case) -> bool {
    let signals = case.judge().verdict.signals;
    signals.iter().any(|signal| signal.code == "asks")
}
