//! Accounts and sessions with a real database and a manual clock.

use gaiterguard_clock::ManualClock;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_store::{AuditFilter, Purpose, StoreOptions};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::account::Accounts;
use crate::error::{AccountError, Fault};
use crate::new_password::NewPassword;
use crate::registration::Registrant;
use crate::throttle::{
    ACCOUNT_FAILURES_MAX, PERIOD, SOURCE_FAILURES_MAX, SOURCE_REGISTRATIONS_MAX,
};

pub(crate) const EMAIL: &str = "Ada@example.com";
pub(crate) const PASSWORD: &str = "a rather fine password";
pub(crate) const WRONG: &str = "a rather wrong password";
const ACCESS_EXPIRY: Duration = Duration::from_mins(15);
const REFRESH_EXPIRY: Duration = Duration::from_hours(24 * 7);

/// How long a used refresh token can be exchanged once more.
const GRACE: Duration = Duration::from_secs(10);

pub(crate) struct Setup {
    pub(crate) identity: Arc<Identity>,
    pub(crate) accounts: Accounts,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    directory: TempDir,
}

impl Setup {
    async fn new(registration: Registration) -> Self {
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

    async fn register(&self, email: &str) -> Result<User, RegisterError> {
        let email = Email::parse(email).unwrap();
        self.identity
            .register(&email, new_password(PASSWORD), registrant(None))
            .await
    }

    async fn login(&self, email: &str, password: &str) -> Result<LoggedIn, LoginError> {
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

    async fn refresh(&self, tokens: &TokenPair) -> Option<TokenPair> {
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

async fn sealing(store: &Store, clock: &Arc<ManualClock>) -> Sealing {
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

fn settings(registration: Registration) -> IdentitySettings {
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

fn registrant(setup_code: Option<&str>) -> Registrant {
    Registrant {
        source: source(1),
        setup_code: setup_code.map(SecretString::from),
        may_be_first: true,
    }
}

fn new_password(text: &str) -> NewPassword {
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
async fn a_refresh_token_works_once_and_gives_the_next_pair() {
    let setup = Setup::with_user().await;
    let mut tokens = setup.logged_in().await;
    let caller = setup.caller(&tokens).await.unwrap();
    for _ in 0..3 {
        setup.clock.advance(ACCESS_EXPIRY);
        assert_eq!(setup.caller(&tokens).await, None, "it has expired");
        let next = setup.refresh(&tokens).await.unwrap();
        assert_eq!(setup.caller(&next).await, Some(caller));
        tokens = next;
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_used_again_ends_its_whole_family_and_no_other() {
    let setup = Setup::with_user().await;
    let first = setup.logged_in().await;
    let other = setup.logged_in().await;
    let second = setup.refresh(&first).await.unwrap();
    let third = setup.refresh(&second).await.unwrap();
    assert!(setup.caller(&third).await.is_some());

    setup.clock.advance(GRACE + Duration::from_millis(1));
    assert!(setup.refresh(&first).await.is_none());
    for tokens in [&first, &second, &third] {
        assert_eq!(setup.caller(tokens).await, None);
        assert!(setup.refresh(tokens).await.is_none());
    }
    assert!(setup.caller(&other).await.is_some());
    assert!(setup.refresh(&other).await.is_some());
}

#[tokio::test]
async fn of_many_concurrent_refreshes_with_one_token_sixteen_remain_valid() {
    let setup = Setup::with_user().await;
    let tokens = setup.logged_in().await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let identity = Arc::clone(&setup.identity);
            let token = tokens.refresh_token.clone();
            tokio::spawn(async move { identity.refresh(&token, &SessionClient::default()).await })
        })
        .collect();
    let mut rotated = Vec::new();
    for task in tasks {
        rotated.extend(task.await.unwrap());
    }
    assert_eq!(rotated.len(), 20);
    let mut valid = 0;
    for tokens in &rotated {
        valid += u32::from(setup.refresh(tokens).await.is_some());
    }
    assert_eq!(valid, 16);
    // More than two are used now, so there is no other.
    assert!(setup.refresh(&tokens).await.is_none());
    assert_eq!(setup.caller(&tokens).await, None);
}

#[tokio::test]
async fn a_refresh_whose_response_is_lost_can_be_repeated_for_ten_seconds() {
    let setup = Setup::with_user().await;
    let tokens = setup.logged_in().await;
    for _ in 0..4 {
        setup.refresh(&tokens).await.unwrap();
        setup.clock.advance(GRACE / 4);
    }
    let last = setup.refresh(&tokens).await.unwrap();
    assert!(setup.caller(&last).await.is_some());
    let next = setup.refresh(&last).await.unwrap();
    // The time runs from the first use, not from the latest.
    setup.clock.advance(Duration::from_millis(1));
    assert!(setup.refresh(&tokens).await.is_none());
    assert!(setup.refresh(&next).await.is_none());
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
async fn an_invalid_refresh_token_is_refused_and_ends_nothing() {
    let setup = Setup::with_user().await;
    let tokens = setup.logged_in().await;
    let access = tokens.access_token.expose_secret();
    let unknown = format!("gr_{}", "0".repeat(64));
    for token in ["", "gr_", access, &unknown] {
        let refreshed = setup
            .identity
            .refresh(&token.into(), &SessionClient::default())
            .await;
        assert!(matches!(refreshed, Err(SessionError::NotAuthenticated)));
    }
    let refresh = tokens.refresh_token.expose_secret();
    let authenticated = setup.identity.authenticate(refresh).await;
    assert!(matches!(authenticated, Err(SessionError::NotAuthenticated)));
    assert!(setup.caller(&tokens).await.is_some());
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
async fn registration_is_open_to_the_first_user_to_anyone_or_to_no_one() {
    let first = Setup::new(Registration::First).await;
    first.register(EMAIL).await.unwrap();
    for email in [EMAIL, "bob@example.com"] {
        let again = first.register(email).await;
        assert!(matches!(again, Err(RegisterError::Closed)), "{email}");
    }
    assert_eq!(first.identity.passwords_computed(), 1);

    let open = Setup::new(Registration::Open).await;
    open.register(EMAIL).await.unwrap();
    open.register("bob@example.com").await.unwrap();
    let taken = open.register("ADA@EXAMPLE.COM").await;
    assert!(matches!(taken, Err(RegisterError::EmailTaken)));

    let closed = Setup::new(Registration::Closed).await;
    let refused = closed.register(EMAIL).await;
    assert!(matches!(refused, Err(RegisterError::Closed)));
    assert_eq!(closed.identity.passwords_computed(), 0);
}

#[tokio::test]
async fn the_right_set_up_code_is_accepted_however_many_wrong_ones_were_tried() {
    let setup = Setup::new(Registration::First).await;
    let settings = IdentitySettings {
        setup_code_needed: true,
        ..settings(Registration::First)
    };
    let sealing = sealing(&setup.store, &setup.clock).await;
    let identity = Identity::new(setup.store.clone(), sealing, &settings, setup.clock.clone());
    let code = identity.setup_code_to_print().await.unwrap().unwrap();
    let code = code.reveal();
    let email = Email::parse(EMAIL).unwrap();
    let register = |code| identity.register(&email, new_password(PASSWORD), registrant(code));

    let missing = register(None).await;
    assert!(matches!(missing, Err(RegisterError::SetupCodeMissing)));
    for _ in 1..SOURCE_REGISTRATIONS_MAX {
        let wrong = register(Some("0000-0000-0000")).await;
        assert!(matches!(wrong, Err(RegisterError::SetupCodeWrong)));
    }
    let throttled = register(Some("0000-0000-0000")).await;
    assert!(matches!(throttled, Err(RegisterError::Throttled { .. })));
    assert_eq!(identity.passwords_computed(), 0);

    let foreign = Registrant {
        may_be_first: false,
        ..registrant(Some(&code))
    };
    let foreign = identity.register(&email, new_password(PASSWORD), foreign);
    assert!(matches!(foreign.await, Err(RegisterError::ForeignPage)));
    register(Some(&code)).await.unwrap();
    assert!(identity.setup_code_to_print().await.unwrap().is_none());
    let again = register(Some(&code)).await;
    assert!(matches!(again, Err(RegisterError::Closed)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_concurrent_first_users_one_is_registered() {
    let setup = Setup::new(Registration::First).await;
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let identity = Arc::clone(&setup.identity);
            tokio::spawn(async move {
                let email = Email::parse(&format!("{n}@example.com")).unwrap();
                identity
                    .register(&email, new_password(PASSWORD), registrant(None))
                    .await
            })
        })
        .collect();
    let mut first = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(user) => first.push(user),
            Err(error) => assert!(matches!(error, RegisterError::Closed), "{error}"),
        }
    }
    assert_eq!(first.len(), 1);
    assert_eq!(setup.store.user_count().await.unwrap(), 1);
    let logged_in = setup
        .login(first[0].email.as_str(), PASSWORD)
        .await
        .unwrap();
    assert_eq!(logged_in.user, first[0]);
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
async fn an_operator_creates_users_with_their_own_or_shared_workspaces() {
    let setup = Setup::new(Registration::Closed).await;
    let email = |text| Email::parse(text).unwrap();
    let (ada, bob, eve) = (
        email(EMAIL),
        email("bob@example.com"),
        email("eve@example.com"),
    );
    let create = |who, host| setup.accounts.create(who, new_password(PASSWORD), host);

    create(&ada, None).await.unwrap();
    create(&bob, Some(&ada)).await.unwrap();
    create(&eve, None).await.unwrap();
    let taken = create(&bob, None).await;
    assert!(matches!(taken, Err(AccountError::EmailTaken)));
    let taken = create(&bob, Some(&ada)).await;
    assert!(matches!(taken, Err(AccountError::EmailTaken)));
    let unknown = create(
        &email("zoe@example.com"),
        Some(&email("nobody@example.com")),
    )
    .await;
    assert!(matches!(unknown, Err(AccountError::UserUnknown(_))));

    let mut workspaces = Vec::new();
    for who in [&ada, &bob, &eve] {
        let tokens = setup.login(who.as_str(), PASSWORD).await.unwrap().tokens;
        workspaces.push(setup.caller(&tokens).await.unwrap().workspace);
    }
    assert_eq!(workspaces[0], workspaces[1]);
    assert_ne!(workspaces[0], workspaces[2]);
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
async fn a_password_reset_ends_the_users_sessions_and_the_old_password() {
    let setup = Setup::with_user().await;
    setup.register("bob@example.com").await.unwrap();
    let tokens = setup.logged_in().await;
    let bobs = setup
        .login("bob@example.com", PASSWORD)
        .await
        .unwrap()
        .tokens;

    let email = Email::parse("ADA@example.com").unwrap();
    let reset = |email| {
        setup
            .accounts
            .reset_password(email, new_password("another password"))
    };
    reset(&email).await.unwrap();
    assert_eq!(setup.caller(&tokens).await, None);
    assert!(setup.refresh(&tokens).await.is_none());
    assert!(setup.caller(&bobs).await.is_some());
    let old = setup.login(EMAIL, PASSWORD).await;
    assert!(matches!(old, Err(LoginError::InvalidCredentials)));
    setup.login(EMAIL, "another password").await.unwrap();

    let nobody = Email::parse("nobody@example.com").unwrap();
    let unknown = reset(&nobody).await;
    assert!(matches!(unknown, Err(AccountError::UserUnknown(_))));
}

#[tokio::test]
async fn a_login_that_a_password_reset_overtakes_is_refused() {
    let setup = Setup::with_user().await;
    let email = Email::parse(EMAIL).unwrap();
    let found = setup.store.user_by_email(email.normalized()).await.unwrap();
    let found = found.unwrap();
    let user = found.user.id;
    let reset = setup
        .accounts
        .reset_password(&email, new_password("another password"));
    reset.await.unwrap();

    let begun = setup
        .identity
        .begin_session(found, &[], SessionClient::default())
        .await;
    assert!(matches!(begun, Err(LoginError::InvalidCredentials)));
    let sessions = setup.store.session_list(user, setup.clock.now()).await;
    assert_eq!(sessions.unwrap(), []);
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
