//! The act that the body names is the verb where the path names none.

use gaiterguard_domain::effect::Effect;
use http::Method;

use crate::summary;

#[test]
fn the_action_of_a_body_is_the_verb() {
    for (method, target, body, expected) in [
        (
            Method::POST,
            "/droplets/d-12/actions",
            r#"{"type":"power_cycle"}"#,
            "Power cycle droplet d-12",
        ),
        (
            Method::POST,
            "/cases/bulk",
            r#"{"caseIds":["c1","c2"],"operation":"close"}"#,
            "Bulk close 2 cases · case ids c1, c2",
        ),
        (
            Method::POST,
            "/locks/l-12/commands",
            "command=unlock&minutes=5",
            "Unlock lock l-12 · minutes 5",
        ),
        (
            Method::POST,
            "/leases",
            r#"{"data":{"action":"terminate","lease":"l-12"}}"#,
            "Terminate lease · lease l-12",
        ),
        (
            Method::POST,
            "/pumps/p-12/operations/prime_line",
            "",
            "Prime line pump p-12",
        ),
        (
            Method::POST,
            "/users/u-12/lifecycle/suspend",
            "",
            "Suspend user u-12",
        ),
        // An ordinary member.
        (
            Method::POST,
            "/orders/o-12/items",
            r#"{"action":"wrap"}"#,
            "Create item of order o-12 · action wrap",
        ),
    ] {
        let found = summary(Effect::Create, &method, target, body.as_bytes(), None);
        assert_eq!(found.text(), expected, "{target}");
    }
}

#[test]
fn the_actions_of_a_list_are_named_with_what_they_are_about() {
    for (target, body, expected) in [
        (
            "/zones/z-12/rrset",
            "<Batch><Changes><Change><Action>DELETE</Action><RecordSet><Name>www.a.example</Name>\
             <Type>A</Type></RecordSet></Change></Changes></Batch>",
            "Delete rrset www.a.example · zone z-12",
        ),
        (
            "/zones/z-12/rrset",
            "<Batch><Changes><Change><Action>DELETE</Action><RecordSet><Name>www.a.example</Name></RecordSet></Change>\
             <Change><Action>UPSERT</Action><RecordSet><Name>api.a.example</Name></RecordSet></Change></Changes></Batch>",
            "Change rrset · zone z-12 · DELETE on www.a.example, UPSERT on api.a.example",
        ),
        (
            "/shops/s-12/coupons:mutate",
            r#"{"operations":[{"remove":"coupons/5"},{"update":{"resourceName":"coupons/6","off":20}}]}"#,
            "Change coupon · shop s-12 · remove on coupons/5, update on coupons/6 · off 20",
        ),
        (
            "/decks/d-12:batchUpdate",
            r#"{"requests":[{"deleteObject":{"objectId":"slide_7"}}]}"#,
            "Bulk update deck d-12 · deleteObject · object id slide_7",
        ),
        (
            "/locks/l-12/actions",
            r#"{"actions":[{"action":"unlock","duration_s":90}]}"#,
            "Unlock lock l-12 · duration s 90",
        ),
    ] {
        let found = summary(Effect::Change, &Method::POST, target, body.as_bytes(), None);
        assert_eq!(found.text(), expected, "{body}");
    }
}

#[test]
fn the_procedure_of_a_message_that_is_a_list_is_named() {
    for (target, body, expected) in [
        (
            "/ocpp/CP_7",
            r#"[2,"19223201","RemoteStartTransaction",{"connectorId":1,"idTag":"0449"}]"#,
            "Run RemoteStartTransaction · ocpp CP_7 · connector id 1 · id tag 0449",
        ),
        (
            "/wamp",
            r#"[48,7814135,"com.plant.valve.open",[12],{"force":true}]"#,
            "Run com.plant.valve.open · force true · 12",
        ),
        (
            "/socket",
            r#"["deleteRoom",{"room":"r-12"}]"#,
            "Delete room · room r-12",
        ),
        // A list of values is not a message.
        (
            "/tags",
            r#"["red",{"hex":"f00"}]"#,
            "Create tag · text “red” · hex f00",
        ),
    ] {
        let found = summary(Effect::Create, &Method::POST, target, body.as_bytes(), None);
        assert_eq!(found.text(), expected, "{body}");
    }
}

#[test]
fn a_procedure_in_the_query_or_in_a_form_is_named() {
    for (target, body, expected) in [
        (
            "/?Action=DeleteUser&UserName=ann&Version=2010-05-08",
            "",
            "Delete user · user name ann",
        ),
        (
            "/",
            "Action=StopInstances&InstanceId.1=i-12&Version=2016-11-15",
            "Stop instances · instance id i-12",
        ),
        (
            "/index.php?module=Users&action=ResetPassword",
            "user_name=admin",
            "Reset password · user name admin · module Users",
        ),
    ] {
        let found = summary(Effect::Change, &Method::POST, target, body.as_bytes(), None);
        assert_eq!(found.text(), expected, "{target}");
    }
}

#[test]
fn protocol_noise_leaves_room_for_what_is_decided_on() {
    for body in [
        r#"{"apiVersion":"v1","schemaVersion":3,"requestId":"a","timestamp":"2024-01-01T00:00:00Z","routing_key":"x",
            "api_key":"k","correlationId":"c","size":"8xlarge","count":40,"public":true,"region":"eu","owner":"eve",
            "budget":"5"}"#,
        "api_version=1&schema=s&trace_id=a&nonce=5&locale=de&session_id=b&size=8xlarge&count=40&public=true\
         &region=eu&owner=eve&budget=5",
        "<Order><SchemaVersion>3</SchemaVersion><MessageId>m</MessageId><Checksum>c</Checksum><Size>8xlarge</Size>\
         <Count>40</Count><Public>true</Public><Region>eu</Region><Owner>eve</Owner><Budget>5</Budget></Order>",
    ] {
        let found = summary(
            Effect::Create,
            &Method::POST,
            "/instances",
            body.as_bytes(),
            None,
        );
        let names: Vec<String> = found
            .facts
            .iter()
            .map(|fact| {
                fact.name
                    .rsplit('.')
                    .next()
                    .unwrap_or_default()
                    .to_lowercase()
            })
            .collect();
        for name in ["size", "count", "public", "region", "owner", "budget"] {
            assert!(
                names.iter().any(|one| one == name),
                "{name} is not among {names:?}"
            );
        }
    }
}

#[test]
fn a_variable_is_shown_by_the_argument_that_it_is_the_value_of() {
    for (query, variables, name, value) in [
        (
            "mutation($v:Boolean!){ share(albumId:7, isPublic:$v){ ok } }",
            r#"{"v":true}"#,
            "variables.isPublic",
            "true",
        ),
        (
            "mutation($a:Int!){ pay(input:{amount:$a}){ ok } }",
            r#"{"a":900}"#,
            "variables.amount",
            "900",
        ),
        // Two arguments have this value.
        (
            "mutation($x:ID!){ swap(first:$x, second:$x){ ok } }",
            r#"{"x":"seat-12"}"#,
            "variables.x",
            "seat-12",
        ),
    ] {
        let body = format!(r#"{{"query":"{query}","variables":{variables}}}"#);
        let found = summary(
            Effect::Change,
            &Method::POST,
            "/graphql",
            body.as_bytes(),
            None,
        );
        let has = found
            .facts
            .iter()
            .any(|fact| fact.name == name && fact.value.split(" (").next() == Some(value));
        assert!(has, "{:?}", found.facts);
    }
}
