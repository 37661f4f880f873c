//! The meaning of a path or of a procedure's name.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::classes::Classes;
use crate::effect::Effect;
use crate::lexicon::{self, Sense};
use crate::words::{self, Stem, stem};

/// The endings by which a segment is known to be a file's name.
const FILE_ENDINGS: &[&str] = &[
    "txt", "md", "pdf", "doc", "docx", "xls", "xlsx", "csv", "ppt", "pptx", "png", "jpg", "jpeg",
    "gif", "svg", "zip", "tar", "gz", "py", "js", "ts", "rs", "go", "rb", "java", "sh", "yml",
    "yaml", "toml", "html", "css", "ipynb", "mp3", "mp4", "wav", "log", "sql", "env", "pem", "key",
    "tf", "lock", "ini", "cfg", "conf",
];

/// Endings that select the format of a response and do not belong to a file.
const FORMAT_ENDINGS: &[&str] = &[".json", ".xml", ".aspx", ".php", ".do"];

/// Endings of scripts that take what follows them in a path as an argument.
const SCRIPT_ENDINGS: &[&str] = &[
    ".php", ".aspx", ".ashx", ".asp", ".jsp", ".cgi", ".do", ".pl",
];

/// Files and folders whose content is run by someone else's machine.
const RUN_PLACES: &[&str] = &[
    ".github/workflows",
    ".github/actions",
    ".gitlab-ci",
    "jenkinsfile",
    "dockerfile",
    "docker-compose",
    ".circleci",
    "azure-pipelines",
    "buildspec.y",
    "/makefile",
    ".bashrc",
    ".profile",
    ".zshrc",
    "authorized_keys",
    "/.ssh/",
    "crontab",
    "/cron.d/",
    ".git/hooks",
    "package.json",
    "setup.py",
    "main.tf",
    "/etc/",
    "codeowners",
];

static RUN_PLACE_FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(RUN_PLACES)
        .expect("the list is short, so its automaton fits into memory")
});

/// Words of paths under which calls are taken.
const ENDPOINT: [&str; 23] = [
    "api", "apis", "rest", "rpc", "jsonrpc", "xmlrpc", "json", "xml", "soap", "graphql", "gql",
    "batch", "ws", "services", "service", "endpoint", "gateway", "internal", "web", "app", "index",
    "v", "mcp",
];

/// The shortest word that is looked into for others.
const COMPOUND_MIN: usize = 9;

/// The roots of compound words, the most severe first.
const COMPOUND_ROOTS: &[(&str, Sense)] = &[
    ("delete", Sense::DeleteVerb),
    ("payment", Sense::Certain(Effect::Pay)),
    ("transfer", Sense::Certain(Effect::Pay)),
    ("payout", Sense::Certain(Effect::Pay)),
    ("rolebinding", Sense::Certain(Effect::Access)),
    ("password", Sense::Certain(Effect::Access)),
    ("permission", Sense::Certain(Effect::Access)),
    ("credential", Sense::Certain(Effect::Access)),
    ("secret", Sense::Certain(Effect::Access)),
    ("apikey", Sense::Certain(Effect::Access)),
    ("accesskey", Sense::Certain(Effect::Access)),
    ("deployment", Sense::Certain(Effect::Code)),
    ("webhook", Sense::Message),
    ("message", Sense::Message),
];

/// A path, split into segments with their meaning.
#[derive(Debug)]
pub(crate) struct Route<'a> {
    segments: Vec<Segment<'a>>,
    /// The index of the segment that names the object or the action.
    tail: Option<usize>,
    /// The effect of that segment's words.
    effect_word: Option<EffectWord>,
    /// Which segments name a single object; computed on first use.
    are_names: OnceCell<Vec<bool>>,
}

#[derive(Debug)]
struct Segment<'a> {
    text: Cow<'a, str>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Words of the interface.
    Words,
    /// An identifier.
    Identifier,
    /// Text that servers may not treat as part of the path.
    Tail,
}

/// A word that implies an effect.
#[derive(Clone, Debug)]
pub(crate) struct EffectWord {
    pub(crate) sense: Sense,
    pub(crate) word: String,
}

impl<'a> Route<'a> {
    pub(crate) fn of(path: &'a str) -> Self {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let mut segments = Vec::new();
        // Whether servers may ignore the rest of the path.
        let mut has_ended = false;
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            let (own, rest) = Segment::split(segment);
            for text in std::iter::once(own).chain(rest) {
                let first = segments.len();
                let is_script = Segment::read(text, &mut segments);
                let read = &mut segments[first..];
                if has_ended {
                    for segment in read.iter_mut().filter(|segment| !segment.has_effect()) {
                        segment.kind = Kind::Tail;
                    }
                } else {
                    let ends = is_script || rest.is_some();
                    has_ended = ends && read.iter().any(Segment::has_effect);
                }
            }
        }
        Self::with(segments)
    }

    /// The name of a procedure, or the path of a call within a request.
    pub(crate) fn of_call(name: &'a str) -> Self {
        if name.contains('/') {
            return Self::of(name);
        }
        // The part before the last dot names the service, often with a version.
        let own = name.rsplit('.').next().filter(|own| !own.is_empty());
        let scope = name.len() - own.unwrap_or(name).len();
        let scope = name[..scope].trim_end_matches('.');
        let segments = [scope, own.unwrap_or(name)]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| Segment {
                text: Cow::Borrowed(text),
                kind: Kind::Words,
            })
            .collect();
        Self::with(segments)
    }

    fn with(segments: Vec<Segment<'a>>) -> Self {
        let tail = segments
            .iter()
            .rposition(Segment::is_known)
            .or_else(|| segments.iter().rposition(|one| one.kind == Kind::Words));
        let effect_word = tail
            .and_then(|tail| segments.get(tail))
            .and_then(Segment::effect_word);
        Self {
            segments,
            tail,
            effect_word,
            are_names: OnceCell::new(),
        }
    }

    /// Returns the word that says what the path does.
    pub(crate) fn effect_word(&self) -> Option<&EffectWord> {
        self.effect_word.as_ref()
    }

    /// An order to delete, in any segment that is a name of the interface.
    pub(crate) fn deleting_verb(&self) -> Option<String> {
        self.words()
            // A word like "deleted" describes a state, not an action.
            .find(|word| sense_of(word) == Some(Sense::DeleteVerb) && !word.ends_with("ed"))
            .map(str::to_lowercase)
    }

    /// Returns the most severe effect of the segments before it.
    pub(crate) fn above(&self) -> Option<EffectWord> {
        let tail = self.tail.unwrap_or_default();
        self.segments
            .get(..tail)?
            .iter()
            .filter_map(Segment::effect_word)
            .filter(|effect_word| {
                matches!(
                    effect_word.sense,
                    Sense::Certain(_) | Sense::Made(_) | Sense::Message
                )
            })
            .min_by_key(|effect_word| effect_word.sense.effect())
    }

    /// Whether the word by which it asks is one of a search or a computation, which changes nothing in
    /// what it is below: `/messages/search` and `/orders/calculate` as opposed to `/charges/validate`.
    pub(crate) fn only_computes(&self) -> bool {
        const COMPUTING: [&str; 14] = [
            "search",
            "query",
            "find",
            "lookup",
            "count",
            "get",
            "fetch",
            "read",
            "autocomplete",
            "calculate",
            "simulate",
            "estimate",
            "quote",
            "quotes",
        ];
        self.effect_word().is_some_and(|effect_word| {
            COMPUTING
                .iter()
                .any(|known| stem(known) == stem(&effect_word.word))
        })
    }

    /// Whether an identifier follows the segment that names the object.
    pub(crate) fn is_addressed(&self) -> bool {
        self.tail.is_some_and(|tail| {
            let mut behind = self.segments[tail + 1..].iter();
            behind.any(|segment| segment.kind != Kind::Tail)
        })
    }

    /// Whether it names a single thing: by an identifier, or as the caller's own.
    pub(crate) fn names_one(&self) -> bool {
        self.segments.iter().any(|segment| {
            segment.kind == Kind::Identifier
                || ["me", "my", "self", "current", "own"]
                    .iter()
                    .any(|own| segment.text.eq_ignore_ascii_case(own))
        })
    }

    /// The words of the interface, from the left.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.segments
            .iter()
            .filter(|segment| segment.kind == Kind::Words)
            .flat_map(|segment| words::of_name(&segment.text))
    }

    /// Returns the segments, and whether each names a single object. Identifiers do, and so does any
    /// text after the name of a collection that is not an API word, as in `/labels/needs-repro`.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, bool)> {
        let are_names = self.are_names.get_or_init(|| are_names(&self.segments));
        self.segments
            .iter()
            .map(|segment| &*segment.text)
            .zip(are_names.iter().copied())
    }

    /// The segments that are names of the interface, and no single things.
    pub(crate) fn own_words(&self) -> impl Iterator<Item = &str> {
        let parts = self.parts().filter(|(_, is_name)| !is_name);
        parts.map(|(text, _)| text)
    }

    /// Whether the last segment names a single object.
    pub(crate) fn ends_in_name(&self) -> bool {
        self.parts().last().is_some_and(|(_, is_name)| is_name)
    }

    /// Returns the decoded identifiers, each with the stem of the word before it.
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = (Stem, &str)> {
        let mut before = 0;
        self.segments.iter().filter_map(move |segment| {
            if segment.kind == Kind::Words {
                before = words::of_name(&segment.text).last().map_or(0, stem);
                return None;
            }
            Some((before, &*segment.text))
        })
    }

    /// Whether the segment it is about is followed by a verb that only changes what is there, as in
    /// `/messages/7/move` or `/messages/batchModify`.
    pub(crate) fn changes_present(&self) -> bool {
        const CHANGES: [&str; 10] = [
            "modify", "move", "update", "edit", "mark", "patch", "change", "rename", "assign",
            "tag",
        ];
        let tail = self.tail.unwrap_or_default();
        self.segments
            .last()
            .filter(|last| last.kind == Kind::Words && tail + 1 < self.segments.len())
            .is_some_and(|last| {
                words::of_name(&last.text)
                    .any(|word| CHANGES.iter().any(|known| word.eq_ignore_ascii_case(known)))
            })
    }

    /// Whether it is about where a name on the internet leads.
    pub(crate) fn changes_names(&self) -> bool {
        let is = |words: &[&str]| {
            self.words()
                .any(|word| words.iter().any(|known| word.eq_ignore_ascii_case(known)))
        };
        is(&[
            "dns",
            "domains",
            "domain",
            "zones",
            "hostedzone",
            "managedZones",
        ]) && is(&["record", "records", "rrset", "rrsets", "recordsets"])
    }

    /// Whether it is about someone within a group of people.
    pub(crate) fn adds_to_group(&self) -> bool {
        const PEOPLE: [&str; 5] = ["users", "user", "people", "accounts", "principals"];
        const GROUPS: [&str; 8] = [
            "groups",
            "group",
            "teams",
            "team",
            "organizations",
            "orgs",
            "roles",
            "workspaces",
        ];
        let is_one_of = |segment: &Segment<'_>, words: &[&str]| {
            words
                .iter()
                .any(|word| segment.text.eq_ignore_ascii_case(word))
        };
        let Some(tail) = self.tail else { return false };
        self.segments
            .get(tail)
            .is_some_and(|segment| is_one_of(segment, &PEOPLE))
            && self.segments[..tail]
                .iter()
                .any(|segment| is_one_of(segment, &GROUPS))
    }

    /// Whether it is a way to log in: what it yields is a token, and it gives nobody any right.
    pub(crate) fn logs_in(&self) -> bool {
        let tail = self.tail.and_then(|tail| self.segments.get(tail));
        tail.is_some_and(|tail| tail.text.to_ascii_lowercase().starts_with("token"))
            && self.words().any(|word| {
                ["oauth", "auth", "login", "connect", "signin"]
                    .iter()
                    .any(|known| word.eq_ignore_ascii_case(known))
            })
    }

    /// Whether the name says that it only asks: `DescribeInstances`, `eth_getBalance`. A second verb
    /// takes that back, as in `getAndDelete` or `mark_read`.
    pub(crate) fn only_asks(&self) -> bool {
        const ASKING: [&str; 16] = [
            "get", "list", "describe", "read", "search", "query", "count", "fetch", "find",
            "lookup", "show", "view", "estimate", "check", "batchget", "head",
        ];
        // A verb after such a word may change something, and a particle changes the meaning of a verb.
        const JOINING: [&str; 8] = ["and", "or", "then", "out", "in", "off", "down", "up"];
        let is_one_of =
            |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
        let Some(own) = self.segments.last() else {
            return false;
        };
        let mut words = words::of_name(&own.text);
        let (Some(first), second) = (words.next(), words.next()) else {
            return false;
        };
        let is_scope = || match sense_of(first) {
            None | Some(Sense::Thing | Sense::Likely(_)) => true,
            Some(_) => false,
        };
        let asks = is_one_of(first, &ASKING)
            || second.is_some_and(|second| is_one_of(second, &ASKING) && is_scope());
        asks && !words::of_name(&own.text).any(|word| is_one_of(word, &JOINING))
            && self.deleting_verb().is_none()
    }

    /// Whether the path is that of a service for XML envelopes, such as `/ws/UserService.asmx`: its
    /// last segment says so, and no other names a thing to act on or an effect.
    pub(crate) fn takes_envelopes(&self) -> bool {
        const SERVICE: [&str; 8] = [
            "asmx", "svc", "service", "services", "soap", "xmlrpc", "ws", "endpoint",
        ];
        let is =
            |word: &str, known: &[&str]| known.iter().any(|one| word.eq_ignore_ascii_case(one));
        // A version, as in `/soap/58.0`, identifies nothing.
        let is_version = |text: &str| {
            text.contains('.')
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.')
        };
        let names_nothing = self
            .segments
            .iter()
            .all(|segment| segment.kind == Kind::Words || is_version(&segment.text));
        if !names_nothing {
            return false;
        }
        if self.is_endpoint() {
            return true;
        }
        // Salesforce puts a letter behind the service: `/services/Soap/u/58.0`.
        let mut segments = self.segments.iter();
        let Some(service) = segments.rfind(|one| !is_version(&one.text) && one.text.len() > 1)
        else {
            return false;
        };
        let is_plain = |word: &str| is(word, &ENDPOINT) || is(word, &SERVICE);
        let may_be_named = |word: &str| {
            is_plain(word) || matches!(sense_of(word), None | Some(Sense::Thing | Sense::Likely(_)))
        };
        let may_be_above =
            |word: &str| is_plain(word) || matches!(sense_of(word), None | Some(Sense::Thing));
        words::of_name(&service.text)
            .last()
            .is_some_and(|last| is(last, &SERVICE))
            && words::of_name(&service.text).all(may_be_named)
            && segments
                .flat_map(|one| words::of_name(&one.text))
                .all(may_be_above)
    }

    /// Whether the path is one where documents of GraphQL are taken.
    pub(crate) fn takes_documents(&self) -> bool {
        self.words().any(|word| {
            ["graphql", "gql"]
                .iter()
                .any(|known| word.eq_ignore_ascii_case(known))
        })
    }

    /// Whether the path names nothing but a place where calls are taken, such as `/rpc` or
    /// `/api/graphql`.
    pub(crate) fn is_endpoint(&self) -> bool {
        let is = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
        let is_graphql = || self.words().any(|word| is(word, "graphql"));
        // One key or version may be among them.
        let mut identifiers = self.segments.iter().filter(|one| one.kind != Kind::Words);
        let is_plain = |segment: &Segment<'_>| {
            let mut bytes = segment.text.bytes();
            bytes.all(|byte| byte.is_ascii_alphanumeric() || b"$-_.".contains(&byte))
        };
        identifiers.next().is_none_or(is_plain)
            && identifiers.next().is_none()
            && self.words().all(|word| {
                // Shopify keeps its GraphQL below `/admin`.
                ENDPOINT.iter().any(|known| is(word, known)) || is(word, "admin") && is_graphql()
            })
    }

    /// Returns the path without the ending by which frameworks choose the response format, if it has one:
    /// they treat `/v1/charges.csv` like `/v1/charges`. Returns `None` for a path to a stored file.
    pub(crate) fn without_format(&self, path: &'a str) -> Option<&'a str> {
        const FORMATS: [&str; 9] = [
            "csv", "html", "js", "md", "pdf", "txt", "xls", "yaml", "yml",
        ];
        const KEPT: [&str; 10] = [
            "attachment",
            "blob",
            "content",
            "document",
            "drive",
            "file",
            "folder",
            "import",
            "object",
            "upload",
        ];
        let (bare, ending) = path.trim_end_matches('/').rsplit_once('.')?;
        let is_format = FORMATS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known));
        let is_kept = || {
            let mut words = self.words();
            words.any(|word| KEPT.iter().any(|known| stem(word) == stem(known)))
        };
        (is_format && !is_kept()).then_some(bare)
    }

    /// Every segment, decoded.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map(|segment| &*segment.text)
    }

    /// A file or folder on the way whose content is run.
    pub(crate) fn run_place(path: &str) -> Option<&'static str> {
        let found = RUN_PLACE_FINDER.find(&*words_decoded(path))?;
        RUN_PLACES.get(found.pattern().as_usize()).copied()
    }

    /// A segment that stands for secrets: the one the request is about by its last word, any
    /// other only as a whole.
    pub(crate) fn secret_place(&self) -> Option<String> {
        const FILES: [&str; 7] = [
            ".env",
            "id_rsa",
            ".pem",
            "credentials.json",
            ".npmrc",
            ".pgpass",
            ".htpasswd",
        ];
        const COMPOUNDS: [&str; 7] = [
            "apikey",
            "privatekey",
            "accesskey",
            "secretkey",
            "securitycredential",
            "clientsecret",
            "sshkey",
        ];
        self.segments
            .iter()
            .enumerate()
            .find_map(|(number, segment)| {
                let lower = segment.text.to_ascii_lowercase();
                let squeezed: String = lower.chars().filter(char::is_ascii_alphabetic).collect();
                let squeezed = squeezed.trim_end_matches('s');
                let is_file = FILES.iter().any(|name| lower.ends_with(name));
                let is_place = segment.kind == Kind::Words
                    && (lexicon::is_secret_place(stem(squeezed)) || COMPOUNDS.contains(&squeezed));
                let is_last = Some(number) == self.tail
                    && words::of_name(&lower)
                        .last()
                        .is_some_and(|word| lexicon::is_secret_place(stem(word)));
                (is_file || is_place || is_last).then_some(lower)
            })
    }
}

fn are_names(segments: &[Segment<'_>]) -> Vec<bool> {
    const OF_TWO_NAMES: [&str; 2] = ["repos", "repositories"];
    let mut names_left = 0_usize;
    let mut is_second_name = false;
    let is_name = |segment: &Segment<'_>| {
        let text = &*segment.text;
        if segment.kind != Kind::Words {
            names_left = names_left.saturating_sub(1);
            return true;
        }
        let is_distinctive = |word: &str| Classes::of(stem(word)).is_distinctive();
        // A verb may be written like a name: `_search`, `send-now`.
        let is_compound = text.contains(['-', '.', '_'])
            && !words::of_name(text).next().is_some_and(is_distinctive);
        let is_known = words::of_name(text).any(is_distinctive);
        if names_left > 0 && (is_compound || !is_known || is_second_name) {
            names_left -= 1;
            is_second_name = names_left > 0;
            return true;
        }
        is_second_name = false;
        names_left = if OF_TWO_NAMES.contains(&text) {
            2
        } else {
            usize::from(text.len() > 3 && text.ends_with('s') && !text.ends_with("ss"))
        };
        false
    };
    segments.iter().map(is_name).collect()
}

impl Sense {
    /// The effect that the sense leads to.
    pub(crate) fn effect(self) -> Effect {
        match self {
            Self::DeleteVerb => Effect::Delete,
            Self::Certain(effect) | Self::Likely(effect) | Self::Made(effect) => effect,
            Self::Message => Effect::ShareOutside,
            Self::Thing | Self::PlainVerb => Effect::Change,
            Self::Asks => Effect::Read,
        }
    }
}

impl<'a> Segment<'a> {
    /// Splits what is between two slashes at an escaped question mark or number sign, which some servers
    /// decode before they look for the end of the path.
    fn split(segment: &'a str) -> (&'a str, Option<&'a str>) {
        let bytes = segment.as_bytes();
        let end = memchr::memchr_iter(b'%', bytes)
            .filter(|at| *at > 0)
            .find(|at| {
                let escape = bytes.get(at + 1..at + 3).unwrap_or_default();
                escape == b"23" || escape.eq_ignore_ascii_case(b"3f")
            });
        end.map_or((segment, None), |end| {
            (&segment[..end], Some(&segment[end + 3..]))
        })
    }

    /// Reads a segment, or an identifier and the verb behind its colon. Returns whether it is a script,
    /// to which what follows is an argument.
    fn read(segment: &'a str, segments: &mut Vec<Self>) -> bool {
        // The part after a semicolon is parameters, which many servers drop.
        let own = segment.split(';').next().filter(|own| !own.is_empty());
        let mut text = words_decoded(own.unwrap_or(segment));
        // Parentheses contain arguments.
        if let Some(at) = text.find('(')
            && at > 0
        {
            text = Cow::Owned(text[..at].to_owned());
        }
        if let Some(folded) = folded(&text) {
            text = Cow::Owned(folded);
        }
        if let Some(trimmed) = trimmed(&text) {
            text = Cow::Owned(trimmed.to_owned());
        }
        let lower = text.to_ascii_lowercase();
        let is_script = SCRIPT_ENDINGS.iter().any(|ending| lower.ends_with(ending));
        for ending in FORMAT_ENDINGS {
            if let Some(stripped) = text.strip_suffix(ending)
                && stripped
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
            {
                text = Cow::Owned(stripped.to_owned());
                break;
            }
        }
        let kind = if identifies(&text) {
            Kind::Identifier
        } else {
            Kind::Words
        };
        if kind == Kind::Identifier
            && let Some((own, verb)) = custom_verb(&text)
        {
            let (own, verb) = (Cow::Owned(own.to_owned()), Cow::Owned(verb.to_owned()));
            segments.push(Self { text: own, kind });
            segments.push(Self {
                text: verb,
                kind: Kind::Words,
            });
        } else {
            segments.push(Self { text, kind });
        }
        is_script
    }

    /// Whether the segment stands for something that matters by itself.
    fn has_effect(&self) -> bool {
        self.effect_word().is_some_and(|effect_word| {
            !matches!(
                effect_word.sense,
                Sense::Asks | Sense::PlainVerb | Sense::Thing
            )
        })
    }

    /// Whether the segment names something that interfaces have: a known word, or a plural.
    fn is_known(&self) -> bool {
        self.kind == Kind::Words
            && (words::of_name(&self.text).any(|word| {
                matches!(sense_of(word), Some(sense) if sense != Sense::PlainVerb)
                    || lexicon::concepts(stem(word)) != 0
            }) || self.text.len() > 4 && self.text.ends_with('s') && !self.text.ends_with("ss"))
    }

    /// Returns the word that says what the segment does. An order to delete wins. Otherwise the last
    /// known word decides, because `order-items` are items.
    fn effect_word(&self) -> Option<EffectWord> {
        if self.kind != Kind::Words {
            return None;
        }
        let known: Vec<(Sense, &str)> = words::of_name(&self.text)
            .filter_map(|word| sense_of(word).map(|sense| (sense, word)))
            .filter(|(sense, _)| *sense != Sense::PlainVerb)
            .collect();
        let last = words::of_name(&self.text)
            .filter(|word| sense_of(word) != Some(Sense::PlainVerb))
            .last();
        let first = known.first().filter(|(sense, _)| *sense == Sense::Asks);
        if let Some((sense, word)) = first
            && known
                .iter()
                .all(|(sense, _)| rank(*sense) >= rank(Sense::Likely(Effect::Read)))
        {
            return Some(EffectWord {
                sense: *sense,
                word: word.to_lowercase(),
            });
        }
        let deleting = known.iter().find(|(sense, _)| *sense == Sense::DeleteVerb);
        let head = known.last().filter(|(_, word)| Some(*word) == last);
        let gravest = known
            .iter()
            .min_by_key(|(sense, _)| (rank(*sense), sense.effect()));
        deleting
            .or(head)
            .or(gravest)
            .map(|(sense, word)| EffectWord {
                sense: *sense,
                word: word.to_lowercase(),
            })
    }
}

fn rank(sense: Sense) -> u8 {
    match sense {
        Sense::DeleteVerb => 0,
        Sense::Certain(_) => 1,
        Sense::Message => 2,
        Sense::Made(_) => 3,
        Sense::Likely(_) => 4,
        Sense::Asks => 5,
        Sense::Thing => 6,
        Sense::PlainVerb => 7,
    }
}

/// The sense of a word as it is written. A few plurals are other things than their singulars.
fn sense_of(word: &str) -> Option<Sense> {
    if word.eq_ignore_ascii_case("books") || word.eq_ignore_ascii_case("blocks") {
        return Some(Sense::Thing);
    }
    if word.eq_ignore_ascii_case("statuses") {
        return Some(Sense::Certain(Effect::ShareOutside));
    }
    lexicon::sense(stem(word)).or_else(|| {
        // Some interfaces write compounds without a mark between their words.
        let long = (word.len() >= COMPOUND_MIN).then(|| word.to_ascii_lowercase())?;
        COMPOUND_ROOTS
            .iter()
            .find(|(root, _)| long.contains(root))
            .map(|(_, sense)| *sense)
    })
}

/// Whether a segment is an identifier rather than a word of the interface.
fn identifies(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let letters = segment.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_name = [
        "oauth2", "oauth1", "s3", "ec2", "k8s", "2fa", "x509", "route53",
    ]
    .iter()
    .any(|name| segment.eq_ignore_ascii_case(name));
    let is_version = segment.len() <= 12 && segment.starts_with(['v', 'V']) && digits <= 3;
    if digits > 0 && !is_name && !is_version {
        return true;
    }
    if segment.starts_with(['!', '#', '@', '$', '~']) || segment.contains(['@', ' ', ',', '=']) {
        return true;
    }
    if letters == 0 {
        return true;
    }
    let is_capital = segment.len() >= 5 && segment.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_capital && !names_effect(segment) {
        return true;
    }
    segment
        .rsplit_once('.')
        .is_some_and(|(_, ending)| FILE_ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

/// Whether a segment of words stands for something that matters, as opposed to a verb that says no more
/// than the method, or a question.
fn names_effect(text: &str) -> bool {
    words::of_name(text)
        .filter_map(sense_of)
        .any(|sense| !matches!(sense, Sense::Asks | Sense::PlainVerb))
}

/// Returns a segment without the spaces around it and the marks behind it, which many servers drop;
/// `None` where nothing is dropped or where what is left is not a known name of interfaces.
fn trimmed(text: &str) -> Option<&str> {
    let own = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let own = own.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ':');
    (own.len() < text.len() && names_effect(own)).then_some(own)
}

/// Returns a segment with the words in small letters whose capitals would hide them, as in `cHARGES`:
/// many servers ignore the case of a path.
fn folded(text: &str) -> Option<String> {
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let is_hidden = |run: &str| {
        words::of_name(run).nth(1).is_some()
            && lexicon::sense(stem(run))
                .is_some_and(|sense| !matches!(sense, Sense::Asks | Sense::PlainVerb))
    };
    let mut folded = None;
    for run in text.split(|c| !is_letter(c)).filter(|run| is_hidden(run)) {
        let own = folded.get_or_insert_with(|| text.to_owned());
        *own = own.replace(run, &run.to_ascii_lowercase());
    }
    folded
}

/// Returns an identifier and the verb behind its colon, as in `7:deploy`; `None` where what is behind
/// the colon has no effect, and for the identifiers of Matrix and of Amazon, which have colons in them.
fn custom_verb(text: &str) -> Option<(&str, &str)> {
    let (own, verb) = text.rsplit_once(':')?;
    let has_colons = text.starts_with(['!', '#', '@', '$', '~'])
        || own.starts_with("arn:")
        || own.starts_with("urn:");
    let is_word = verb.bytes().all(|byte| byte.is_ascii_alphabetic());
    (!has_colons && !own.is_empty() && is_word && names_effect(verb)).then_some((own, verb))
}

/// Words may be spelled with escapes; the upstream reads through them, so the judge does too.
fn words_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| std::str::from_utf8(tail.get(..2)?).ok())
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = escaped {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect_word(path: &str) -> Option<(Sense, String)> {
        Route::of(path)
            .effect_word()
            .map(|effect_word| (effect_word.sense, effect_word.word.clone()))
    }

    #[test]
    fn the_last_name_of_the_interface_says_what_a_request_is_about() {
        let certain = |effect, word: &str| Some((Sense::Certain(effect), word.to_owned()));
        let message = |word: &str| Some((Sense::Message, word.to_owned()));
        for (path, expected) in [
            ("/v1/charges", certain(Effect::Pay, "charges")),
            (
                "/repos/o/r/collaborators/mallory",
                certain(Effect::Access, "collaborators"),
            ),
            ("/api/chat.postMessage", message("message")),
            ("/rooms/!r:x/send/m.room.message/1", message("message")),
            (
                "/2010-04-01/Accounts/AC12/Messages.json",
                message("messages"),
            ),
            (
                "/repos/o/r/actions/workflows/w.yml/dispatches",
                certain(Effect::Code, "dispatches"),
            ),
            (
                "/orders/%23W12/items",
                Some((Sense::Thing, "items".to_owned())),
            ),
            ("/orders/%23W12/cancel", certain(Effect::Delete, "cancel")),
            (
                "/orders",
                Some((Sense::Made(Effect::Pay), "orders".to_owned())),
            ),
            (
                "/users/1/shipping-address",
                Some((Sense::Thing, "address".to_owned())),
            ),
            (
                "/documents:batchDelete",
                Some((Sense::DeleteVerb, "delete".to_owned())),
            ),
            (
                "/drive/root:/payment-list.docx:/content",
                Some((Sense::Thing, "content".to_owned())),
            ),
        ] {
            assert_eq!(effect_word(path), expected, "{path}");
        }
    }

    #[test]
    fn identifiers_come_with_the_word_before_them() {
        let route = Route::of("/orders/%23W12/items/7");
        let identifiers: Vec<_> = route.identifiers().collect();
        assert_eq!(identifiers, [(stem("order"), "#W12"), (stem("item"), "7")]);
        assert!(route.is_addressed());
    }
}
