//! Accounts and sessions with a real database and a manual clock.

use gaiterguard_clock::ManualClock;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_store::{AuditFilter, Purpose, StoreOptions};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::account::Accounts;
use crate::error::{Fault, SessionError};
use crate::new_password::NewPassword;
use crate::registration::Registrant;
use crate::throttle::{ACCOUNT_FAILURES_MAX, PERIOD, SOURCE_FAILURES_MAX};

pub(crate) const EMAIL: &str = "Ada@example.com";
pub(crate) const PASSWORD: &str = "a rather fine password";
pub(crate) const WRONG: &str = "a rather wrong password";
pub(crate) const ACCESS_EXPIRY: Duration = Duration::from_mins(15);
const REFRESH_EXPIRY: Duration = Duration::from_hours(24 * 7);

/// How long a used refresh token can be exchanged once more.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

pub(crate) struct Setup {
    pub(crate) identity: Arc<Identity>,
    pub(crate) accounts: Accounts,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    directory: TempDir,
}

impl Setup {
    pub(crate) async fn new(registration: Registration) -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite://{}/gateway.db", directory.path().display());
        let options = StoreOptions::new(ReplicaId(Uuid::new_v4()), Purpose::Serve);
        let store = Store::open(&url, options).unwrap();
        store.migrate().await.unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp(1_700_000_000_000)));
        Self {
            identity: Arc::new(identity(&store, &clock, registration).await),
            accounts: Accounts::new(store.clone(), clock.clone()),
            store,
            clock,
            directory,
        }
    }

    /// A setup with one registered user.
    pub(crate) async fn with_user() -> Self {
        let setup = Self::new(Registration::Open).await;
        setup.register(EMAIL).await.unwrap();
        setup
    }

    pub(crate) async fn register(&self, email: &str) -> Result<User, RegisterError> {
        let email = Email::parse(email).unwrap();
        self.identity
            .register(&email, new_password(PASSWORD), registrant(None))
            .await
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Result<LoggedIn, LoginError> {
        self.identity
            .login(email, SecretString::from(password), source(1))
            .await
    }

    pub(crate) async fn logged_in(&self) -> TokenPair {
        self.login(EMAIL, PASSWORD).await.unwrap().tokens
    }

    pub(crate) async fn caller(&self, tokens: &TokenPair) -> Option<Caller> {
        let token = tokens.access_token.expose_secret();
        match self.identity.authenticate(token).await {
            Ok(signed_in) => Some(signed_in.caller),
            Err(SessionError::NotAuthenticated) => None,
            Err(SessionError::Fault(fault)) => panic!("{fault}"),
        }
    }

    pub(crate) async fn refresh(&self, tokens: &TokenPair) -> Option<TokenPair> {
        match self
            .identity
            .refresh(&tokens.refresh_token, &SessionClient::default())
            .await
        {
            Ok(tokens) => Some(tokens),
            Err(SessionError::NotAuthenticated) => None,
            Err(SessionError::Fault(fault)) => panic!("{fault}"),
        }
    }
}

pub(crate) async fn sealing(store: &Store, clock: &Arc<ManualClock>) -> Sealing {
    let secret = "a secret of 32 characters or more".into();
    Sealing::open_or_create(store.clone(), &secret, "salt", clock.clone())
        .await
        .unwrap()
}

async fn identity(store: &Store, clock: &Arc<ManualClock>, registration: Registration) -> Identity {
    let sealing = sealing(store, clock).await;
    Identity::new(
        store.clone(),
        sealing,
        &settings(registration),
        clock.clone(),
    )
}

pub(crate) fn settings(registration: Registration) -> IdentitySettings {
    IdentitySettings {
        jwt_secret: "0123456789abcdef0123456789abcdef".into(),
        access_expiry: ACCESS_EXPIRY,
        refresh_expiry: REFRESH_EXPIRY,
        registration,
        setup_code_needed: false,
        provider_only: false,
        public_url: "https://gate.example".to_owned(),
    }
}

pub(crate) fn registrant(setup_code: Option<&str>) -> Registrant {
    Registrant {
        source: source(1),
        setup_code: setup_code.map(SecretString::from),
        may_be_first: true,
    }
}

pub(crate) fn new_password(text: &str) -> NewPassword {
    NewPassword::parse(text.into()).unwrap()
}

fn source(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

#[tokio::test]
async fn a_user_registers_logs_in_and_is_known() {
    let setup = Setup::new(Registration::First).await;
    let registered = setup.register(EMAIL).await.unwrap();
    assert_eq!(registered.email.as_str(), EMAIL);

    let logged_in = setup.login(" ada@EXAMPLE.com ", PASSWORD).await.unwrap();
    assert_eq!(logged_in.user, registered);
    let caller = setup.caller(&logged_in.tokens).await.unwrap();
    assert_eq!(caller.user, registered.id);
    assert_eq!(setup.identity.me(&caller).await.unwrap(), registered);
    let refresh_token = logged_in.tokens.refresh_token.expose_secret();
    assert!(refresh_token.starts_with("gr_"));
    assert!(!format!("{logged_in:?}").contains(refresh_token));
}

#[tokio::test]
async fn a_session_that_is_not_refreshed_ends() {
    let setup = Setup::with_user().await;
    let tokens = setup.logged_in().await;
    let start = setup.clock.now();
    assert_eq!(tokens.refresh_expires_at, start.after(REFRESH_EXPIRY));
    setup.clock.advance(REFRESH_EXPIRY);
    assert!(setup.refresh(&tokens).await.is_none());
    setup.clock.set(start);
    let refreshed = setup.refresh(&tokens).await;
    assert!(
        refreshed.is_some(),
        "a late refresh does not count as reuse"
    );
}

#[tokio::test]
async fn logging_out_ends_the_session_immediately_on_every_replica() {
    let setup = Setup::with_user().await;
    let tokens = setup.logged_in().await;
    let other = setup.logged_in().await;
    let replica = identity(&setup.store, &setup.clock, Registration::Open).await;
    let access = tokens.access_token.expose_secret();
    let caller = replica.authenticate(access).await.unwrap().caller;

    setup.identity.logout(&caller).await.unwrap();
    for identity in [&replica, setup.identity.as_ref()] {
        let authenticated = identity.authenticate(access).await;
        assert!(matches!(authenticated, Err(SessionError::NotAuthenticated)));
        let confirmed = identity.confirm(&caller).await;
        assert!(matches!(confirmed, Err(SessionError::NotAuthenticated)));
    }
    assert!(setup.refresh(&tokens).await.is_none());
    assert!(setup.caller(&other).await.is_some());
    setup.identity.logout(&caller).await.unwrap();
}

#[tokio::test]
async fn a_signed_token_does_not_move_a_session_to_another_user_or_workspace() {
    let setup = Setup::with_user().await;
    let tokens = setup.logged_in().await;
    let caller = setup.caller(&tokens).await.unwrap();
    for twisted in [
        Caller {
            user: UserId(caller.user.0 + 1),
            ..caller
        },
        Caller {
            workspace: WorkspaceId(caller.workspace.0 + 1),
            ..caller
        },
        Caller {
            session: SessionId(caller.session.0 + 1),
            ..caller
        },
    ] {
        let now = setup.clock.now();
        let token = setup.identity.access_tokens.issue(twisted, now).unwrap();
        let authenticated = setup.identity.authenticate(token.expose_secret()).await;
        assert!(matches!(authenticated, Err(SessionError::NotAuthenticated)));
    }
}

#[tokio::test]
async fn an_account_is_treated_alike_whether_or_not_it_exists() {
    let setup = Setup::with_user().await;
    let mut before = setup.identity.passwords_computed();
    for (n, account) in [EMAIL, "nobody@example.com", "no address"]
        .iter()
        .enumerate()
    {
        // Each attempt uses its own source, so that only the account is counted.
        let from = source(100 + u8::try_from(n).unwrap());
        let attempt = |password: &'static str| {
            setup
                .identity
                .login(account, SecretString::from(password), from)
        };
        for _ in 0..ACCOUNT_FAILURES_MAX {
            let refused = attempt(WRONG).await.unwrap_err();
            assert!(
                matches!(refused, LoginError::InvalidCredentials),
                "{refused}"
            );
        }
        let computed = setup.identity.passwords_computed();
        assert_eq!(computed, before + 5, "each password was checked: {account}");
        // Refused without checking the password, although it may be right.
        let refused = attempt(PASSWORD).await.unwrap_err();
        let LoginError::Throttled { retry_after } = refused else {
            panic!("{refused}")
        };
        assert_eq!(retry_after, PERIOD);
        assert_eq!(setup.identity.passwords_computed(), computed);
        before = computed;
    }
    setup.clock.advance(PERIOD);
    setup.login(EMAIL, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn at_the_limit_of_a_source_wrong_passwords_are_refused_and_the_operator_can_log_in() {
    let setup = Setup::with_user().await;
    setup.register("bob@example.com").await.unwrap();
    for n in 0..SOURCE_FAILURES_MAX {
        let email = format!("{n}@example.com");
        let refused = setup.login(&email, WRONG).await.unwrap_err();
        assert!(
            matches!(refused, LoginError::InvalidCredentials),
            "{refused}"
        );
    }
    // An account that does not exist, one that was guessed at, one that exists, and that one again.
    for (email, password) in [
        ("nobody@example.com", WRONG),
        ("0@example.com", WRONG),
        ("bob@example.com", WRONG),
        ("bob@example.com", PASSWORD),
    ] {
        let begun = Instant::now();
        let refused = setup.login(email, password).await;
        assert!(
            matches!(refused, Err(LoginError::Throttled { .. })),
            "{email}"
        );
        assert!(begun.elapsed() >= REFUSAL_DELAY, "{email}");
    }
    setup.login(EMAIL, PASSWORD).await.unwrap();
    let elsewhere =
        setup
            .identity
            .login("bob@example.com", SecretString::from(PASSWORD), source(2));
    elsewhere.await.unwrap();
}

#[tokio::test]
async fn a_known_device_can_log_in_however_many_guess_at_its_account_from_its_address() {
    let setup = Setup::with_user().await;
    setup.register("bob@example.com").await.unwrap();
    let mine = setup.login(EMAIL, PASSWORD).await.unwrap().device_token;
    let bobs = setup
        .login("bob@example.com", PASSWORD)
        .await
        .unwrap()
        .device_token;
    let with = |device_token: Option<&'static str>, password: &'static str| {
        let token = device_token.map(SecretString::from);
        let identity = &setup.identity;
        async move {
            let from = LoginSource {
                user_agent: None,
                address: source(1),
                device_token: token.as_ref(),
            };
            identity
                .login(EMAIL, SecretString::from(password), from)
                .await
        }
    };
    let mine: &'static str = mine.expose_secret().to_owned().leak();
    let bobs: &'static str = bobs.expose_secret().to_owned().leak();
    for _ in 0..ACCOUNT_FAILURES_MAX {
        let wrong = with(None, WRONG).await;
        assert!(matches!(wrong, Err(LoginError::InvalidCredentials)));
    }
    for stranger in [None, Some(bobs), Some("gd_x")] {
        let refused = with(stranger, PASSWORD).await;
        assert!(matches!(refused, Err(LoginError::Throttled { .. })));
    }
    for _ in 1..ACCOUNT_FAILURES_MAX {
        let wrong = with(Some(mine), WRONG).await;
        assert!(matches!(wrong, Err(LoginError::InvalidCredentials)));
    }
    with(Some(mine), PASSWORD).await.unwrap();
    for _ in 0..ACCOUNT_FAILURES_MAX {
        with(Some(mine), WRONG).await.unwrap_err();
    }
    let refused = with(Some(mine), PASSWORD).await;
    assert!(matches!(refused, Err(LoginError::Throttled { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_wrong_passwords_do_not_exceed_the_limit() {
    let setup = Setup::with_user().await;
    let before = setup.identity.passwords_computed();
    let tasks: Vec<_> = (0..30)
        .map(|n| {
            let identity = Arc::clone(&setup.identity);
            tokio::spawn(async move {
                identity
                    .login(EMAIL, SecretString::from(WRONG), source(n))
                    .await
            })
        })
        .collect();
    let mut wrong = 0;
    for task in tasks {
        match task.await.unwrap().unwrap_err() {
            LoginError::InvalidCredentials => wrong += 1,
            LoginError::Throttled { .. } => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(wrong, ACCOUNT_FAILURES_MAX);
    assert_eq!(setup.identity.passwords_computed() - before, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_right_passwords_are_all_accepted() {
    let setup = Setup::with_user().await;
    let tasks: Vec<_> = (0..30)
        .map(|_| {
            let identity = Arc::clone(&setup.identity);
            tokio::spawn(async move {
                identity
                    .login(EMAIL, SecretString::from(PASSWORD), source(1))
                    .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_user_changes_the_password_and_keeps_the_session() {
    let setup = Setup::with_user().await;
    let (here, there) = (setup.logged_in().await, setup.logged_in().await);
    let caller = setup.caller(&here).await.unwrap();
    let change = |present: &'static str, new: &str| {
        let from = source(1).into();
        setup
            .identity
            .change_password(&caller, present.into(), new_password(new), from)
    };
    let wrong = change(WRONG, "another password").await;
    assert!(matches!(wrong, Err(LoginError::InvalidCredentials)));
    assert!(setup.caller(&there).await.is_some());

    change(PASSWORD, "another password").await.unwrap();
    assert!(setup.caller(&here).await.is_some());
    assert_eq!(setup.caller(&there).await, None);
    assert!(setup.refresh(&there).await.is_none());
    let old = setup.login(EMAIL, PASSWORD).await;
    assert!(matches!(old, Err(LoginError::InvalidCredentials)));
    setup.login(EMAIL, "another password").await.unwrap();

    // Wrong passwords count like those of logins.
    for _ in 0..ACCOUNT_FAILURES_MAX {
        change(WRONG, "a third password").await.unwrap_err();
    }
    let refused = change("another password", "a third password").await;
    assert!(matches!(refused, Err(LoginError::Throttled { .. })));
    let refused = setup.login(EMAIL, "another password").await;
    assert!(matches!(refused, Err(LoginError::Throttled { .. })));
}

#[tokio::test]
async fn every_change_is_audited_and_no_secret_is_stored() {
    let setup = Setup::with_user().await;
    let first = setup.logged_in().await;
    let caller = setup.caller(&first).await.unwrap();
    let second = setup.refresh(&first).await.unwrap();
    setup.clock.advance(GRACE + Duration::from_millis(1));
    assert!(setup.refresh(&first).await.is_none());
    let third = setup.logged_in().await;
    let leaving = setup.caller(&third).await.unwrap();
    setup.identity.logout(&leaving).await.unwrap();
    let email = Email::parse(EMAIL).unwrap();
    let reset = setup
        .accounts
        .reset_password(&email, new_password("another password"));
    reset.await.unwrap();
    setup.login(EMAIL, WRONG).await.unwrap_err();

    let page = setup
        .store
        .audit_list(caller.workspace, &AuditFilter::default(), None, 100)
        .await;
    let mut entries = page.unwrap().items;
    entries.sort_by_key(|entry| (entry.chain, entry.sequence));
    let (user, session, left) = (caller.user, caller.session, leaving.session);
    let audited: Vec<String> = entries
        .iter()
        .map(|entry| format!("{} {} {}", entry.actor, entry.event, entry.subject))
        .collect();
    assert_eq!(
        audited,
        [
            format!("user:{user} user.registered user:{user}"),
            format!("user:{user} session.created session:{session}"),
            format!("user:{user} session.refreshed session:{session}"),
            format!("gateway session.token_reused session:{session}"),
            format!("user:{user} session.created session:{left}"),
            format!("user:{user} session.revoked session:{left}"),
            format!("operator user.password_reset user:{user}"),
        ]
    );
    setup.store.audit_verify(|_| ()).await.unwrap().unwrap();

    setup.store.close().await;
    let mut kept = Vec::new();
    for file in std::fs::read_dir(setup.directory.path()).unwrap() {
        kept.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| memchr::memmem::find(&kept, text.as_bytes()).is_some();
    assert!(holds(EMAIL), "the search finds stored values");
    for secret in [PASSWORD, WRONG, "another password"] {
        assert!(!holds(secret), "{secret}");
    }
    for tokens in [&first, &second, &third] {
        assert!(!holds(tokens.access_token.expose_secret()));
        let refresh_token = tokens.refresh_token.expose_secret();
        assert!(!holds(refresh_token.trim_start_matches("gr_")));
    }
}

#[tokio::test]
async fn without_a_store_no_one_can_log_in_and_no_one_is_called_unknown() {
    let setup = Setup::with_user().await;
    let tokens = setup.logged_in().await;
    setup.store.close().await;
    let access = tokens.access_token.expose_secret();
    let authenticated = setup.identity.authenticate(access).await;
    assert!(matches!(
        authenticated,
        Err(SessionError::Fault(Fault::Store(_)))
    ));
    for _ in 0..=ACCOUNT_FAILURES_MAX {
        let refused = setup.login(EMAIL, PASSWORD).await;
        assert!(matches!(refused, Err(LoginError::Fault(Fault::Store(_)))));
    }
}
