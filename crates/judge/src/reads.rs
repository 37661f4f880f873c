//! The kinds of data that a request reads, and words that act.

use std::sync::LazyLock;

use gaiterguard_text::words::{ByStem, Stem, Stems, stem};

/// A kind of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataKind {
    /// Wages and salaries.
    Pay,
    /// Medical data.
    Health,
    /// Data that identifies a person.
    Identity,
    /// Passwords, keys and tokens.
    Secret,
    /// Messages and recordings.
    Mail,
    /// Exports of everything that there is.
    Everything,
    /// Records of what was done, and where.
    Activity,
    /// People themselves.
    People,
}

/// All kinds, with their name in the table of weights and their words.
const KINDS: [(DataKind, &str, &str); 8] = [
    (
        DataKind::Pay,
        "pay",
        "payroll salary wage compensation payslip bonus income earning",
    ),
    (
        DataKind::Health,
        "health",
        "medical health patient observation medication diagnosis eeoc psych allergy prescription \
         disability",
    ),
    (
        DataKind::Identity,
        "identity",
        "ssn passport birthdate birthday birth dob identity iban pan gender ethnicity religion \
         address phone mobilephone",
    ),
    (
        DataKind::Secret,
        "secret",
        "secret password credential token key kubeconfig private vault env vars recovery reveal peek \
         decrypt plaintext",
    ),
    (
        DataKind::Mail,
        "mail",
        "mailbox message inbox transcript recording voicemail chat dm conversation",
    ),
    (
        DataKind::Everything,
        "everything",
        "everything export all full dump bulk download takeout",
    ),
    (
        DataKind::Activity,
        "activity",
        "audit log activity location tracking history",
    ),
    (
        DataKind::People,
        "people",
        "user employee member customer contact candidate patient worker people applicant requester \
         attendee person",
    ),
];

/// Words by which a read would act.
const ACTING: &str = "delete purge remove destroy drop wipe cancel terminate approve reject ban disable \
    kill execute publish send reset revoke restart stop topup pay refund transfer close archive build \
    trigger unsubscribe accept decline confirm discard overwrite force cascade recursive";

/// Names under which a request says what it is to do.
const ACTION_NAMES: &str =
    "action op cmd do then apply operation command task mode method verb perform";

static BY_STEM: LazyLock<ByStem<DataKinds>> = LazyLock::new(|| {
    let mut by_stem = ByStem::<DataKinds>::default();
    for (kind, _, words) in KINDS {
        for word in words.split_ascii_whitespace() {
            by_stem.entry(stem(word)).or_default().add(kind);
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
    /// Returns the kinds that a word names.
    pub(crate) fn of(stem: Stem) -> Self {
        BY_STEM.get(&stem).copied().unwrap_or_default()
    }

    /// Returns the kinds that any of the words names.
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

    /// Returns the set without [`DataKind::People`].
    pub(crate) fn without_people(self) -> Self {
        let mut people = Self::default();
        people.add(DataKind::People);
        self.without(people)
    }

    pub(crate) fn count(self) -> u32 {
        self.0.count_ones()
    }

    pub(crate) fn has_any_of(self, kinds: &[DataKind]) -> bool {
        kinds.iter().any(|kind| self.has(*kind))
    }

    /// Returns the names of the kinds in the table of weights.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        KINDS
            .iter()
            .filter(move |(kind, ..)| self.has(*kind))
            .map(|(_, name, _)| *name)
    }

    fn has(self, kind: DataKind) -> bool {
        self.0 & 1 << kind as u16 != 0
    }

    fn add(&mut self, kind: DataKind) {
        self.0 |= 1 << kind as u16;
    }
}
