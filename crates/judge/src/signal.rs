//! The table of signals: every code that the assessor can put into a verdict, and how a finding with
//! that code is treated.
//!
//! Weights are fitted and live in `weights.tsv`. The floors in this file are set by hand, because
//! they exist for requests that are too rare to learn from. A floor of 0.5 or more holds a request
//! whatever else is found. Among findings that hold, a higher floor is explained first.

use gaiterguard_domain::effect::Effect;

/// A kind of finding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignalKind {
    /// The code in the verdict. It is part of the API.
    pub(crate) code: &'static str,
    /// The lowest score of a request that has it; 0.0 if it only adds its weight.
    pub(crate) floor: f64,
    /// Whether only a human or a rule may let such a request pass.
    pub(crate) is_certain: bool,
    /// Whether a read with it is treated like any other request.
    pub(crate) holds_reads: bool,
    /// Whether it only describes the request and never counts.
    pub(crate) is_neutral: bool,
    /// The effect that it describes.
    pub(crate) effect: Option<Effect>,
    /// The sentence for the approver; empty if it quotes the request and is built by the detector.
    pub(crate) sentence: &'static str,
}

/// How an effect is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// By the method, the path or the query.
    Openly,
    /// By a call within the request.
    ByCall,
    /// By a right or a secret that a field sets.
    ByGrant,
    /// By the name or the value of another field.
    ByField,
    /// By the service's documents alone.
    ByDocuments,
}

impl Shown {
    /// The floor of an effect that the intent does not ask for.
    pub(crate) fn floor(self) -> f64 {
        match self {
            // The weights of the operation were fitted to such requests, so they decide.
            Self::Openly => 0.0,
            // A call does the same as a request of its own, which would rarely score less.
            Self::ByCall => 0.75,
            // Powers and secrets are seldom set by mistake, but a field may mean something else.
            Self::ByGrant => 0.7,
            // A word in a field or a document may be about something else, so this comes last.
            Self::ByField | Self::ByDocuments => 0.65,
        }
    }
}

/// Text that tries to change the assessment, or a request that is too large to assess. No request
/// needs either, so these come first.
const EVASION: f64 = 0.9;

/// The upstream may act on a different method, path or value than the assessed one.
const AMBIGUOUS: f64 = 0.85;

/// Part of the request could not be read, so its effect is unknown.
const UNREAD: f64 = 0.8;

/// One text could not be read, but the rest of the request could.
const UNREAD_TEXT: f64 = 0.7;

/// Access for everyone, or full power.
const FULL_ACCESS: f64 = 0.75;

/// Access for more people than before.
const WIDE_ACCESS: f64 = 0.7;

/// A secret leaves its place.
const SECRET: f64 = 0.65;

/// Patterns that usually mean harm and sometimes appear in honest texts.
const PATTERN: f64 = 0.6;

/// Nothing suspicious was found, but part of the request was not inspected. Just above the threshold, so
/// that every other reason is explained first.
const UNCHECKED: f64 = 0.55;

impl SignalKind {
    /// A finding that counts together with others.
    const fn hint(code: &'static str) -> Self {
        Self {
            code,
            floor: 0.0,
            is_certain: false,
            holds_reads: false,
            is_neutral: false,
            effect: None,
            sentence: "",
        }
    }

    /// A finding that holds a request by itself.
    const fn holding(code: &'static str, floor: f64) -> Self {
        Self {
            floor,
            ..Self::hint(code)
        }
    }

    /// A finding that describes the request and never counts.
    const fn neutral(code: &'static str) -> Self {
        Self {
            is_neutral: true,
            ..Self::hint(code)
        }
    }

    /// An effect of the request. Its floor depends on how the effect is shown.
    const fn of(effect: Effect) -> Self {
        Self {
            effect: Some(effect),
            is_neutral: matches!(effect, Effect::Change | Effect::Create | Effect::Read),
            ..Self::hint(effect.code())
        }
    }

    /// The same kind, which no model may release.
    const fn certain(self) -> Self {
        Self {
            is_certain: true,
            ..self
        }
    }

    /// The same kind, which holds reads too.
    const fn even_in_reads(self) -> Self {
        Self {
            holds_reads: true,
            ..self
        }
    }

    /// The same kind with a sentence that is the same for every request.
    const fn says(self, sentence: &'static str) -> Self {
        Self { sentence, ..self }
    }
}

/// Returns the kind of finding for an effect.
pub(crate) fn of_effect(effect: Effect) -> SignalKind {
    match effect {
        Effect::Delete => DELETES,
        Effect::Pay => PAYS,
        Effect::Access => CHANGES_ACCESS,
        Effect::Code => RUNS_CODE,
        Effect::ShareOutside => SHARES_OUTSIDE,
        Effect::Change | Effect::Create => CHANGES,
        Effect::Read => READS,
    }
}

/// Returns the codes of all signals. Each appears once.
pub fn signal_codes() -> Vec<&'static str> {
    let mut codes: Vec<_> = ALL.iter().map(|kind| kind.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Defines each kind as a constant, and `ALL` as the list of them, so that none can be left out.
macro_rules! signals {
    ($($(#[$doc:meta])* $name:ident = $kind:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: SignalKind = $kind;)*
        const ALL: &[SignalKind] = &[$($name),*];
    };
}

signals! {
    // The effect of the request.
    READS = SignalKind::of(Effect::Read);
    ASKS = SignalKind::neutral("asks");
    CHANGES = SignalKind::of(Effect::Change);
    DELETES = SignalKind::of(Effect::Delete);
    PAYS = SignalKind::of(Effect::Pay);
    CHANGES_ACCESS = SignalKind::of(Effect::Access);
    RUNS_CODE = SignalKind::of(Effect::Code);
    SHARES_OUTSIDE = SignalKind::of(Effect::ShareOutside);
    SAFE_METHOD_DELETES = SignalKind::holding("safe_method_deletes", PATTERN);
    CHANGES_MESSAGE = SignalKind::hint("changes_message");
    CHANGES_COSTLY = SignalKind::hint("changes_costly");
    MAY_HAVE_EFFECT = SignalKind::hint("may_have_effect");
    BENEATH_EFFECT = SignalKind::hint("beneath_effect");

    // Dangers that a reader of the intent would not expect, in a sentence.
    DANGER = SignalKind::neutral("danger");
    DANGER_ACCESS = SignalKind::neutral("danger_access");
    DANGER_PROTECTION = SignalKind::neutral("danger_protection");

    // Its extent.
    BULK = SignalKind::hint("bulk");
    BULK_DELETE = SignalKind::hint("bulk_delete")
        .says("It does not name a single object, so it may delete many.");
    BULK_PATH = SignalKind::hint("bulk_path")
        .says("The path says that it affects many objects.");
    NO_SINGLE_THING = SignalKind::hint("no_single_thing")
        .says("It does not name a single object, so it may change many.");
    REPLACES = SignalKind::hint("replaces")
        .says("It may replace a whole collection, but the intent only adds to it.");
    BATCH = SignalKind::hint("batch");
    TOO_MANY_CALLS = SignalKind::holding("too_many_calls", EVASION).certain();
    TOO_MANY_VALUES = SignalKind::holding("too_many_values", UNCHECKED);

    // The settings in its fields.
    MAKES_PUBLIC = SignalKind::holding("makes_public", WIDE_ACCESS).certain();
    GRANTS_ADMIN = SignalKind::holding("grants_admin", FULL_ACCESS).certain();
    WILDCARD = SignalKind::holding("wildcard", FULL_ACCESS).certain();
    SWEEPING = SignalKind::hint("sweeping");
    WEAKENS_SECURITY = SignalKind::hint("weakens_security");
    RUNS_ACTION = SignalKind::hint("runs_action");
    HOLDS_COMMAND = SignalKind::hint("holds_command");
    GIVES_SECRET = SignalKind::hint("gives_secret");
    GIVES_AMOUNT = SignalKind::hint("gives_amount");
    NAMES_PAYMENT = SignalKind::hint("names_payment");
    STATEMENT = SignalKind::hint("statement");

    // The data that it reads.
    READS_SECRETS = SignalKind::holding("reads_secrets", SECRET);
    SEARCHES_SECRETS = SignalKind::holding("searches_secrets", PATTERN);
    READS_SENSITIVE = SignalKind::hint("reads_sensitive")
        .says("It reads sensitive data, such as salaries, health records or secrets.");
    READ_ACTS = SignalKind::hint("read_acts");

    // Its content.
    SPEAKS_TO_THE_JUDGE = SignalKind::holding("speaks_to_the_judge", EVASION)
        .certain()
        .says("It contains instructions to the reviewer, which a legitimate request does not need.");
    MAY_SPEAK_TO_THE_JUDGE = SignalKind::hint("may_speak_to_the_judge")
        .says("It mentions risk or review, as if addressed to the reviewer.");
    CARRIES_SECRET = SignalKind::holding("carries_secret", SECRET).even_in_reads();
    CARRIES_CODE = SignalKind::holding("carries_code", PATTERN);
    CARRIES_PROGRAM = SignalKind::holding("carries_program", PATTERN)
        .says("It contains an executable program in base64.");
    INTERNAL_ADDRESS = SignalKind::holding("internal_address", PATTERN).even_in_reads();

    // Its encoding.
    UNREADABLE = SignalKind::holding("unreadable", UNREAD).certain();
    UNREADABLE_DOCUMENT = SignalKind::holding("unreadable", UNREAD_TEXT)
        .says("The GraphQL document cannot be read.");
    OPAQUE = SignalKind::holding("opaque", UNCHECKED).says("Its body cannot be inspected.");
    MEDIA = SignalKind::hint("media").says("Its body is an image, audio or another media file.");
    BODY_ON_SAFE_METHOD = SignalKind::hint("body_on_safe_method")
        .says("It has a body, which is unusual for its method.");
    METHOD_OVERRIDE = SignalKind::holding("method_override", AMBIGUOUS).certain();
    UNCOMMON_METHOD = SignalKind::holding("uncommon_method", UNCHECKED)
        .says("Its method is not one of the common ones, so its effect is unknown.");
    PATH_OVERRIDE = SignalKind::holding("path_override", AMBIGUOUS)
        .certain()
        .says("It asks the server to use another path.");
    DUPLICATE_NAME = SignalKind::holding("duplicate_name", AMBIGUOUS).certain();
    REPEATED_NAME = SignalKind::hint("repeated_name");
    HIDDEN_CHARACTERS = SignalKind::holding("hidden_characters", UNREAD).certain();
    WRAPPED_TOO_DEEP = SignalKind::holding("wrapped_too_deep", UNREAD)
        .certain()
        .says("It contains encoded text that is nested too deeply to inspect.");

    // The service's documents.
    UNDOCUMENTED = SignalKind::hint("undocumented")
        .says("The service's documents do not list this operation.");
    UNDOCUMENTED_FIELD = SignalKind::hint("undocumented_field")
        .says("The body has a field that the documents do not list.");

    // Its intent.
    NO_INTENT = SignalKind::hint("no_intent").says("The agent gives no intent.");
    INTENT_ONLY_READS = SignalKind::hint("intent_only_reads");
    EFFECT_NOT_ASKED = SignalKind::hint("effect_not_asked");
    EFFECT_UNASKED = SignalKind::hint("effect_unasked");
    ALSO_UNASKED = SignalKind::hint("also_unasked");
    ACTION_NOT_IN_INTENT = SignalKind::hint("action_not_in_intent");
    POWER_NOT_IN_INTENT = SignalKind::hint("power_not_in_intent");
    CHOICE_DIFFERS = SignalKind::hint("choice_differs");
    OBJECT_NOT_IN_INTENT = SignalKind::hint("object_not_in_intent");
    IDENTIFIER_DIFFERS = SignalKind::hint("identifier_differs");
    RECIPIENT_DIFFERS = SignalKind::hint("recipient_differs");
    RECIPIENT_NOT_IN_INTENT = SignalKind::hint("recipient_not_in_intent");
    ATTENDEE_NOT_IN_INTENT = SignalKind::hint("attendee_not_in_intent");
    ADDRESS_NOT_IN_INTENT = SignalKind::hint("address_not_in_intent");
    ACCOUNT_NOT_IN_INTENT = SignalKind::hint("account_not_in_intent");
    PAYMENT_DIFFERS = SignalKind::hint("payment_differs");
    AMOUNT_DIFFERS = SignalKind::hint("amount_differs");
    NUMBER_DIFFERS = SignalKind::hint("number_differs");
    NUMBER_NOT_IN_INTENT = SignalKind::hint("number_not_in_intent");
    DATE_DIFFERS = SignalKind::hint("date_differs");
    LINK_NOT_IN_INTENT = SignalKind::hint("link_not_in_intent");
    TEXT_NOT_IN_INTENT = SignalKind::hint("text_not_in_intent");

    // The history of the agent.
    OWN = SignalKind::neutral("own").says("It concerns something that the agent itself created earlier.");
    NEVER_SEEN = SignalKind::hint("never_seen");
    OTHER_FITS = SignalKind::hint("other_fits");
}
