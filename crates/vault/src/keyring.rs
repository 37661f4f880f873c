//! The keys that this process knows.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::associated_data::AssociatedData;
use crate::data_key::DataKey;
use crate::error::{NoRandomness, OpenError};
use crate::master_key::MasterKey;
use crate::master_key_id::MasterKeyId;
use crate::wrapped_key::WrappedKey;

/// The most data keys that a [`Keyring`] keeps unwrapped. Each takes about 1 KiB; one that is not
/// kept costs a microsecond to unwrap again.
pub const DATA_KEYS_CACHED_MAX: usize = 4096;

/// The master keys that this process knows, and the data keys it has unwrapped. Clones share both.
///
/// Data keys are kept, what they seal never is: a credential is opened for each request.
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

/// An unwrapped data key with what it was unwrapped from. Only the very same row may use it, so the
/// cache changes the cost of an answer and never the answer.
struct CachedKey {
    wrapped: WrappedKey,
    associated_data: AssociatedData,
    data_key: Arc<DataKey>,
}

impl Keyring {
    /// A keyring that knows one master key, the current one.
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

    /// The id of the master key that new data keys are wrapped under.
    pub fn current(&self) -> MasterKeyId {
        *self.masters().current.id()
    }

    /// A key for keyed hashes, derived from the current master key; see [`MasterKey::derived_key`].
    pub fn derived_key(&self, purpose: &str) -> [u8; 16] {
        self.masters().current.derived_key(purpose)
    }

    /// Whether this process can unwrap what that master key wrapped.
    pub fn knows(&self, id: &MasterKeyId) -> bool {
        self.masters().known.contains_key(id)
    }

    /// Adds a master key, which becomes the current one. Those before it stay known, because
    /// a rotation under way has data keys under both.
    pub fn add_followed(&self, master: MasterKey) {
        let master = Arc::new(master);
        let mut masters = self.masters_mut();
        masters.known.insert(*master.id(), Arc::clone(&master));
        masters.current = master;
    }

    /// Follows a link from a known master key to the master key `next`, which becomes the current
    /// one.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherMaster`] if `from` is not known, else those of [`MasterKey::follow`]. The
    /// keyring is then as it was.
    pub fn follow(
        &self,
        from: &MasterKeyId,
        link: &[u8],
        next: &MasterKeyId,
    ) -> Result<(), OpenError> {
        self.add_followed(self.master(from)?.follow(link, next)?);
        Ok(())
    }

    /// The data key stored under `id` as `wrapped`, for the purpose `associated_data`.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherMaster`] if its master key is not known, else those of
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

    /// Drops the data key `id` from memory, when it was deleted. Its bytes are wiped when the last
    /// user is done.
    pub fn forget(&self, id: i64) {
        self.data_keys_mut().remove(&id);
    }

    /// Makes a new data key and wraps it under the current master key, for the purpose
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
        // Any entry may make room: a key that is missed costs too little to keep an order of use.
        if data_keys.len() >= DATA_KEYS_CACHED_MAX
            && !data_keys.contains_key(&id)
            && let Some(&evicted) = data_keys.keys().next()
        {
            data_keys.remove(&evicted);
        }
        data_keys.insert(id, cached);
    }

    // A poisoned lock is taken all the same: every change under these locks is made of whole
    // inserts, so a panic beside them leaves nothing half done.

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
    fn the_cache_never_changes_an_answer() {
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
