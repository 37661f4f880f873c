//! Choices between two sides: draft or sent, internal or public, staging or production.
//!
//! If the intent names one side of a choice and the request takes the other, the request does not do
//! what it says.

use std::sync::LazyLock;

use gaiterguard_text::words::{ByStem, Stem, stem};

use crate::intent::IntentWords;

/// One side of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    /// The number of the choice.
    choice: usize,
    /// Whether it is the second side, which reaches further.
    is_second: bool,
}

/// The sides that were named, as two bits for each choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sides(u32);

/// A choice: its name in the table of weights, and the words for each of its sides, in several
/// languages. The second side is the one with the wider effect.
struct Choice {
    name: &'static str,
    sides: [&'static str; 2],
}

const CHOICES: [Choice; 12] = [
    Choice {
        name: "environment",
        sides: [
            "staging stage dev development test testing sandbox preview qa uat demo canary testumgebung \
             pruebas teste develop nonprod",
            "prod production prd produktion producción produção produzione",
        ],
    },
    Choice {
        name: "audience",
        sides: [
            "private internal intern interna interne interno privat privé privada privado confidential \
             restricted unlisted team",
            "public external everyone anyone world extern externe externa portal öffentlich publique \
             público pública everybody policyholder",
        ],
    },
    Choice {
        name: "stage",
        sides: [
            "draft entwurf brouillon borrador rascunho bozza concept unsent unpublished",
            "publish published sent live submitted finalize finalized transmitted final current active",
        ],
    },
    Choice {
        name: "switch",
        sides: [
            "disable disabled off deactivate inactive stop stopped mute muted pause paused suspend \
             suspended ausschalten deaktivieren désactiver desactivar desativar",
            "enable enabled activate active start started unmute resume einschalten aktivieren activer \
             activar ativar",
        ],
    },
    Choice {
        name: "lock",
        sides: [
            "lock locked arm armed",
            "unlock unlocked disarm disarmed open",
        ],
    },
    Choice {
        name: "decision",
        sides: [
            "decline declined reject rejected deny denied refuse refused ablehnen refuser rechazar \
             recusar rejeitar",
            "approve approved accept accepted allow annehmen genehmigen accepter aceptar aprobar aprovar",
        ],
    },
    Choice {
        name: "removal",
        sides: [
            "archive archived hide hidden trash bin unassign detach unlink untag papierkorb corbeille \
             papelera",
            "delete deleted destroy purge expunge erase permanent permanently wipe drop terminate",
        ],
    },
    Choice {
        name: "direction",
        sides: [
            "decrease lower reduce down downgrade smaller sell debit withdraw",
            "increase raise up upgrade larger buy credit deposit",
        ],
    },
    Choice {
        name: "power",
        sides: [
            "read reader viewer view guest readonly triage observer lesezugriff lecture lectura leitura \
             comment commenter ordinary",
            "admin administrator owner write writer editor maintain maintainer manage manager root \
             superuser",
        ],
    },
    Choice {
        name: "extent",
        sides: [
            "one single just this einen eine nur seul un solo só",
            "all every everything entire whole alle tous toutes todos todas tutti everyone",
        ],
    },
    Choice {
        name: "settlement",
        sides: [
            "acknowledge acknowledged ack snooze hold review triage",
            "resolve resolved close closed solved done complete completed",
        ],
    },
    Choice {
        name: "notice",
        sides: [
            "silent silently quietly quiet unnoticed suppress pings",
            "notify notification announce everyone here",
        ],
    },
];

static BY_STEM: LazyLock<ByStem<Sides>> = LazyLock::new(|| {
    let mut by_stem = ByStem::<Sides>::default();
    for (choice, known) in CHOICES.iter().enumerate() {
        for (words, is_second) in known.sides.iter().zip([false, true]) {
            for word in words.split_ascii_whitespace() {
                let sides = by_stem.entry(stem(word)).or_default();
                sides.add(Side { choice, is_second });
            }
        }
    }
    by_stem
});

/// Words for one side of a choice in languages without spaces.
const RUNS: [(&str, Side); 8] = {
    const fn side(choice: usize, is_second: bool) -> Side {
        Side { choice, is_second }
    }
    [
        ("社内", side(1, false)),
        ("内部", side(1, false)),
        ("非公開", side(1, false)),
        ("下書き", side(2, false)),
        ("草稿", side(2, false)),
        ("本番", side(0, true)),
        ("全部", side(9, true)),
        ("すべて", side(9, true)),
    ]
};

impl Sides {
    /// The sides that a word names.
    pub(crate) fn of(stem: Stem) -> Self {
        BY_STEM.get(&stem).copied().unwrap_or_default()
    }

    /// Those that any of the words names.
    pub(crate) fn of_all(stems: impl IntoIterator<Item = Stem>) -> Self {
        let sides = stems.into_iter().map(Self::of);
        sides.fold(Self::default(), Self::with)
    }

    /// Those that a text names by characters that stand for words.
    pub(crate) fn of_runs(text: &str) -> Self {
        let mut sides = Self::default();
        if !text.is_ascii() {
            for (run, side) in RUNS {
                if text.contains(run) {
                    sides.add(side);
                }
            }
        }
        sides
    }

    fn add(&mut self, side: Side) {
        self.0 |= 1 << (2 * side.choice + usize::from(side.is_second));
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The other side of each: what a name means that is set to false.
    pub(crate) fn turned(self) -> Self {
        const FIRST: u32 = 0x5555_5555;
        Self((self.0 & FIRST) << 1 | (self.0 & !FIRST) >> 1)
    }

    /// The sides that an intent names. A word that is denied stands for the other side of its choice.
    pub(crate) fn of_intent(text: &str, intent_words: &IntentWords<'_>) -> Self {
        const DENIALS: [&str; 20] = [
            "not", "no", "don't", "dont", "isn't", "never", "without", "nothing", "nobody", "kein",
            "keine", "nicht", "noch", "ne", "pas", "sans", "sin", "não", "non", "niet",
        ];
        const DENIAL_BYTES_MAX: usize = {
            let (mut longest, mut at) = (0, 0);
            while at < DENIALS.len() {
                if DENIALS[at].len() > longest {
                    longest = DENIALS[at].len();
                }
                at += 1;
            }
            longest
        };
        /// How many words behind a denial are denied: in "not a draft" the second.
        const REACH: usize = 2;
        let mut sides = Self::of_runs(text);
        let mut denied = 0;
        for word in intent_words.words() {
            if word.begins_clause {
                denied = 0;
            }
            let of_word = Self::of(word.stem);
            sides = sides.with(if denied > 0 {
                of_word.turned()
            } else {
                of_word
            });
            denied = if word.text.len() <= DENIAL_BYTES_MAX
                && DENIALS
                    .iter()
                    .any(|denial| word.text.eq_ignore_ascii_case(denial))
            {
                REACH
            } else {
                denied.saturating_sub(1)
            };
        }
        sides
    }

    fn of_choice(self, choice: usize) -> u32 {
        self.0 >> (2 * choice) & 3
    }

    /// The choices of which one side was taken and only the other named.
    pub(crate) fn against(self, named: Self) -> impl Iterator<Item = &'static str> {
        CHOICES
            .iter()
            .enumerate()
            .filter_map(move |(choice, known)| {
                let (taken, named) = (self.of_choice(choice), named.of_choice(choice));
                (taken != 0 && named != 0 && taken & named == 0).then_some(known.name)
            })
    }

    /// The sides in it, as name and number.
    pub(crate) fn all(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        CHOICES.iter().enumerate().flat_map(move |(choice, known)| {
            let taken = self.of_choice(choice);
            let first = (taken & 1 != 0).then_some((known.name, "1"));
            let second = (taken & 2 != 0).then_some((known.name, "2"));
            first.into_iter().chain(second)
        })
    }
}
