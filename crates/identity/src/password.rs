//! Hashing and checking passwords, a few at a time.
//!
//! Each computation uses 19 MiB and keeps a core busy for tens of milliseconds, so a caller waits for a
//! turn first. Unknown clients wait in one queue, clients that signed in before in another, so that the
//! first cannot delay the second. In each queue one client gets only some of the places. If its queue is
//! full, a caller is asked to try again later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::task::spawn_blocking;

use crate::queue::{self, Queue, QueueFull};
use crate::throttle::ClientKey;

/// How many computations for unknown clients run at the same time. More would take the cores that forward
/// requests.
pub(crate) const COMPUTING_MAX: usize = 2;

/// How many more unknown clients wait for their turn. With two at a time and some 30 ms each, the last
/// one waits eight seconds.
pub(crate) const WAITING_MAX: usize = 512;

/// How many computations for known clients run at the same time, in addition to those for unknown ones.
const KNOWN_COMPUTING_MAX: usize = 1;

/// How many more known clients wait for their turn: four seconds of work at some 30 ms each.
const KNOWN_WAITING_MAX: usize = 128;

/// How many turns of a queue one client has or waits for, so that several clients are needed to fill it.
pub(crate) const TURNS_PER_CLIENT_MAX: usize = 64;

// The first recommendation of the OWASP Password Storage Cheat Sheet for Argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const PARALLELISM: u32 = 1;

/// The hash that the password of a user who does not exist is checked against, so that both cases take
/// the same time. The result is ignored.
const UNKNOWN_USER_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmUuLg\
                            $3x8hHSdVVcWxPjEU1ZRmhJzXZNmYpRIKx4vD2mJZ0bE";

/// Computes all password hashes of the gateway.
#[derive(Debug)]
pub(crate) struct Passwords {
    strangers: Arc<Queue>,
    known: Arc<Queue>,
    computed: Arc<AtomicU64>,
}

/// The right to one computation.
#[derive(Debug)]
pub(crate) struct Turn {
    computed: Arc<AtomicU64>,
    _turn: queue::Turn,
}

/// Why a hash was not computed or not read. It says nothing about the password.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PasswordFault {
    /// The computation failed, or the stored hash is not an Argon2 hash.
    #[error("the password could not be hashed or compared: {0}")]
    Argon2(argon2::password_hash::Error),
    /// The stored hash is not in PHC form.
    #[error("the stored password hash cannot be read")]
    Stored,
    /// The computation was interrupted.
    #[error("hashing the password was interrupted")]
    Broken,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self {
            strangers: Arc::new(Queue::new(COMPUTING_MAX, WAITING_MAX, TURNS_PER_CLIENT_MAX)),
            known: Arc::new(Queue::new(
                KNOWN_COMPUTING_MAX,
                KNOWN_WAITING_MAX,
                TURNS_PER_CLIENT_MAX,
            )),
            computed: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Returns how many hashes have been computed.
    pub(crate) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self, client: ClientKey) -> Result<Turn, QueueFull> {
        let queue = match client {
            ClientKey::Stranger(_) => &self.strangers,
            ClientKey::Known(_) => &self.known,
        };
        Ok(Turn {
            computed: Arc::clone(&self.computed),
            _turn: queue.turn(client).await?,
        })
    }
}

impl Turn {
    /// Hashes a password with a random salt. Returns the PHC form.
    pub(crate) async fn hash(self, password: SecretString) -> Result<String, PasswordFault> {
        // The turn moves into the thread and ends with it, so a caller who stops waiting does not make room
        // while the computation still runs.
        let hashing = spawn_blocking(move || {
            self.computed.fetch_add(1, Ordering::Relaxed);
            compute(&password)
        });
        hashing.await.map_err(|_| PasswordFault::Broken)?
    }

    /// Returns whether `password` is the one that was hashed. If there is no hash, or the stored one is
    /// damaged, the same work is done and the result is false. Also returns the turn, which the caller
    /// keeps until the result has been counted.
    pub(crate) async fn verify(
        self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<(bool, Self), PasswordFault> {
        let verifying = spawn_blocking(move || {
            self.computed.fetch_add(1, Ordering::Relaxed);
            let stored = hash.as_deref().and_then(parse_stored);
            let unknown_user =
                || PasswordHash::new(UNKNOWN_USER_HASH).map_err(|_| PasswordFault::Stored);
            let has_hash = stored.is_some();
            let parsed = stored.map_or_else(unknown_user, Ok)?;
            match argon2()?.verify_password(password.expose_secret().as_bytes(), &parsed) {
                Ok(()) => Ok((has_hash, self)),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok((false, self)),
                Err(error) => Err(PasswordFault::Argon2(error)),
            }
        });
        verifying.await.map_err(|_| PasswordFault::Broken)?
    }
}

/// Parses a stored hash if it has this gateway's parameters. One with other parameters counts as
/// damaged, because it might require any amount of memory.
fn parse_stored(text: &str) -> Option<PasswordHash> {
    let parsed = PasswordHash::new(text).ok();
    let ours = Params::new(MEMORY_KIB, PASSES, PARALLELISM, None).ok();
    let usable = parsed.filter(|hash| {
        let params = Params::try_from(hash).ok();
        params.map(|params| (params.m_cost(), params.t_cost(), params.p_cost()))
            == ours.map(|ours| (ours.m_cost(), ours.t_cost(), ours.p_cost()))
    });
    if usable.is_none() {
        tracing::error!("a stored password hash is damaged: reset that user's password");
    }
    usable
}

/// Hashes a password without waiting for a turn, for a command that hashes one and exits.
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
    let params = Params::new(MEMORY_KIB, PASSES, PARALLELISM, None)
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
    async fn a_password_matches_only_its_own_hash() {
        let passwords = Passwords::new();
        let first = hash(&passwords, "a fine password").await;
        let second = hash(&passwords, "a fine password").await;
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(first, second, "each has its own salt");
        assert!(verify(&passwords, "a fine password", Some(&first)).await);
        assert!(verify(&passwords, "a fine password", Some(&second)).await);
        assert!(!verify(&passwords, "A fine password", Some(&first)).await);
        assert!(!verify(&passwords, "", Some(&first)).await);
    }

    #[tokio::test]
    async fn an_unknown_user_costs_the_same_work_and_never_matches() {
        let nobody = PasswordHash::new(UNKNOWN_USER_HASH).unwrap();
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
            "the outputs have the same length"
        );

        let passwords = Passwords::new();
        assert!(!verify(&passwords, "a fine password", None).await);
        assert_eq!(passwords.computed(), 1);
    }

    #[tokio::test]
    async fn a_damaged_hash_matches_no_password_and_costs_the_same_work() {
        let passwords = Passwords::new();
        let asks_for_much = UNKNOWN_USER_HASH.replace("m=19456", "m=4194304");
        for stored in ["", "plain", "$2b$12$abcdefghijklmnopqrstuv", &asks_for_much] {
            assert!(!verify(&passwords, "plain", Some(stored)).await, "{stored}");
        }
        assert_eq!(passwords.computed(), 4);
    }

    #[tokio::test]
    async fn callers_are_refused_immediately_when_their_queue_is_full() {
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
        assert_eq!(passwords.turn(source(200)).await.unwrap_err(), QueueFull);
        // However many unknown clients wait, a known one is not delayed.
        let known = ClientKey::Known(KnownKey::Device(DeviceKey::of(7)));
        assert!(passwords.turn(known).await.is_ok());
        drop(running);
        for one in waiting {
            assert!(one.await.unwrap());
        }
        assert!(passwords.turn(source(200)).await.is_ok());
    }
}
