use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use gaiterguard_clock::ManualClock;
use gaiterguard_domain::id::{ServiceId, WorkspaceId};
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::service::{AuthType, Service, Timeouts};
use gaiterguard_domain::target::{BaseUrl, Target};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_intake::ArrivingBody;
use gaiterguard_intake::BigBodies;
use gaiterguard_sealing::Sealing;
use gaiterguard_store::{Purpose, Store, StoreOptions};
use gaiterguard_upstream::{UpstreamSettings, parse_private_allow};
use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;
use secrecy::SecretString;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::record::permit::Covers;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A sender over an empty database, and an upstream that only listens.
struct Fixture {
    _dir: TempDir,
    sender: Sender,
    service: ResolvedService,
    listener: TcpListener,
}

impl Fixture {
    async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let url = format!("sqlite://{}", dir.path().join("gaiterguard.db").display());
        let options = StoreOptions::new(ReplicaId(Uuid::new_v4()), Purpose::Tool);
        let store = Store::open(&url, options).unwrap();
        store.migrate().await.unwrap();
        let clock = Arc::new(ManualClock::new(NOW));
        let secret = SecretString::from("the-secret-of-this-test-gateway-00000001");
        let sealing = Sealing::open_or_create(store.clone(), &secret, "salt", clock.clone());
        let sealing = sealing.await.unwrap();
        let upstream = Upstream::new(UpstreamSettings {
            connect_timeout: Duration::from_secs(2),
            first_byte_timeout: Duration::from_millis(50),
            idle_timeout: Duration::from_secs(2),
            private_allow: parse_private_allow("127.0.0.1/32").unwrap(),
            hosts: Vec::new(),
            proxy: None,
            ca_file: None,
            own_listeners: Vec::new(),
        });
        let upstream = Arc::new(upstream.unwrap());
        let credentials = Credentials::new(store, sealing, Arc::clone(&upstream), clock);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let service = Service {
            id: ServiceId(1),
            workspace: WorkspaceId(1),
            name: "things".to_owned(),
            base_url: BaseUrl::parse(&format!("http://{}", address(&listener))).unwrap(),
            auth_type: AuthType::None,
            description: None,
            intent_required: false,
            web_socket: false,
            timeouts: Timeouts::default(),
            credential: None,
            created_at: NOW,
            updated_at: NOW,
            revision: 0,
        };
        Self {
            _dir: dir,
            sender: Sender::new(upstream, credentials, Arc::new(Metrics::new(None))),
            service: ResolvedService::new(service),
            listener,
        }
    }

    fn request(&self, path: &str) -> CanonicalRequest {
        CanonicalRequest {
            method: Method::POST,
            target: Target::parse(&format!("http://{}{path}", address(&self.listener))).unwrap(),
            headers: HeaderMap::new(),
            body: bytes::Bytes::new(),
        }
    }

    /// Whether the upstream has been dialed since the last call.
    fn was_dialed(&self) -> bool {
        self.listener.accept().is_ok()
    }
}

fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().unwrap()
}

fn upload(head: &CanonicalRequest) -> Upload {
    let body = http_body_util::Empty::new().map_err(|never| match never {});
    let body = ArrivingBody::new(body.boxed_unsync(), 1).unwrap();
    Upload::new(head, body, BigBodies::default(), Arc::default())
}

#[tokio::test]
async fn a_request_is_sent_only_with_its_own_permit() {
    let fixture = Fixture::new().await;
    let revoked = CancellationToken::new();
    let (permitted, other) = (fixture.request("/a"), fixture.request("/b"));
    for (request, is_dialed) in [(&other, false), (&permitted, true)] {
        let permit = Permit::for_test(Covers::Request(permitted.digest()));
        let request = DigestedRequest::new(request.clone());
        let sending = fixture
            .sender
            .dispatch(permit, &fixture.service, &request, &revoked);
        let failed = sending.await.err().unwrap();
        assert_eq!(failed.may_have_been_sent(), is_dialed, "{failed:?}");
        assert_eq!(fixture.was_dialed(), is_dialed);
    }
}

#[tokio::test]
async fn an_upload_is_sent_only_with_the_permit_of_its_head() {
    let fixture = Fixture::new().await;
    let revoked = CancellationToken::new();
    let (permitted, other) = (fixture.request("/a"), fixture.request("/b"));
    for (head, is_dialed) in [(&other, false), (&permitted, true)] {
        let permit = Permit::for_test(Covers::head_of_upload(&permitted));
        let sending =
            fixture
                .sender
                .dispatch_upload(permit, &fixture.service, head, upload(head), &revoked);
        let failed = sending.await.err().unwrap();
        assert_eq!(failed.may_have_been_sent(), is_dialed, "{failed:?}");
        assert_eq!(fixture.was_dialed(), is_dialed);
    }
}
