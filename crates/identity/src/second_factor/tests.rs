//! Signing in with a second factor, with a real database and a manual clock.

use std::net::IpAddr;
use std::time::Duration;

use gaiterguard_domain::user::Email;

use super::*;
use crate::identity::tests::{EMAIL, PASSWORD, Setup, WRONG};
use crate::identity::{LoggedIn, Presented};
use crate::throttle::{ACCOUNT_FAILURES_MAX, CODE_FAILURES_MAX, CODE_PERIOD, PERIOD};

const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const STEP: Duration = Duration::from_secs(30);

/// A user who has set up one-time codes.
struct Enrolled {
    setup: Setup,
    caller: Caller,
    /// The secret, as the authenticator app has it.
    secret: TotpSecret,
    recovery_codes: Vec<SecretString>,
}

impl Enrolled {
    async fn new() -> Self {
        let setup = Setup::with_user().await;
        let caller = signed_in(&setup).await;
        let secret = begin(&setup, &caller).await;
        let code = code(&setup, &secret);
        let recovery_codes = setup.identity.totp_confirm(&caller, &code).await.unwrap();
        setup.clock.advance(STEP);
        Self {
            setup,
            caller,
            secret,
            recovery_codes,
        }
    }

    fn code(&self) -> SecretString {
        code(&self.setup, &self.secret)
    }

    async fn login(&self, password: &str, code: Option<&str>) -> Result<LoggedIn, LoginError> {
        let presented = Presented {
            password: password.into(),
            code: code.map(SecretString::from),
        };
        self.setup.identity.login(EMAIL, presented, SOURCE).await
    }
}

async fn signed_in(setup: &Setup) -> Caller {
    let tokens = setup.logged_in().await;
    setup.caller(&tokens).await.unwrap()
}

/// Begins to set up one-time codes and returns the secret, as it is sealed.
async fn begin(setup: &Setup, caller: &Caller) -> TotpSecret {
    let begun = setup
        .identity
        .totp_begin(caller, PASSWORD.into(), SOURCE.into())
        .await
        .unwrap();
    let secret = opened(setup, caller).await;
    assert_eq!(
        begun.secret.expose_secret(),
        secret.to_base32().expose_secret()
    );
    secret
}

async fn opened(setup: &Setup, caller: &Caller) -> TotpSecret {
    let sealed = setup
        .store
        .totp_get(caller.user)
        .await
        .unwrap()
        .unwrap()
        .sealed;
    let purpose = Purpose::totp(caller.user);
    let sealing = &setup.identity.sealing;
    let opening = sealing.open(
        WorkspaceId::GATEWAY,
        sealed.data_key,
        &sealed.bytes,
        &purpose,
    );
    TotpSecret::from_bytes(&opening.await.unwrap()).unwrap()
}

/// Returns the code that the authenticator app shows.
fn code(setup: &Setup, secret: &TotpSecret) -> SecretString {
    use gaiterguard_domain::time::Clock as _;
    let now = setup.clock.now().0 / MILLIS_PER_SECOND;
    let shown = (0..1_000_000).map(|number| format!("{number:06}"));
    let step = now / 30;
    let mut found = shown.filter(|code| secret.step_of(code, now, step - 1) == Some(step));
    found.next().unwrap().into()
}

#[tokio::test]
async fn a_second_factor_is_asked_for_only_after_the_right_password() {
    let enrolled = Enrolled::new().await;
    let missing = enrolled.login(PASSWORD, None).await;
    assert!(matches!(missing, Err(LoginError::SecondFactorRequired)));
    let code = enrolled.code();
    let code = code.expose_secret();
    for code in [None, Some(code), Some("000000")] {
        let wrong = enrolled.login(WRONG, code).await;
        assert!(matches!(wrong, Err(LoginError::InvalidCredentials)));
    }
    enrolled.login(PASSWORD, Some(code)).await.unwrap();
}

#[tokio::test]
async fn a_code_and_a_recovery_code_work_once_however_they_are_typed() {
    let enrolled = Enrolled::new().await;
    let code = enrolled.code();
    let code = code.expose_secret();
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    enrolled.login(PASSWORD, Some(&spaced)).await.unwrap();
    let again = enrolled.login(PASSWORD, Some(code)).await;
    assert!(matches!(again, Err(LoginError::WrongSecondFactor)));

    let recovery = enrolled.recovery_codes[3].expose_secret();
    let typed = recovery.to_uppercase().replace('-', " ");
    enrolled.login(PASSWORD, Some(&typed)).await.unwrap();
    let again = enrolled.login(PASSWORD, Some(recovery)).await;
    assert!(matches!(again, Err(LoginError::WrongSecondFactor)));
    let state = enrolled
        .setup
        .identity
        .second_factor(&enrolled.caller)
        .await;
    let left = state.unwrap().recovery_codes_left;
    assert_eq!(left as usize, RECOVERY_CODES - 1);
}

#[tokio::test]
async fn of_logins_with_one_code_at_the_same_time_one_succeeds() {
    let enrolled = Enrolled::new().await;
    let code = enrolled.code();
    let login = || enrolled.login(PASSWORD, Some(code.expose_secret()));
    let (one, other) = tokio::join!(login(), login());
    assert_ne!(one.is_ok(), other.is_ok());
}

#[tokio::test]
async fn guessing_codes_is_slow_and_asking_for_one_does_not_start_the_count_again() {
    let enrolled = Enrolled::new().await;
    for attempt in 0..CODE_FAILURES_MAX {
        if attempt % ACCOUNT_FAILURES_MAX == 0 {
            enrolled.setup.clock.advance(PERIOD);
        }
        let missing = enrolled.login(PASSWORD, None).await;
        assert!(matches!(missing, Err(LoginError::SecondFactorRequired)));
        let wrong = enrolled.login(PASSWORD, Some("000000")).await;
        assert!(
            matches!(wrong, Err(LoginError::WrongSecondFactor)),
            "{attempt}"
        );
    }
    enrolled.setup.clock.advance(PERIOD);
    let code = enrolled.code();
    let throttled = enrolled.login(PASSWORD, Some(code.expose_secret())).await;
    assert!(matches!(throttled, Err(LoginError::Throttled { .. })));
    enrolled.setup.clock.advance(CODE_PERIOD);
    let code = enrolled.code();
    enrolled
        .login(PASSWORD, Some(code.expose_secret()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_secret_counts_once_confirmed_and_ends_the_other_sessions() {
    let setup = Setup::with_user().await;
    let other = setup.logged_in().await;
    let caller = signed_in(&setup).await;
    let identity = &setup.identity;
    let none = identity.totp_confirm(&caller, &"123456".into()).await;
    assert!(matches!(none, Err(FactorError::NotBegun)));
    let refused = identity
        .totp_begin(&caller, WRONG.into(), SOURCE.into())
        .await;
    assert!(matches!(
        refused,
        Err(FactorError::Login(LoginError::InvalidCredentials))
    ));
    let first = begin(&setup, &caller).await;
    let secret = begin(&setup, &caller).await;
    let replaced = identity.totp_confirm(&caller, &code(&setup, &first)).await;
    assert!(matches!(replaced, Err(FactorError::WrongCode)));
    assert!(setup.caller(&other).await.is_some());
    setup.logged_in().await;

    let confirmed = code(&setup, &secret);
    identity.totp_confirm(&caller, &confirmed).await.unwrap();
    assert!(setup.caller(&other).await.is_none());
    identity.confirm(&caller).await.unwrap();
    let again = identity.totp_confirm(&caller, &confirmed).await;
    assert!(matches!(again, Err(FactorError::AlreadyEnabled)));
    let again = identity
        .totp_begin(&caller, PASSWORD.into(), SOURCE.into())
        .await;
    assert!(matches!(again, Err(FactorError::AlreadyEnabled)));
}

#[tokio::test]
async fn removing_and_replacing_take_a_code() {
    let enrolled = Enrolled::new().await;
    let (identity, caller) = (&enrolled.setup.identity, &enrolled.caller);
    for wrong in ["", "000000", &"1".repeat(1000)] {
        let refused = identity.totp_remove(caller, &wrong.into()).await;
        assert!(matches!(refused, Err(FactorError::WrongCode)), "{wrong}");
    }
    let [first, ..] = enrolled.recovery_codes.as_slice() else {
        panic!()
    };
    let codes = identity
        .recovery_codes_replace(caller, first)
        .await
        .unwrap();
    assert_eq!(codes.len(), RECOVERY_CODES);
    let old = enrolled.recovery_codes.last().unwrap();
    let refused = identity.totp_remove(caller, old).await;
    assert!(matches!(refused, Err(FactorError::WrongCode)));
    identity.totp_remove(caller, &codes[0]).await.unwrap();
    enrolled.login(PASSWORD, None).await.unwrap();
    let none = identity.totp_remove(caller, &codes[1]).await;
    assert!(matches!(none, Err(FactorError::NotEnabled)));
}

#[tokio::test]
async fn a_lost_factor_is_removed_on_the_command_line_and_a_new_password_keeps_it() {
    let enrolled = Enrolled::new().await;
    let accounts = &enrolled.setup.accounts;
    let email = Email::parse(EMAIL).unwrap();
    let password = crate::NewPassword::parse("another fine password".into()).unwrap();
    accounts.reset_password(&email, password).await.unwrap();
    let missing = enrolled.login("another fine password", None).await;
    assert!(matches!(missing, Err(LoginError::SecondFactorRequired)));

    assert!(accounts.reset_factors(&email).await.unwrap().is_some());
    assert!(accounts.reset_factors(&email).await.unwrap().is_none());
    enrolled.login("another fine password", None).await.unwrap();
}

#[test]
fn the_uri_is_one_that_authenticator_apps_read() {
    let uri = uri("ada+work@example.com", "GEZDGNBV");
    assert_eq!(
        uri.expose_secret(),
        "otpauth://totp/GaiterGuard:ada%2Bwork@example.com?secret=GEZDGNBV&issuer=GaiterGuard"
    );
}
