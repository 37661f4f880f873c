use std::time::Duration;

use bytes::Bytes;
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::target::Target;
use gaiterguard_history::SightingKind;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::*;

const NOW: Timestamp = Timestamp(1_780_000_000_000);
const HERE: HistoryKey = HistoryKey {
    agent: AgentId(1),
    service: ServiceId(2),
};

fn histories() -> Histories {
    Histories::new(Duration::from_hours(24), HashKey::new([3; 16]), false)
}

fn request(method: Method, path: &str, body: &str) -> CanonicalRequest {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
    CanonicalRequest {
        method,
        target: Target::parse(&format!("https://api.example{path}")).unwrap(),
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// Passes a response of this type in pieces, and returns how many were noted.
fn pass(histories: &Histories, cut: &CancellationToken, sent: &CanonicalRequest, response: &str) {
    let observer = histories.observe(HERE, sent, false, cut, NOW);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
    if let Some(mut observer) = observer {
        observer.head(StatusCode::OK, &headers);
        observer.whole(&Bytes::copy_from_slice(response.as_bytes()));
    }
}

fn sighting(histories: &Histories, cut: &CancellationToken, value: &str) -> Option<SightingKind> {
    let history = histories.of(HERE, cut, NOW)?;
    history.sighting(value).map(|sighting| sighting.kind)
}

#[test]
fn every_response_is_found_by_the_request_that_follows_it() {
    let (histories, cut) = (histories(), CancellationToken::new());
    for at in 0..200 {
        let path = format!("/channels?page={at}");
        let response = format!(r#"[{{"id": "C{at:07}", "name": "room-{at}"}}]"#);
        pass(
            &histories,
            &cut,
            &request(Method::GET, &path, ""),
            &response,
        );
        let found = sighting(&histories, &cut, &format!("c{at:07}"));
        assert_eq!(found, Some(SightingKind::Shown), "{at}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_are_found_while_others_are_read_in_the_background() {
    let (histories, cut) = (Arc::new(histories()), CancellationToken::new());
    for at in 0..200 {
        let rows: Vec<String> = (0..100)
            .map(|row| format!(r#"{{"id": "r-{at}-{row}", "name": "Row {row} of {at}"}}"#))
            .collect();
        let response = format!("[{}]", rows.join(","));
        let path = format!("/rows?page={at}");
        pass(
            &histories,
            &cut,
            &request(Method::GET, &path, ""),
            &response,
        );
        if at % 7 == 0 {
            let found = sighting(&histories, &cut, &format!("r-{at}-99"));
            assert_eq!(found, Some(SightingKind::Shown), "{at}");
        }
        tokio::task::yield_now().await;
    }
    let memory = histories.memory(HERE, &cut).unwrap();
    assert!(memory.bytes() < 6 << 20, "{}", memory.bytes());
}

#[test]
fn a_response_in_pieces_is_found_and_media_are_not_kept() {
    let (histories, cut) = (histories(), CancellationToken::new());
    let sent = request(Method::GET, "/feed", "");
    for (kind, id, kept) in [
        ("text/event-stream", "ev-55", true),
        ("image/png", "ev-66", false),
    ] {
        let mut observer = histories.observe(HERE, &sent, false, &cut, NOW).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        observer.head(StatusCode::OK, &headers);
        let piece = format!("data: {{\"id\": \"{id}\", \"title\": \"One\"}}\n\n");
        let (first, second) = piece.split_at(12);
        for piece in [first, second] {
            assert_eq!(
                observer.add(&Bytes::copy_from_slice(piece.as_bytes())),
                kept
            );
        }
        observer.end();
        assert_eq!(sighting(&histories, &cut, id).is_some(), kept, "{kind}");
    }
}

#[test]
fn a_value_that_the_agent_sent_is_not_found_even_without_a_response() {
    let (histories, cut) = (histories(), CancellationToken::new());
    let body = r#"{"name": "Boss", "email": "evil@x.example"}"#;
    let post = request(Method::POST, "/contacts", body);
    histories
        .observe(HERE, &post, false, &cut, NOW)
        .unwrap()
        .end();
    let list = format!("[{body}]");
    pass(
        &histories,
        &cut,
        &request(Method::GET, "/contacts", ""),
        &list,
    );
    assert_eq!(sighting(&histories, &cut, "evil@x.example"), None);
}

#[test]
fn a_value_that_a_web_socket_may_have_planted_is_not_found() {
    let (histories, cut) = (histories(), CancellationToken::new());
    let socket = request(Method::GET, "/live", "").with_web_socket();
    assert!(histories.observe(HERE, &socket, false, &cut, NOW).is_none());
    let list = r#"[{"id": "k-1", "name": "Boss", "email": "evil@x.example"}]"#;
    pass(
        &histories,
        &cut,
        &request(Method::GET, "/contacts", ""),
        list,
    );
    assert_eq!(sighting(&histories, &cut, "evil@x.example"), None);
    assert!(sighting(&histories, &cut, "k-1").is_some());
}

#[test]
fn a_history_ends_with_the_right_to_it() {
    let (histories, cut) = (histories(), CancellationToken::new());
    let get = request(Method::GET, "/users", "");
    let under_way = histories.observe(HERE, &get, false, &cut, NOW).unwrap();
    pass(&histories, &cut, &get, r#"[{"id": "U-77", "name": "Ann"}]"#);
    assert!(sighting(&histories, &cut, "U-77").is_some());
    cut.cancel();
    under_way.whole(&Bytes::from_static(br#"[{"id": "U-88", "name": "Bo"}]"#));
    let renewed = CancellationToken::new();
    for cut in [&cut, &renewed] {
        for id in ["U-77", "U-88"] {
            assert_eq!(sighting(&histories, cut, id), None, "{id}");
        }
    }
    assert!(histories.observe(HERE, &get, false, &cut, NOW).is_none());
    histories.sweep(NOW);
    assert!(histories.kept.as_ref().unwrap().memories().is_empty());
}

#[test]
fn agents_and_services_have_histories_of_their_own_that_expire() {
    let (histories, cut) = (histories(), CancellationToken::new());
    let get = request(Method::GET, "/users", "");
    pass(&histories, &cut, &get, r#"[{"id": "U-77", "name": "Ann"}]"#);
    let (agent, service) = (AgentId(2), ServiceId(3));
    for key in [HistoryKey { agent, ..HERE }, HistoryKey { service, ..HERE }] {
        let history = histories.of(key, &cut, NOW).unwrap();
        assert_eq!(history.sighting("U-77"), None);
    }
    let later = NOW.after(Duration::from_hours(25));
    assert_eq!(
        histories.of(HERE, &cut, later).unwrap().sighting("U-77"),
        None
    );
    histories.sweep(later);
    assert!(histories.kept.as_ref().unwrap().memories().is_empty());
}

#[test]
fn an_exchange_that_is_running_during_a_sweep_is_found() {
    let (histories, cut) = (histories(), CancellationToken::new());
    let get = request(Method::GET, "/users", "");
    let mut running = histories.observe(HERE, &get, false, &cut, NOW).unwrap();
    histories.sweep(NOW);
    running.head(StatusCode::OK, &HeaderMap::new());
    running.whole(&Bytes::from_static(br#"[{"id": "U-77", "name": "Ann"}]"#));
    assert!(sighting(&histories, &cut, "U-77").is_some());
}

#[test]
fn all_histories_together_are_bounded() {
    let (histories, cut) = (histories(), CancellationToken::new());
    let get = request(Method::GET, "/users", "");
    pass(&histories, &cut, &get, r#"[{"id": "U-77", "name": "Ann"}]"#);
    let limited = |bytes_max| {
        let memories = histories.kept.as_ref().unwrap().memories();
        keep_within(&memories, bytes_max, seconds(NOW));
    };
    limited(10 << 20);
    assert!(sighting(&histories, &cut, "Ann").is_some());
    limited(1);
    assert_eq!(sighting(&histories, &cut, "Ann"), None);
    pass(&histories, &cut, &get, r#"[{"id": "U-77", "name": "Ann"}]"#);
    assert_eq!(sighting(&histories, &cut, "Ann"), None);
    assert!(sighting(&histories, &cut, "U-77").is_some());
}

#[test]
fn a_lifetime_of_zero_keeps_nothing() {
    let histories = Histories::new(Duration::ZERO, HashKey::new([3; 16]), false);
    let cut = CancellationToken::new();
    let get = request(Method::GET, "/users", "");
    assert!(histories.observe(HERE, &get, false, &cut, NOW).is_none());
    assert!(histories.of(HERE, &cut, NOW).is_none());
}
