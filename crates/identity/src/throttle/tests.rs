//! The limits, with every time chosen by the test.

use super::*;

const START: Timestamp = Timestamp(1_700_000_000_000);

fn account(email: &str) -> AccountKey {
    AccountKey::of(email)
}

fn source(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn client(email: &str, from: &str) -> Client {
    Client {
        account: account(email),
        source: SourceKey::of(source(from)),
        device: None,
    }
}

/// Tries a wrong password for an account that exists.
fn wrong(throttle: &Throttle, email: &str, from: &str, at: Timestamp) -> Result<(), Throttled> {
    let attempt = throttle.attempt(client(email, from), true, at)?;
    attempt.refusal().map_or(Ok(()), Err)
}

/// Returns whether a right password is accepted.
fn right(throttle: &Throttle, email: &str, from: &str, at: Timestamp) -> bool {
    let attempt = throttle.attempt(client(email, from), true, at);
    attempt.map(|attempt| attempt.right(at)).is_ok()
}

fn later(seconds: u64) -> Timestamp {
    START.after(Duration::from_secs(seconds))
}

fn refused(seconds: u64) -> Result<(), Throttled> {
    Err(Throttled {
        retry_after: Duration::from_secs(seconds),
    })
}

#[test]
fn an_account_pauses_after_five_wrong_passwords_from_anywhere() {
    let throttle = Throttle::new();
    for n in 0..5 {
        let from = format!("192.0.2.{n}");
        assert_eq!(wrong(&throttle, "a@example.com", &from, later(n)), Ok(()));
    }
    let spelled = " A@Example.COM ";
    assert_eq!(
        wrong(&throttle, spelled, "192.0.2.9", later(10)),
        refused(50)
    );
    assert_eq!(
        wrong(&throttle, spelled, "192.0.2.9", later(59)),
        refused(1)
    );
    assert_eq!(
        wrong(&throttle, "b@example.com", "192.0.2.9", later(59)),
        Ok(())
    );
    // The first of the five has passed; the one that replaces it counts from now.
    assert_eq!(wrong(&throttle, spelled, "192.0.2.9", later(60)), Ok(()));
    assert_eq!(
        wrong(&throttle, spelled, "192.0.2.9", later(60)),
        refused(1)
    );
}

#[test]
fn a_source_pauses_after_twenty_wrong_passwords_for_anyone() {
    let throttle = Throttle::new();
    for n in 0..20 {
        let email = format!("{n}@example.com");
        assert_eq!(wrong(&throttle, &email, "192.0.2.1", START), Ok(()));
    }
    assert_eq!(
        wrong(&throttle, "a@example.com", "192.0.2.1", START),
        refused(60)
    );
    assert_eq!(
        wrong(&throttle, "a@example.com", "::ffff:192.0.2.1", START),
        refused(60)
    );
    assert_eq!(
        wrong(&throttle, "a@example.com", "192.0.2.2", START),
        Ok(())
    );
}

#[test]
fn the_addresses_of_one_ipv6_network_are_one_source() {
    let throttle = Throttle::new();
    for n in 0..20 {
        let from = format!("2001:db8:0:1::{n}");
        let email = format!("{n}@example.com");
        assert_eq!(wrong(&throttle, &email, &from, START), Ok(()));
    }
    assert_eq!(
        wrong(&throttle, "a@example.com", "2001:db8:0:1:ffff::1", START),
        refused(60)
    );
    assert_eq!(
        wrong(&throttle, "a@example.com", "2001:db8:0:2::1", START),
        Ok(())
    );
}

#[test]
fn attempts_under_way_count_and_those_not_checked_do_not() {
    let throttle = Throttle::new();
    let client = client("a@example.com", "192.0.2.1");
    let mut running: Vec<Attempt<'_>> = (0..5)
        .map(|_| throttle.attempt(client, true, START).ok().unwrap())
        .collect();
    assert!(throttle.check(client, START).is_err());
    running.pop().unwrap().withdraw();
    assert!(throttle.check(client, START).is_ok());
}

#[test]
fn a_right_password_clears_the_account_but_not_the_source() {
    let throttle = Throttle::new();
    let from = "192.0.2.1";
    for n in 0..5 {
        let email = format!("{n}@example.com");
        for _ in 0..4 {
            assert_eq!(wrong(&throttle, &email, from, START), Ok(()));
        }
        if n < 4 {
            assert!(right(&throttle, &email, from, START), "{email}");
        }
    }
    assert_eq!(wrong(&throttle, "a@example.com", from, START), refused(60));
}

#[test]
fn at_the_limit_of_a_source_only_right_passwords_of_untouched_accounts_are_accepted() {
    let throttle = Throttle::new();
    let from = "192.0.2.1";
    for n in 0..SOURCE_FAILURES_MAX {
        let email = format!("{n}@example.com");
        assert_eq!(wrong(&throttle, &email, from, START), Ok(()));
    }
    // An existing account and an unknown one are refused alike, again and again.
    for _ in 0..2 {
        assert_eq!(wrong(&throttle, "b@example.com", from, START), refused(60));
        let nobody = client("nobody@example.com", from);
        let refusal = throttle.attempt(nobody, false, START).err();
        assert_eq!(refusal, refused(60).err());
    }
    assert!(!right(&throttle, "b@example.com", from, START));
    assert!(!right(&throttle, "0@example.com", from, START));
    assert!(right(&throttle, "a@example.com", from, START));
}

#[test]
fn beyond_the_limit_of_a_source_few_accounts_can_be_guessed_at() {
    let throttle = Throttle::new();
    let from = "192.0.2.1";
    let checked = (0..200)
        .filter(|n| {
            let client = client(&format!("{n}@example.com"), from);
            throttle.attempt(client, true, START).is_ok()
        })
        .count();
    assert_eq!(checked, SOURCE_FAILURES_MAX + SOURCE_RESERVE_MAX);
}

#[test]
fn a_source_from_which_someone_signed_in_has_its_own_attempts() {
    let throttle = Throttle::new();
    let (email, home) = ("a@example.com", "192.0.2.1");
    assert!(right(&throttle, email, home, START));
    for n in 0..5 {
        let from = format!("198.51.100.{n}");
        assert_eq!(wrong(&throttle, email, &from, START), Ok(()));
    }
    assert_eq!(wrong(&throttle, email, "198.51.100.9", START), refused(60));
    for n in 0..SOURCE_FAILURES_MAX {
        let other = format!("{n}@example.com");
        assert_eq!(wrong(&throttle, &other, home, START), Ok(()));
    }
    assert!(right(&throttle, email, home, START));
    for n in 0..5 {
        // A guesser there learns nothing about the account.
        assert_eq!(wrong(&throttle, email, home, START), refused(60), "{n}");
    }
    assert!(
        !right(&throttle, email, home, START),
        "its own attempts are limited too"
    );
    assert!(right(&throttle, email, home, later(60)));
}

#[test]
fn each_sign_in_renews_the_time_for_which_its_source_is_known() {
    const DAY_SECONDS: u64 = 24 * 60 * 60;
    let throttle = Throttle::new();
    let (email, home) = ("a@example.com", "192.0.2.1");
    assert!(right(&throttle, email, home, START));
    assert!(right(&throttle, email, home, later(29 * DAY_SECONDS)));
    let now = later(31 * DAY_SECONDS);
    for n in 0..5 {
        let from = format!("198.51.100.{n}");
        assert_eq!(wrong(&throttle, email, &from, now), Ok(()));
    }
    assert!(right(&throttle, email, home, now));
}

#[test]
fn a_device_has_its_own_attempts_however_many_guess_from_its_address() {
    let throttle = Throttle::new();
    let (email, home) = ("a@example.com", "192.0.2.1");
    let device = Client {
        device: Some(DeviceKey::of(7)),
        ..client(email, home)
    };
    assert!(right(&throttle, email, home, START));
    for n in 0..5 {
        assert_eq!(wrong(&throttle, email, home, START), Ok(()), "{n}");
    }
    assert_eq!(wrong(&throttle, email, home, START), refused(60));
    for _ in 0..4 {
        let attempt = throttle.attempt(device, true, START).ok().unwrap();
        assert_eq!(
            attempt.refusal(),
            None,
            "its owner learns that it was wrong"
        );
    }
    assert!(throttle.check(device, START).is_ok());
    drop(throttle.attempt(device, true, START));
    assert!(throttle.attempt(device, true, START).is_err());
    let attempt = throttle.attempt(device, true, later(60)).ok().unwrap();
    attempt.right(later(60));
    assert!(
        right(&throttle, email, home, later(60)),
        "it clears the account"
    );
}

#[test]
fn registrations_are_counted_by_source() {
    let throttle = Throttle::new();
    for _ in 0..SOURCE_REGISTRATIONS_MAX {
        assert_eq!(throttle.registration(source("192.0.2.1"), START), Ok(()));
    }
    assert_eq!(
        throttle.registration(source("192.0.2.1"), later(20)),
        refused(40)
    );
    assert_eq!(
        throttle.registration(source("192.0.2.2"), later(20)),
        Ok(())
    );
    assert_eq!(
        throttle.registration(source("192.0.2.1"), later(60)),
        Ok(())
    );
}
