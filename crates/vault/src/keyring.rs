//! The keys of this process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::associated_data::AssociatedData;
use crate::data_key::DataKey;
use crate::error::OpenError;
use crate::master_key::MasterKey;
use crate::master_key_id::MasterKeyId;
use crate::random::NoRandomness;
use crate::wrapped_key::WrappedKey;

/// The limit on unwrapped data keys in a [`Keyring`]. Each takes about 1 KiB, so the cache takes at most
/// 4 MiB. Unwrapping a key that is not cached takes about a microsecond.
pub const DATA_KEYS_CACHED_MAX: usize = 4096;

/// The master keys of this process, and the data keys that it has unwrapped. Clones share both.
///
/// Caches data keys, but never the values they seal: a credential is opened for each request.
#[derive(Clone)]
pub struct Keyring {
    shared: Arc<Shared>,
}

struct Shared {
    masters: RwLock<Masters>,
    data_keys: RwLock<HashMap<i64, CachedKey>>,
}

struct Masters {
    current: Arc<MasterKey>,
    known: HashMap<MasterKeyId, Arc<MasterKey>>,
}

/// An unwrapped data key, with the row that it was unwrapped from. Only an identical row may use it, so
/// the cache affects the cost of a result and never the result.
struct CachedKey {
    wrapped: WrappedKey,
    associated_data: AssociatedData,
    data_key: Arc<DataKey>,
}

impl Keyring {
    /// Creates a keyring that knows one master key, which is current.
    pub fn new(master: MasterKey) -> Self {
        let current = Arc::new(master);
        let known = HashMap::from([(*current.id(), Arc::clone(&current))]);
        Self {
            shared: Arc::new(Shared {
                masters: RwLock::new(Masters { current, known }),
                data_keys: RwLock::new(HashMap::new()),
            }),
        }
    }

    /// Returns the id of the master key that wraps new data keys.
    pub fn current(&self) -> MasterKeyId {
        *self.masters().current.id()
    }

    /// Returns a key for keyed hashes, derived from the current master key; see [`MasterKey::derived_key`].
    pub fn derived_key(&self, purpose: &str) -> [u8; 16] {
        self.masters().current.derived_key(purpose)
    }

    /// Returns whether this process knows a master key.
    pub fn knows(&self, id: &MasterKeyId) -> bool {
        self.masters().known.contains_key(id)
    }

    /// Adds a master key and makes it current. Earlier keys stay known, because during a rotation data
    /// keys are wrapped under both.
    pub fn add_followed(&self, master: MasterKey) {
        let master = Arc::new(master);
        let mut masters = self.masters_mut();
        masters.known.insert(*master.id(), Arc::clone(&master));
        masters.current = master;
    }

    /// Follows a link from a known master key to the master key `next`, and makes `next` current.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherMaster`] if `from` is not known; otherwise those of [`MasterKey::follow`]. An
    /// error leaves the keyring unchanged.
    pub fn follow(
        &self,
        from: &MasterKeyId,
        link: &[u8],
        next: &MasterKeyId,
    ) -> Result<(), OpenError> {
        self.add_followed(self.master(from)?.follow(link, next)?);
        Ok(())
    }

    /// Returns the data key that is stored under `id` as `wrapped`, for the purpose `associated_data`.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherMaster`] if its master key is not known; otherwise those of
    /// [`MasterKey::unwrap`].
    pub fn data_key(
        &self,
        id: i64,
        wrapped: &WrappedKey,
        associated_data: &AssociatedData,
    ) -> Result<Arc<DataKey>, OpenError> {
        if let Some(cached) = self.data_keys().get(&id)
            && cached.wrapped == *wrapped
            && cached.associated_data == *associated_data
        {
            return Ok(Arc::clone(&cached.data_key));
        }
        let data_key = Arc::new(
            self.master(&wrapped.master)?
                .unwrap(wrapped, associated_data)?,
        );
        self.cache(
            id,
            CachedKey {
                wrapped: wrapped.clone(),
                associated_data: associated_data.clone(),
                data_key: Arc::clone(&data_key),
            },
        );
        Ok(data_key)
    }

    /// Removes a deleted data key from memory. Its bytes are wiped when its last user drops it.
    pub fn forget(&self, id: i64) {
        self.data_keys_mut().remove(&id);
    }

    /// Generates a data key and wraps it under the current master key, for the purpose
    /// `associated_data`.
    pub fn wrap_new(
        &self,
        associated_data: &AssociatedData,
    ) -> Result<(DataKey, WrappedKey), NoRandomness> {
        let current = Arc::clone(&self.masters().current);
        let data_key = DataKey::generate()?;
        let wrapped = current.wrap(&data_key, associated_data)?;
        Ok((data_key, wrapped))
    }

    fn master(&self, id: &MasterKeyId) -> Result<Arc<MasterKey>, OpenError> {
        let masters = self.masters();
        masters
            .known
            .get(id)
            .cloned()
            .ok_or_else(|| OpenError::OtherMaster {
                sealed_under: *id,
                have: *masters.current.id(),
            })
    }

    fn cache(&self, id: i64, cached: CachedKey) {
        let mut data_keys = self.data_keys_mut();
        // Evict an arbitrary key: a cache miss is too cheap to justify tracking the order of use.
        if data_keys.len() >= DATA_KEYS_CACHED_MAX
            && !data_keys.contains_key(&id)
            && let Some(&evicted) = data_keys.keys().next()
        {
            data_keys.remove(&evicted);
        }
        data_keys.insert(id, cached);
    }

    // A poisoned lock is used anyway: every change under these locks is a whole insert, so a panic
    // elsewhere in the critical section cannot leave inconsistent state.

    fn masters(&self) -> RwLockReadGuard<'_, Masters> {
        self.shared
            .masters
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn masters_mut(&self) -> RwLockWriteGuard<'_, Masters> {
        self.shared
            .masters
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn data_keys(&self) -> RwLockReadGuard<'_, HashMap<i64, CachedKey>> {
        self.shared
            .data_keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn data_keys_mut(&self) -> RwLockWriteGuard<'_, HashMap<i64, CachedKey>> {
        self.shared
            .data_keys
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Keyring(current {}, <sealed>)", self.current())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(secret: &str) -> MasterKey {
        MasterKey::derive(&secret.into(), "salt")
    }

    fn purpose() -> AssociatedData {
        AssociatedData::new(1, "data_key", "credential", 1)
    }

    #[test]
    fn a_data_key_is_unwrapped_once() {
        let keyring = Keyring::new(master("old"));
        let (made, wrapped) = keyring.wrap_new(&purpose()).unwrap();
        let sealed = made.seal(b"sk-live-4242", &purpose()).unwrap();

        let first = keyring.data_key(5, &wrapped, &purpose()).unwrap();
        assert_eq!(
            first.open(&sealed, &purpose()).unwrap().as_slice(),
            b"sk-live-4242"
        );
        let second = keyring.clone().data_key(5, &wrapped, &purpose()).unwrap();
        assert!(Arc::ptr_eq(&first, &second));

        keyring.forget(5);
        let third = keyring.data_key(5, &wrapped, &purpose()).unwrap();
        assert!(!Arc::ptr_eq(&first, &third));
    }

    #[test]
    fn the_cache_never_changes_a_result() {
        let keyring = Keyring::new(master("old"));
        let (_, wrapped) = keyring.wrap_new(&purpose()).unwrap();
        let cached = keyring.data_key(5, &wrapped, &purpose()).unwrap();

        let elsewhere = AssociatedData::new(2, "data_key", "credential", 1);
        assert_eq!(
            keyring.data_key(5, &wrapped, &elsewhere).unwrap_err(),
            OpenError::Refused
        );
        let mut altered = wrapped.clone();
        altered.bytes[30] ^= 1;
        assert_eq!(
            keyring.data_key(5, &altered, &purpose()).unwrap_err(),
            OpenError::Refused
        );
        let (_, other) = keyring.wrap_new(&purpose()).unwrap();
        let replaced = keyring.data_key(5, &other, &purpose()).unwrap();
        assert!(!Arc::ptr_eq(&cached, &replaced));
        let again = keyring.data_key(5, &other, &purpose()).unwrap();
        assert!(Arc::ptr_eq(&replaced, &again));
    }

    #[test]
    fn an_unknown_master_is_named() {
        let keyring = Keyring::new(master("old"));
        let other = Keyring::new(master("new"));
        let (_, wrapped) = other.wrap_new(&purpose()).unwrap();
        assert_eq!(
            keyring.data_key(5, &wrapped, &purpose()).unwrap_err(),
            OpenError::OtherMaster {
                sealed_under: other.current(),
                have: keyring.current()
            }
        );
    }

    #[test]
    fn a_live_keyring_follows_a_rotation() {
        let keyring = Keyring::new(master("old"));
        let (data_key, under_old) = keyring.wrap_new(&purpose()).unwrap();
        let sealed = data_key.seal(b"sk-live-4242", &purpose()).unwrap();
        keyring.data_key(5, &under_old, &purpose()).unwrap();

        let (old, new) = (master("old"), master("new"));
        let link = old.link(&new).unwrap();
        let under_new = old.rewrap(&under_old, &purpose(), &new).unwrap();
        assert!(!keyring.knows(new.id()));
        assert_eq!(
            keyring.data_key(5, &under_new, &purpose()).unwrap_err(),
            OpenError::OtherMaster {
                sealed_under: *new.id(),
                have: *old.id()
            }
        );

        keyring.follow(old.id(), &link, new.id()).unwrap();
        assert_eq!(keyring.current(), *new.id());
        assert!(keyring.knows(old.id()) && keyring.knows(new.id()));
        for wrapped in [&under_new, &under_old] {
            let opened = keyring.data_key(5, wrapped, &purpose()).unwrap();
            assert_eq!(
                opened.open(&sealed, &purpose()).unwrap().as_slice(),
                b"sk-live-4242"
            );
        }
        assert_eq!(keyring.wrap_new(&purpose()).unwrap().1.master, *new.id());
    }

    #[test]
    fn a_link_that_cannot_be_followed_changes_nothing() {
        let (old, new, third) = (master("old"), master("new"), master("third"));
        let link = old.link(&new).unwrap();
        let keyring = Keyring::new(master("old"));
        assert_eq!(
            keyring.follow(third.id(), &link, new.id()),
            Err(OpenError::OtherMaster {
                sealed_under: *third.id(),
                have: *old.id()
            })
        );
        assert_eq!(
            keyring.follow(old.id(), &link, third.id()),
            Err(OpenError::Refused)
        );
        assert_eq!(keyring.current(), *old.id());
        assert!(!keyring.knows(new.id()) && !keyring.knows(third.id()));
    }

    #[test]
    fn the_cache_is_bounded() {
        let keyring = Keyring::new(master("old"));
        let (_, wrapped) = keyring.wrap_new(&purpose()).unwrap();
        for id in (0..).take(DATA_KEYS_CACHED_MAX + 100) {
            keyring.data_key(id, &wrapped, &purpose()).unwrap();
        }
        assert_eq!(keyring.data_keys().len(), DATA_KEYS_CACHED_MAX);
    }

    #[test]
    fn threads_share_it_through_a_rotation() {
        let keyring = Keyring::new(master("old"));
        let (old, new) = (master("old"), master("new"));
        let link = old.link(&new).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let keyring = keyring.clone();
                scope.spawn(move || {
                    for id in 0..200 {
                        let purpose = AssociatedData::new(thread, "data_key", "credential", id);
                        let (made, wrapped) = keyring.wrap_new(&purpose).unwrap();
                        let sealed = made.seal(b"sk-live-4242", &purpose).unwrap();
                        let opened = keyring.data_key(id, &wrapped, &purpose).unwrap();
                        let value = opened.open(&sealed, &purpose).unwrap();
                        assert_eq!(value.as_slice(), b"sk-live-4242");
                    }
                });
            }
            scope.spawn(|| keyring.follow(old.id(), &link, new.id()).unwrap());
        });
        assert_eq!(keyring.current(), *new.id());
    }

    #[test]
    fn debug_shows_the_current_id_alone() {
        let keyring = Keyring::new(master("old"));
        let shown = format!("Keyring(current {}, <sealed>)", keyring.current());
        assert_eq!(format!("{keyring:?}"), shown);
    }
}
