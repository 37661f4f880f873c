//! A new database of either kind for each test, and the data that most tests start from.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::action::HumanDecision;
use gaiterguard_domain::agent::{Binding, OtherHosts};
use gaiterguard_domain::approvals::Approvals;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::familiarity::{OperationKey, RecipientsKey};
use gaiterguard_domain::id::{
    ActionId, AgentId, DataKeyId, RequestId, ServiceId, UserId, WorkspaceId,
};
use gaiterguard_domain::ledger::{
    ByteBudget, NewClaim, NewDecision, NewEntry, NewHold, Recorded, ReplicaId, Sealed,
};
use gaiterguard_domain::request::{Digest, IdempotencyKey};
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::service::{
    AuthType, CredentialPlace, SealedCredential, TimeoutMs, Timeouts,
};
use gaiterguard_domain::step_up::StepUp;
use gaiterguard_domain::target::BaseUrl;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::{Email, SessionClient};
use gaiterguard_domain::verdict::{Decision, Evaluation, Verdict};
use gaiterguard_domain::workspace::AuthorityVersion;
use gaiterguard_store::{
    AgentSaved, NewAgent, NewSession, Purpose, RuleFields, ServiceFields, ServiceSaved, Store,
    StoreOptions, UserCreated,
};
use gaiterguard_testkit::{DirectDatabase, Storage, TestDatabase};
use uuid::Uuid;

/// The time that tests count from.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

pub(crate) fn later(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

/// The operation and the recipients of the requests that tests record.
pub(crate) const OPERATION: OperationKey = OperationKey([1; 16]);
pub(crate) const RECIPIENTS: RecipientsKey = RecipientsKey([2; 16]);

/// A database that is removed with the test.
pub(crate) struct Database {
    pub(crate) url: String,
    _database: TestDatabase,
}

impl Database {
    pub(crate) async fn sqlite() -> Self {
        Self::create(Storage::Sqlite).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::create(Storage::Postgres).await
    }

    async fn create(storage: Storage) -> Self {
        let database = TestDatabase::create(storage).await;
        Self {
            url: database.url().to_owned(),
            _database: database,
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(self.url.strip_prefix("sqlite://").unwrap())
    }

    pub(crate) fn name(&self) -> &str {
        self.url.rsplit_once('/').unwrap().1
    }

    pub(crate) fn open(&self, purpose: Purpose) -> Store {
        let options = StoreOptions::new(ReplicaId(Uuid::new_v4()), purpose);
        Store::open(&self.url, options).unwrap()
    }

    /// Runs a statement on a direct connection.
    pub(crate) async fn meddle(&self, statement: &str) {
        let mut connection = DirectDatabase::connect(&self.url).await;
        connection.execute(statement).await;
    }
}

/// Runs an `async fn(&Database, &Store)` as a test on each database.
macro_rules! on_both {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let database = $crate::support::Database::sqlite().await;
                    let store = database.open(gaiterguard_store::Purpose::Serve);
                    store.migrate().await.unwrap();
                    super::$name(&database, &store).await;
                    store.close().await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let database = $crate::support::Database::postgres().await;
                    let store = database.open(gaiterguard_store::Purpose::Serve);
                    store.migrate().await.unwrap();
                    super::$name(&database, &store).await;
                    store.close().await;
                }
            )+
        }
    };
}
pub(crate) use on_both;

pub(crate) fn entry(event: Event, at: Timestamp) -> NewAuditEntry {
    NewAuditEntry {
        workspace: Some(WorkspaceId(1)),
        at,
        actor: Actor::Operator,
        event,
        subject: Subject::User(UserId(1)),
        detail: serde_json::json!({ "why": "a test" }),
    }
}

pub(crate) fn audit() -> NewAuditEntry {
    entry(Event::UserPasswordReset, NOW)
}

pub(crate) fn word(at: Timestamp) -> HumanDecision {
    HumanDecision {
        by: UserId(1),
        at,
        note: Some("a note".to_owned()),
    }
}

/// A session of a world's user, whose refresh token has a hash of bytes `n`.
pub(crate) fn new_session(world: &World, n: u8) -> NewSession {
    NewSession {
        user: world.user,
        workspace: world.workspace,
        client: SessionClient::default(),
        token_hash: [n; 32],
        expires_at: later(100),
    }
}

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

pub(crate) fn sealed(data_key: DataKeyId, text: &str) -> Sealed {
    Sealed {
        data_key,
        bytes: text.as_bytes().to_vec(),
    }
}

pub(crate) fn service_fields(name: &str) -> ServiceFields {
    ServiceFields {
        name: name.to_owned(),
        base_url: BaseUrl::parse("https://api.example.com/v1").unwrap(),
        auth_type: AuthType::Bearer,
        description: Some("a service".to_owned()),
        intent_required: true,
        web_socket: true,
        timeouts: Timeouts {
            response: TimeoutMs::new(600_000),
            idle: None,
        },
    }
}

pub(crate) fn credential(version: i64, data_key: DataKeyId) -> SealedCredential {
    SealedCredential {
        version,
        data_key,
        sealed: Arc::from(format!("sealed {version}").into_bytes()),
        keys: vec!["token".to_owned()],
        place: CredentialPlace::Headers {
            names: vec!["authorization".to_owned()],
        },
    }
}

pub(crate) fn new_agent(seed: u8, services: Vec<ServiceId>) -> NewAgent {
    NewAgent {
        name: format!("agent {seed}"),
        key_hash: [seed; 32],
        key_prefix: format!("agt_{seed:08x}"),
        services,
        hold_seconds: 30,
        risk_threshold: Some(0.25),
        other_hosts: OtherHosts::Refuse,
        expires_at: None,
        owner: UserId(1),
    }
}

pub(crate) fn rule_fields(name: &str) -> RuleFields {
    RuleFields {
        name: name.to_owned(),
        effect: RuleEffect::RequireApproval,
        condition: Some("request.method == \"POST\"".to_owned()),
        text: None,
        service: Some(ServiceId(1)),
        agent: None,
        approvals: Some(Approvals::default()),
        step_up: Some(StepUp::Passkey),
        author: Some(UserId(1)),
        enabled: true,
    }
}

/// A workspace with a user, a service, and an agent that may use it.
pub(crate) struct World {
    pub(crate) user: UserId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) data_key: DataKeyId,
    pub(crate) service: ServiceId,
    pub(crate) agent: AgentId,
}

impl World {
    pub(crate) async fn new(store: &Store) -> Self {
        let created = store
            .user_create(&email("one@example.com"), "hash", false, NOW, |_, _| {
                audit()
            })
            .await
            .unwrap();
        let UserCreated::Created(user, workspace) = created else {
            panic!("{created:?}");
        };
        assert!(
            store
                .master_insert_first("master", NOW, audit())
                .await
                .unwrap()
        );
        let data_key = store
            .data_key_insert(workspace, "credential", "master", b"wrapped", NOW, |_| {
                audit()
            })
            .await
            .unwrap()
            .unwrap();
        let created = store
            .service_create(
                workspace,
                &service_fields("stripe"),
                NOW,
                |_| Ok(Some(credential(1, data_key))),
                |_| audit(),
            )
            .await
            .unwrap();
        let ServiceSaved::Saved(service) = created else {
            panic!("{created:?}");
        };
        let created = store
            .agent_create(workspace, &new_agent(1, vec![service.id]), NOW, |_| audit())
            .await
            .unwrap();
        let AgentSaved::Saved(agent) = created else {
            panic!("{created:?}");
        };
        Self {
            user: user.id,
            workspace,
            data_key,
            service: service.id,
            agent: agent.id,
        }
    }

    /// Returns the same workspace with another agent.
    pub(crate) async fn another_agent(&self, store: &Store) -> Self {
        let new = new_agent(2, vec![self.service]);
        let created = store
            .agent_create(self.workspace, &new, NOW, |_| audit())
            .await;
        let AgentSaved::Saved(agent) = created.unwrap() else {
            panic!("the agent was not created");
        };
        Self {
            user: self.user,
            workspace: self.workspace,
            data_key: self.data_key,
            service: self.service,
            agent: agent.id,
        }
    }

    pub(crate) async fn version(&self, store: &Store) -> AuthorityVersion {
        let versions = store.authority_versions().await.unwrap();
        versions
            .iter()
            .find(|(id, _)| *id == self.workspace)
            .unwrap()
            .1
    }

    pub(crate) fn evaluation(decision: Decision) -> Evaluation {
        Evaluation {
            decision,
            verdict: Verdict {
                score: 0.375,
                explanation: "as it goes".to_owned(),
                signals: vec![],
            },
            matched_rules: vec![],
            operation: None,
            approvals: None,
        }
    }

    pub(crate) fn decision(&self, authority: AuthorityVersion, decision: Decision) -> NewDecision {
        NewDecision {
            entry: NewEntry {
                request_id: RequestId(Uuid::new_v4()),
                workspace: self.workspace,
                agent: self.agent,
                service: self.service,
                method: "POST".to_owned(),
                target_url: "https://api.example.com/v1/charges".to_owned(),
                intent: "charge a customer".to_owned(),
                label: Some("nightly".to_owned()),
                evaluation: Self::evaluation(decision),
                at: NOW,
            },
            authority,
            operation: Some(OPERATION),
            claim: None,
            hold: None,
            digest: Some(Digest([7; 32])),
        }
    }

    pub(crate) fn forward(
        &self,
        authority: AuthorityVersion,
        claimed: Option<&str>,
    ) -> NewDecision {
        NewDecision {
            claim: claimed.map(|text| NewClaim {
                key: key(text),
                digest: Digest([7; 32]),
                expires_at: later(60),
            }),
            ..self.decision(authority, Decision::Forward)
        }
    }

    pub(crate) fn hold(&self, authority: AuthorityVersion, claimed: Option<&str>) -> NewDecision {
        let action = ActionId(Uuid::now_v7());
        // Each hold is of another request: the same one would return the existing action.
        let mut digest = Digest([9; 32]);
        digest.0[..16].copy_from_slice(action.0.as_bytes());
        NewDecision {
            entry: NewEntry {
                evaluation: Self::evaluation(Decision::Hold),
                ..self.forward(authority, None).entry
            },
            hold: Some(NewHold {
                action,
                digest,
                payload: digest,
                denials_since: NOW,
                binding: Binding {
                    base_url: "https://api.example.com/v1".to_owned(),
                    place: "{}".to_owned(),
                    granted_since: NOW,
                    web_socket: false,
                },
                request: sealed(self.data_key, "the request"),
                preview: None,
                provenance: None,
                summary: b"summary".to_vec(),
                operation: OPERATION,
                recipients: Some(RECIPIENTS),
                expires_at: later(100),
                pending_max: 3,
                pending_bytes: ByteBudget::UNBOUNDED,
            }),
            ..self.forward(authority, claimed)
        }
    }

    /// Holds an action, which waits for a human.
    pub(crate) async fn held(&self, store: &Store) -> ActionId {
        let decision = self.hold(self.version(store).await, None);
        let action = decision.hold.as_ref().unwrap().action;
        let recorded = store.record(decision).await.unwrap();
        assert!(matches!(recorded, Recorded::Done(_)), "{recorded:?}");
        action
    }
}
