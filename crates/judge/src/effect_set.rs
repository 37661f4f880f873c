//! A set of effects.

use gaiterguard_domain::effect::Effect;

/// A set of effects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EffectSet(u8);

impl EffectSet {
    pub(crate) fn insert(&mut self, effect: Effect) {
        self.0 |= 1 << (effect as u8);
    }

    /// Adds the effects of another set.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(crate) fn contains(self, effect: Effect) -> bool {
        self.0 & (1 << (effect as u8)) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Effect> for EffectSet {
    fn from_iter<I: IntoIterator<Item = Effect>>(effects: I) -> Self {
        let mut set = Self::default();
        for effect in effects {
            set.insert(effect);
        }
        set
    }
}
