//! The names of members, taken apart into words.

/// The most characters of a name that are looked at. Real names are shorter.
const NAME_CHARS_MAX: usize = 64;

/// The words of a name in lower case: `customerId`, `customer_id` and `Customer ID` are the same two.
#[derive(Debug, Default)]
pub(crate) struct Words(Vec<String>);

impl Words {
    pub(crate) fn of(name: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        let (mut is_inside, mut was_upper) = (false, false);
        let mut letters = name.chars().take(NAME_CHARS_MAX).peekable();
        while let Some(letter) = letters.next() {
            if !letter.is_alphanumeric() {
                is_inside = false;
                continue;
            }
            let is_upper = letter.is_uppercase();
            // The last capital of several begins the next word, as in `HTTPServer`.
            let ends_capitals = was_upper && letters.peek().is_some_and(|next| next.is_lowercase());
            let begins = !is_inside || (is_upper && (!was_upper || ends_capitals));
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
            (is_inside, was_upper) = (true, is_upper);
        }
        Self(words)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(crate) fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    fn is_one(&self) -> bool {
        self.0.len() == 1
    }

    /// Whether an object is known by this member: `id`, `key`, `number`.
    pub(crate) fn is_own_id(&self) -> bool {
        self.is_one() && OWN_IDS.contains(&self.last())
    }

    /// Whether this names something by an id: `id`, `customer_id`, `ref`.
    pub(crate) fn is_id(&self) -> bool {
        ID_WORDS.contains(&self.last())
    }

    /// Whether this is the id of something with a name of its own: `customer_id`, but not `request_id`.
    pub(crate) fn is_named_id(&self) -> bool {
        !self.is_one()
            && matches!(self.last(), "id" | "uuid" | "guid" | "sid" | "gid")
            && !self.iter().any(|word| PASSING.contains(&word))
    }

    /// Whether this names what a request is about or whom it reaches: `customer_id`, `to`, `channel`.
    /// Ids that a caller chooses do not.
    pub(crate) fn is_target(&self) -> bool {
        let last = self.last();
        let is_target = TARGETS.contains(&last) || TARGETS.contains(&singular(last));
        is_target && !self.iter().any(|word| CHOSEN.contains(&word))
    }

    /// Returns the rank of this member in an excerpt of its object; the lowest comes first.
    pub(crate) fn rank(&self) -> u8 {
        let last = self.last();
        if NAMES.contains(&last) {
            0
        } else if self.is_id() && !self.iter().any(|word| PASSING.contains(&word)) {
            1
        } else if LATE.contains(&last) {
            4
        } else if DESCRIPTIVE.contains(&last) {
            2
        } else {
            3
        }
    }

    /// Returns whether people know a thing by this member.
    pub(crate) fn is_name(&self) -> bool {
        NAMES.contains(&self.last())
    }
}

/// A word without the ending of its plural: near enough to compare the names of kinds of things.
pub(crate) fn singular(word: &str) -> &str {
    match word {
        _ if word.len() > 4 && word.ends_with("ies") => &word[..word.len() - 3],
        _ if ["xes", "ches", "shes", "sses"]
            .iter()
            .any(|end| word.ends_with(end)) =>
        {
            &word[..word.len() - 2]
        }
        _ if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") => {
            &word[..word.len() - 1]
        }
        _ => word
            .strip_suffix('y')
            .filter(|stem| stem.len() > 2)
            .unwrap_or(word),
    }
}

/// Names of fields that identify their own object.
const OWN_IDS: &[&str] = &[
    "id", "uuid", "guid", "gid", "iid", "sid", "key", "number", "arn", "urn", "ts",
];

/// The last words of the names of ids.
const ID_WORDS: &[&str] = &[
    "id",
    "ids",
    "uuid",
    "guid",
    "gid",
    "iid",
    "sid",
    "key",
    "number",
    "num",
    "no",
    "ref",
    "reference",
    "code",
    "slug",
    "handle",
    "arn",
    "urn",
    "ts",
    "sku",
    "iban",
    "sha",
    "hash",
    "account",
    "version",
    "tag",
    "digest",
    "etag",
];

/// Ids of what passes, and says nothing about a thing.
const PASSING: &[&str] = &[
    "request",
    "trace",
    "correlation",
    "session",
    "span",
    "node",
    "etag",
    "cursor",
    "page",
    "client",
];

/// The last words of names of things that requests act on, and of people whom they reach.
const TARGETS: &[&str] = &[
    "id",
    "uuid",
    "guid",
    "gid",
    "sid",
    "iban",
    "account",
    "channel",
    "recipient",
    "to",
    "cc",
    "bcc",
    "email",
    "mail",
    "mailbox",
    "assignee",
    "user",
    "username",
    "member",
    "attendee",
    "invitee",
    "participant",
    "collaborator",
    "phone",
    "customer",
    "payee",
    "beneficiary",
    "destination",
];

/// Words in the names of ids that a caller chooses, or that say nothing about a thing.
const CHOSEN: &[&str] = &[
    "request",
    "trace",
    "correlation",
    "session",
    "span",
    "client",
    "idempotency",
    "external",
    "custom",
    "transaction",
    "jsonrpc",
    "message",
    "nonce",
];

/// The last words of names that people know a thing by.
const NAMES: &[&str] = &[
    "name",
    "title",
    "subject",
    "summary",
    "email",
    "mail",
    "status",
    "state",
    "label",
    "login",
    "username",
    "headline",
    "topic",
    "family",
    "given",
    "display",
    "filename",
    "displayname",
    "fullname",
    "emailaddress",
    "address",
    "from",
    "to",
];

/// The last words of names whose values describe an object.
const DESCRIPTIVE: &[&str] = &[
    "amount",
    "total",
    "price",
    "balance",
    "currency",
    "date",
    "type",
    "kind",
    "phone",
    "city",
    "country",
    "description",
    "text",
    "value",
    "due",
    "role",
    "plan",
    "environment",
    "env",
    "private",
    "public",
    "archived",
    "owner",
    "branch",
    "message",
    "snippet",
    "body",
    "path",
    "region",
];

/// The last words of names whose values come last.
const LATE: &[&str] = &[
    "url", "uri", "href", "self", "etag", "cursor", "avatar", "image", "icon", "at", "hash",
    "digest", "link", "links", "offset", "timezone", "tz", "locale", "html",
];
