//! Hashing passwords and checking them, a few at a time.
//!
//! Each computation fills 19 MiB and keeps a core busy for tens of milliseconds, so a caller takes a
//! turn first. Strangers wait in one line, clients that signed in before in another, so that the
//! first cannot hold up the second; and in each line one client gets only a part of the places. Past
//! the end of its line a caller is told to come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::task::spawn_blocking;

use crate::line::{self, Line, LineFull};
use crate::throttle::ClientKey;

/// How many computations for strangers run at once.
pub(crate) const COMPUTING_MAX: usize = 2;

/// How many more strangers wait for their turn. With two at once and some 30 ms each, the last one
/// waits eight seconds.
pub(crate) const WAITING_MAX: usize = 512;

/// How many computations for known clients run at once, next to those for strangers.
const KNOWN_COMPUTING_MAX: usize = 1;

/// How many more known clients wait for their turn.
const KNOWN_WAITING_MAX: usize = 128;

/// How many turns of a line one client has or waits for, so that several are needed to fill it.
pub(crate) const TURNS_PER_CLIENT_MAX: usize = 64;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What the password of a user who does not exist is checked against. Whether it fits is not
/// looked at.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmUuLg\
                            $3x8hHSdVVcWxPjEU1ZRmhJzXZNmYpRIKx4vD2mJZ0bE";

/// The gateway's one place that computes password hashes.
#[derive(Debug)]
pub(crate) struct Passwords {
    strangers: Arc<Line>,
    known: Arc<Line>,
    computed: Arc<AtomicU64>,
}

/// The right to one computation.
#[derive(Debug)]
pub(crate) struct Turn {
    computed: Arc<AtomicU64>,
    _turn: line::Turn,
}

/// Why a hash was not computed or not understood. It says nothing about the password.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PasswordFault {
    /// The computation was refused, or the stored hash is no Argon2 hash.
    #[error("the password could not be hashed or compared: {0}")]
    Argon2(argon2::password_hash::Error),
    /// The stored hash is not in PHC form.
    #[error("the stored password hash is not understood")]
    Stored,
    /// The computation broke off.
    #[error("hashing the password broke off")]
    Broken,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self {
            strangers: Arc::new(Line::new(COMPUTING_MAX, WAITING_MAX, TURNS_PER_CLIENT_MAX)),
            known: Arc::new(Line::new(
                KNOWN_COMPUTING_MAX,
                KNOWN_WAITING_MAX,
                TURNS_PER_CLIENT_MAX,
            )),
            computed: Arc::new(AtomicU64::new(0)),
        }
    }

    /// How many hashes have been computed.
    pub(crate) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self, client: ClientKey) -> Result<Turn, LineFull> {
        let line = match client {
            ClientKey::Stranger(_) => &self.strangers,
            ClientKey::Known(_) => &self.known,
        };
        Ok(Turn {
            computed: Arc::clone(&self.computed),
            _turn: line.turn(client).await?,
        })
    }
}

impl Turn {
    /// The hash of a password under a salt of its own, in PHC form.
    pub(crate) async fn hash(self, password: SecretString) -> Result<String, PasswordFault> {
        // The turn moves into the thread and ends with it: a caller who stops waiting does not make
        // room while the computation still runs.
        let hashing = spawn_blocking(move || {
            self.computed.fetch_add(1, Ordering::Relaxed);
            compute(&password)
        });
        hashing.await.map_err(|_| PasswordFault::Broken)?
    }

    /// Whether `password` is the one that was hashed. Where there is no hash, or the stored one is
    /// damaged, the same work is done and the answer is no. The turn comes back, for the caller to keep
    /// until the answer has been counted.
    pub(crate) async fn verify(
        self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<(bool, Self), PasswordFault> {
        let verifying = spawn_blocking(move || {
            self.computed.fetch_add(1, Ordering::Relaxed);
            let stored = hash.as_deref().and_then(understood);
            let nobodys = || PasswordHash::new(NOBODYS_HASH).map_err(|_| PasswordFault::Stored);
            let has_hash = stored.is_some();
            let parsed = stored.map_or_else(nobodys, Ok)?;
            match argon2()?.verify_password(password.expose_secret().as_bytes(), &parsed) {
                Ok(()) => Ok((has_hash, self)),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok((false, self)),
                Err(error) => Err(PasswordFault::Argon2(error)),
            }
        });
        verifying.await.map_err(|_| PasswordFault::Broken)?
    }
}

/// A stored hash, if it is one of those that are made here. Another one is damaged: it might ask for
/// any amount of memory.
fn understood(text: &str) -> Option<PasswordHash> {
    let parsed = PasswordHash::new(text).ok();
    let ours = Params::new(MEMORY_KIB, PASSES, LANES, None).ok();
    let understood = parsed.filter(|hash| {
        let params = Params::try_from(hash).ok();
        params.map(|params| (params.m_cost(), params.t_cost(), params.p_cost()))
            == ours.map(|ours| (ours.m_cost(), ours.t_cost(), ours.p_cost()))
    });
    if understood.is_none() {
        tracing::error!("a stored password hash is damaged: reset that user's password");
    }
    understood
}

/// Hashes a password without taking a turn: for a command that hashes one and ends.
pub(crate) async fn hash_now(password: SecretString) -> Result<String, PasswordFault> {
    let hashing = spawn_blocking(move || compute(&password));
    hashing.await.map_err(|_| PasswordFault::Broken)?
}

fn compute(password: &SecretString) -> Result<String, PasswordFault> {
    argon2()?
        .hash_password(password.expose_secret().as_bytes())
        .map(|hash| hash.to_string())
        .map_err(PasswordFault::Argon2)
}

fn argon2() -> Result<Argon2<'static>, PasswordFault> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| PasswordFault::Argon2(error.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceKey;
    use crate::throttle::{KnownKey, SourceKey};

    fn source(last: u8) -> ClientKey {
        ClientKey::Stranger(SourceKey::of([192, 0, 2, last].into()))
    }

    async fn hash(passwords: &Passwords, password: &str) -> String {
        let turn = passwords.turn(source(0)).await.unwrap();
        turn.hash(password.into()).await.unwrap()
    }

    async fn verify(passwords: &Passwords, password: &str, hash: Option<&str>) -> bool {
        let turn = passwords.turn(source(0)).await.unwrap();
        turn.verify(password.into(), hash.map(str::to_owned))
            .await
            .unwrap()
            .0
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new();
        let first = hash(&passwords, "a fine password").await;
        let second = hash(&passwords, "a fine password").await;
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(first, second, "each has a salt of its own");
        assert!(verify(&passwords, "a fine password", Some(&first)).await);
        assert!(verify(&passwords, "a fine password", Some(&second)).await);
        assert!(!verify(&passwords, "A fine password", Some(&first)).await);
        assert!(!verify(&passwords, "", Some(&first)).await);
    }

    #[tokio::test]
    async fn the_password_of_nobody_costs_the_same_work_and_never_fits() {
        let nobody = PasswordHash::new(NOBODYS_HASH).unwrap();
        let somebody = hash(&Passwords::new(), "a fine password").await;
        let somebody = PasswordHash::new(&somebody).unwrap();
        assert_eq!(nobody.algorithm, somebody.algorithm);
        assert_eq!(nobody.version, somebody.version);
        assert_eq!(nobody.params, somebody.params);
        assert_eq!(
            nobody.salt.unwrap().as_ref().len(),
            somebody.salt.unwrap().as_ref().len()
        );
        assert_eq!(
            nobody.hash.unwrap().len(),
            somebody.hash.unwrap().len(),
            "the outputs are of one length"
        );

        let passwords = Passwords::new();
        assert!(!verify(&passwords, "a fine password", None).await);
        assert_eq!(passwords.computed(), 1);
    }

    #[tokio::test]
    async fn a_damaged_hash_fits_no_password_and_costs_the_same_work() {
        let passwords = Passwords::new();
        let asks_for_much = NOBODYS_HASH.replace("m=19456", "m=4194304");
        for stored in ["", "plain", "$2b$12$abcdefghijklmnopqrstuv", &asks_for_much] {
            assert!(!verify(&passwords, "plain", Some(stored)).await, "{stored}");
        }
        assert_eq!(passwords.computed(), 4);
    }

    #[tokio::test]
    async fn past_the_end_of_the_line_callers_are_turned_away_at_once() {
        let passwords = Arc::new(Passwords::new());
        let running: Vec<Turn> = vec![
            passwords.turn(source(0)).await.unwrap(),
            passwords.turn(source(0)).await.unwrap(),
        ];
        assert_eq!(running.len(), COMPUTING_MAX);
        let waiting: Vec<_> = (0..WAITING_MAX)
            .map(|n| {
                let passwords = Arc::clone(&passwords);
                let source = source(u8::try_from(1 + n / TURNS_PER_CLIENT_MAX).unwrap());
                tokio::spawn(async move { passwords.turn(source).await.is_ok() })
            })
            .collect();
        while passwords.strangers.len() < COMPUTING_MAX + WAITING_MAX {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.turn(source(200)).await.unwrap_err(), LineFull);
        // Nobody among all of them holds up a client that is known.
        let known = ClientKey::Known(KnownKey::Device(DeviceKey::of(7)));
        assert!(passwords.turn(known).await.is_ok());
        drop(running);
        for one in waiting {
            assert!(one.await.unwrap());
        }
        assert!(passwords.turn(source(200)).await.is_ok());
    }
}
