//! What a request does to the world, read from its words.

/// A kind of effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Removes something or ends it.
    Delete,
    /// Moves money or commits to paying.
    Pay,
    /// Lets something be seen or reach someone outside.
    ShareOutside,
    /// Changes who may do what, or touches credentials.
    Access,
    /// Runs code or changes what runs.
    Code,
}

impl Effect {
    /// A stable word for the effect.
    pub fn code(self) -> &'static str {
        match self {
            Self::Delete => "deletes",
            Self::Pay => "pays",
            Self::ShareOutside => "shares_outside",
            Self::Access => "changes_access",
            Self::Code => "runs_code",
        }
    }

    /// What the effect is, as the end of a sentence that begins with "It".
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Self::Delete => "deletes or ends something",
            Self::Pay => "moves money or commits to paying",
            Self::ShareOutside => "sends or shares something with others",
            Self::Access => "changes who has access, or touches credentials",
            Self::Code => "runs or deploys code",
        }
    }

    /// The effect that a word stands for when the method changes something.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        let stem = word.strip_suffix('s').unwrap_or(word);
        let listed = |words: &[&str]| words.contains(&word) || words.contains(&stem);
        if is_deleting_verb(word) || listed(DELETE_NOUNS) {
            Some(Self::Delete)
        } else if listed(PAY) {
            Some(Self::Pay)
        } else if listed(ACCESS) {
            Some(Self::Access)
        } else if listed(SHARE_OUTSIDE) {
            Some(Self::ShareOutside)
        } else if listed(CODE) {
            Some(Self::Code)
        } else {
            None
        }
    }
}

/// Whether a word orders a deletion, whatever the method says.
pub(crate) fn is_deleting_verb(word: &str) -> bool {
    DELETE_VERBS.contains(&word)
}

const DELETE_VERBS: &[&str] = &[
    "delete",
    "destroy",
    "remove",
    "purge",
    "erase",
    "wipe",
    "drop",
    "truncate",
    "terminate",
    "uninstall",
    "unpublish",
    "empty",
];

const DELETE_NOUNS: &[&str] = &[
    "cancel",
    "cancellation",
    "close",
    "deactivate",
    "deactivation",
    "deletion",
    "disable",
    "redact",
    "removal",
    "reset",
    "revoke",
    "rollback",
    "shutdown",
    "stop",
    "trash",
    "archive",
    "expire",
    "kick",
    "ban",
];

const PAY: &[&str] = &[
    "bill",
    "billing",
    "book",
    "booking",
    "buy",
    "capture",
    "charge",
    "checkout",
    "credit",
    "debit",
    "deposit",
    "dispute",
    "donation",
    "fund",
    "funding",
    "invoice",
    "order",
    "pay",
    "payment",
    "payout",
    "payroll",
    "purchase",
    "refund",
    "remittance",
    "reservation",
    "settlement",
    "subscription",
    "tip",
    "topup",
    "trade",
    "transaction",
    "transfer",
    "wallet",
    "wire",
    "withdraw",
    "withdrawal",
];

const ACCESS: &[&str] = &[
    "access",
    "acl",
    "admin",
    "auth",
    "certificate",
    "collaborator",
    "credential",
    "grant",
    "group",
    "impersonate",
    "invitation",
    "invite",
    "key",
    "login",
    "member",
    "membership",
    "mfa",
    "oauth",
    "otp",
    "owner",
    "ownership",
    "password",
    "permission",
    "policy",
    "policie",
    "privilege",
    "role",
    "scope",
    "secret",
    "session",
    "sso",
    "sudo",
    "token",
    "visibility",
];

const SHARE_OUTSIDE: &[&str] = &[
    "announce",
    "announcement",
    "broadcast",
    "campaign",
    "comment",
    "email",
    "export",
    "external",
    "forward",
    "hook",
    "link",
    "mail",
    "message",
    "notification",
    "notify",
    "post",
    "public",
    "publication",
    "publish",
    "reply",
    "replie",
    "send",
    "share",
    "sharing",
    "sm",
    "status",
    "tweet",
    "upload",
    "webhook",
];

const CODE: &[&str] = &[
    "build",
    "command",
    "deploy",
    "deployment",
    "dispatch",
    "exec",
    "execute",
    "firmware",
    "function",
    "install",
    "kernel",
    "launch",
    "merge",
    "migrate",
    "migration",
    "pipeline",
    "release",
    "restart",
    "run",
    "script",
    "shell",
    "sql",
    "terminal",
    "workflow",
];
