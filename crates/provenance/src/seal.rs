//! Seals pieces of responses under a key of this process, which is never stored.

use std::sync::{Arc, OnceLock};
use std::thread;

use gaiterguard_history::Seal;
use gaiterguard_vault::{AssociatedData, DataKey, NoRandomness};

/// The seal of this process, generated on a thread of its own: the first random bytes of a process take tens of
/// milliseconds, for which the start must not wait.
#[derive(Clone, Default)]
pub(crate) struct ProcessSeal(Arc<OnceLock<Option<Arc<dyn Seal>>>>);

impl ProcessSeal {
    pub(crate) fn generate() -> Self {
        let seal = Self::default();
        let generated = seal.clone();
        // Without a thread, the first caller generates it.
        let _ = thread::Builder::new()
            .name("seal".to_owned())
            .spawn(move || drop(generated.get().cloned()));
        seal
    }

    /// Returns the seal, once it is generated; `None` if there are no random bytes.
    pub(crate) fn get(&self) -> Option<&Arc<dyn Seal>> {
        let seal = self.0.get_or_init(|| match PieceSeal::generate() {
            Ok(seal) => Some(Arc::new(seal)),
            Err(error) => {
                tracing::error!(%error, "requests are assessed without the history of the agent");
                None
            }
        });
        seal.as_ref()
    }
}

/// Seals under a random key of this process.
#[derive(Debug)]
struct PieceSeal {
    key: DataKey,
    purpose: AssociatedData,
}

impl PieceSeal {
    fn generate() -> Result<Self, NoRandomness> {
        Ok(Self {
            key: DataKey::generate()?,
            purpose: AssociatedData::new(0, "history_piece", "", 1),
        })
    }
}

impl Seal for PieceSeal {
    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.key.seal(plain, &self.purpose).ok()
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let plain = self.key.open(sealed, &self.purpose).ok()?;
        Some(plain.to_vec())
    }
}
