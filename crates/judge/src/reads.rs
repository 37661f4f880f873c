//! The kinds of data that a request reads, and words that act.

use std::sync::LazyLock;

use crate::words::{ByStem, Stem, Stems, stem};

/// The kinds of data, with their name in the table of weights and their words.
const KINDS: [(&str, &str); 8] = [
    (
        "pay",
        "payroll salary wage compensation payslip bonus income earning",
    ),
    (
        "health",
        "medical health patient observation medication diagnosis eeoc psych allergy prescription \
         disability",
    ),
    (
        "identity",
        "ssn passport birthdate birthday birth dob identity iban pan gender ethnicity religion \
         address phone mobilephone",
    ),
    (
        "secret",
        "secret password credential token key kubeconfig private vault env vars recovery reveal peek \
         decrypt plaintext",
    ),
    (
        "mail",
        "mailbox message inbox transcript recording voicemail chat dm conversation",
    ),
    (
        "everything",
        "everything export all full dump bulk download takeout",
    ),
    ("activity", "audit log activity location tracking history"),
    (
        "people",
        "user employee member customer contact candidate patient worker people applicant requester \
         attendee person",
    ),
];

/// Words by which a read would act.
const ACTING: &str = "delete purge remove destroy drop wipe cancel terminate approve reject ban disable \
    kill execute publish send reset revoke restart stop topup pay refund transfer close archive build \
    trigger unsubscribe accept decline confirm discard overwrite ban force cascade recursive";

/// Names under which a request says what it is to do.
const ACTION_NAMES: &str =
    "action op cmd do then apply operation command task mode method verb perform";

static BY_STEM: LazyLock<ByStem<u16>> = LazyLock::new(|| {
    let mut by_stem = ByStem::<u16>::default();
    for (number, (_, words)) in KINDS.iter().enumerate() {
        for word in words.split_ascii_whitespace() {
            *by_stem.entry(stem(word)).or_default() |= 1 << number;
        }
    }
    by_stem
});

static ACTING_STEMS: LazyLock<Stems> = LazyLock::new(|| set(ACTING));
static ACTION_NAME_STEMS: LazyLock<Stems> = LazyLock::new(|| set(ACTION_NAMES));

fn set(words: &str) -> Stems {
    words.split_ascii_whitespace().map(stem).collect()
}

/// Whether a word orders something to be done.
pub(crate) fn acts(stem: Stem) -> bool {
    ACTING_STEMS.contains(&stem)
}

/// Whether a field with this word in its name contains an action.
pub(crate) fn names_action(stem: Stem) -> bool {
    ACTION_NAME_STEMS.contains(&stem)
}

/// A set of kinds of data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DataKinds(u16);

impl DataKinds {
    pub(crate) fn of(stem: Stem) -> Self {
        Self(BY_STEM.get(&stem).copied().unwrap_or_default())
    }

    pub(crate) fn of_all(stems: impl IntoIterator<Item = Stem>) -> Self {
        let kinds = stems.into_iter().map(Self::of);
        kinds.fold(Self::default(), Self::with)
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns the set without the kind of people.
    pub(crate) fn without_people(self) -> Self {
        let people = KINDS.iter().position(|(name, _)| *name == "people");
        Self(self.0 & !people.map_or(0, |number| 1 << number))
    }

    pub(crate) fn count(self) -> u32 {
        self.0.count_ones()
    }

    pub(crate) fn has_any_of(self, names: &[&str]) -> bool {
        self.names().any(|name| names.contains(&name))
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        KINDS
            .iter()
            .enumerate()
            .filter(move |(number, _)| self.0 & 1 << number != 0)
            .map(|(_, (name, _))| *name)
    }
}
