//! The objects that a path names, and the words around them.

use gaiterguard_apidocs::{Operation, Place};
use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::{PartKind, path_parts};
use http::Method;

use crate::acts::{ACT_WRAPPERS, act_of, is_noun};
use crate::compound;
use crate::segments::{
    Parameter, decoded, is_collection, is_operation, is_script, keyed, matched, segments, shared,
    with_file, with_verb, without_format,
};
use crate::words::{
    SEVERAL, act_of_noun, begins_with_verb, is_caller, is_general, is_in, is_verb, is_version,
    singular, words,
};

/// The most names of a path that are kept.
const NAMES_MAX: usize = 16;

/// The most segments of an undocumented path that are read, as many as documented paths are matched to.
const SEGMENTS_MAX: usize = 128;

/// The objects that a path names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// The named objects, from left to right.
    pub(crate) names: Vec<Name>,
    /// All words of the interface, from left to right.
    pub(crate) words: Vec<String>,
    /// How many of the words follow the last name.
    trailing: usize,
}

/// An object that a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The word before it, such as `charges`, or else the name of the path parameter.
    pub(crate) noun: Option<String>,
    /// The decoded value.
    pub(crate) value: String,
    /// The document's description of the parameter.
    pub(crate) meaning: Option<String>,
    /// The word before the noun that says what kind of them it is: `payroll` in `/payroll/runs/r1`.
    pub(crate) qualifier: Option<String>,
}

impl Target {
    /// Finds the named objects by the documented template, or else by the words of the path.
    /// No segment of the service's base path is the name of an object.
    pub(crate) fn of(
        path: &str,
        base_path: &str,
        method: &Method,
        operation: Option<&Operation>,
    ) -> Self {
        let raw = segments(path);
        let documented = operation.and_then(|operation| Self::of_template(&raw, operation));
        documented.unwrap_or_else(|| {
            let (raw, is_custom) = with_verb(raw, method);
            Self::of_words(path, &raw, shared(&raw, base_path), method, is_custom)
        })
    }

    /// Returns the words after the last name, which name the collection or the act.
    pub(crate) fn trailing_words(&self) -> &[String] {
        &self.words[self.words.len() - self.trailing..]
    }

    /// Reads a query that is a single word without a value: it names a part of the object, as in
    /// `/bucket?policy`.
    pub(crate) fn narrow(&mut self, query: Option<&str>) {
        const PART_BYTES_MAX: usize = 24;
        let is_word = |query: &&str| {
            (2..=PART_BYTES_MAX).contains(&query.len())
                && query
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        };
        let Some(part) = query.filter(is_word) else {
            return;
        };
        // The end of the path is the object itself.
        if self.names.is_empty()
            && let Some(last) = self.words.pop()
        {
            self.trailing = self.trailing.saturating_sub(1);
            self.push_name(None, last, None);
        }
        self.push_word(part);
    }

    fn of_template(raw: &[&str], operation: &Operation) -> Option<Self> {
        let template: Vec<&str> = operation
            .template
            .split('/')
            .filter(|one| !one.is_empty())
            .collect();
        let parts = matched(raw, &template)?;
        let mut target = Self::default();
        let last = parts.len().saturating_sub(1);
        for (number, (pattern, text)) in parts.into_iter().enumerate() {
            if is_caller(&text) && (number < last || !target.names.is_empty()) {
                continue;
            }
            match Parameter::of(pattern) {
                Some(Parameter {
                    prefix,
                    name: parameter,
                    suffix,
                }) => {
                    let text = text
                        .strip_prefix(prefix)
                        .and_then(|text| text.strip_suffix(suffix))
                        .unwrap_or(&text);
                    let meaning = operation
                        .parameter(Place::Path, parameter)
                        .and_then(|known| known.description.clone());
                    target.push_name(Some(parameter), text.to_owned(), meaning);
                }
                None => target.push_word(without_format(pattern)),
            }
        }
        Some(target)
    }

    /// Finds the objects by the words of a path whose first `based` segments are those of the base path.
    /// `is_custom` is whether the last segment is a custom method.
    fn of_words(path: &str, raw: &[&str], based: usize, method: &Method, is_custom: bool) -> Self {
        // The end of a path says what the request is about.
        let left_out = raw.len().saturating_sub(SEGMENTS_MAX);
        let (raw, based) = (&raw[left_out..], based.saturating_sub(left_out));
        let parts = path_parts(path);
        let mut target = Self::default();
        let (raw, file) = with_file(raw, based, method);
        for (number, segment) in raw.iter().enumerate() {
            let text = decoded(segment);
            let is_last = number + 1 == raw.len();
            let may_be_version = target.is_at_root() || !is_last && target.is_at_interface();
            let is_placeless = is_caller(&text) && (!is_last || !target.names.is_empty());
            if is_version(&text) && may_be_version || is_placeless {
                continue;
            }
            // Words before a version are those of the interface and name no object: `/fapi/v1/order`.
            let is_marked = text.starts_with(['v', 'V', 'r', 'R']) && !is_last;
            if is_marked && !target.expects_name() && is_version(&text.replacen(['r', 'R'], "v", 1))
            {
                if target.names.is_empty() {
                    target.trailing = 0;
                }
                continue;
            }
            let bare = without_format(&text);
            // OData writes the key of an object in parentheses: `Orders(4711)`.
            if let Some((set, key)) = keyed(bare) {
                // The segments before the first set are the address of the interface.
                if raw
                    .iter()
                    .take(number)
                    .all(|one| keyed(&decoded(one)).is_none())
                {
                    target = Self::default();
                }
                target.push_word(set);
                target.push_name(None, key, None);
                continue;
            }
            let kind = parts
                .iter()
                .find(|part| part.text == text || part.text == bare)
                .map(|part| part.kind);
            // `/campaigns:mutate`, and the script that `/index.php/users` goes through.
            let is_prefix = number < based
                || is_custom && (is_last || number + 2 == raw.len() && is_collection(bare))
                || (!is_last || *method == Method::POST) && is_script(bare)
                || is_general(bare) && target.is_at_root();
            if is_prefix || target.is_word(bare, kind, raw.get(number + 1).copied(), method) {
                target.push_word(bare);
            } else {
                target.push_name(None, bare.to_owned(), None);
            }
        }
        if let Some(file) = file {
            target.push_name(None, file, None);
        }
        target
    }

    /// Whether only general words, such as `api`, were found so far.
    fn is_at_root(&self) -> bool {
        self.names.is_empty() && self.words.iter().all(|word| is_general(word))
    }

    /// Whether the last word is that of an interface, which its version follows: `/rest/api/3`.
    fn is_at_interface(&self) -> bool {
        let last = self.trailing_words().last();
        last.is_some_and(|word| matches!(&**word, "api" | "rest"))
    }

    /// Whether a segment is a word of the interface. A segment without a kind, which the assessor
    /// reads differently from how it is written, is a name unless it is a verb at the end.
    fn is_word(
        &self,
        text: &str,
        kind: Option<PartKind>,
        next: Option<&str>,
        method: &Method,
    ) -> bool {
        let is_last = next.is_none();
        // A decoded segment with such characters is the name of something: `team/blue`.
        if text.contains(|c: char| c == '/' || c.is_whitespace()) {
            return false;
        }
        // `$batch` and `_search` are marked as words of the interface.
        let marked = text.strip_prefix(['$', '_']);
        if marked.is_some_and(|word| {
            word.starts_with(|first: char| first.is_ascii_lowercase())
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        }) {
            return true;
        }
        // `/pumps/p1/operations/prime_line` says what is done.
        let is_of_acts = self
            .trailing_words()
            .last()
            .is_some_and(|last| is_in(ACT_WRAPPERS, last));
        if is_of_acts
            && is_last
            && *method == Method::POST
            && !self.names.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || b"_-".contains(&byte))
        {
            return true;
        }
        // `PUT /acl/default` is about one of the entries.
        if text == "default" && is_last && *method != Method::POST {
            return false;
        }
        // `POST /ops-oncall` is sent to a place with this name.
        if self.is_name_of_place(text) && is_last && *method == Method::POST {
            return false;
        }
        // `DELETE /deployments/checkout` is about one of them, although a checkout is also an act.
        if *method == Method::DELETE
            && is_last
            && self.expects_name()
            && singular(text) == text
            && !begins_with_verb(text)
            && act_of(Effect::Delete, text).is_none()
        {
            return false;
        }
        // `/payments/api-keys/k-12`: a collection of several words, and one of its items.
        if compound::is_collection(text)
            && next.is_some_and(|next| next.bytes().any(|byte| byte.is_ascii_digit()))
        {
            return true;
        }
        // In `DELETE /pipelines/send-invoices`, the verb belongs to the name.
        let is_named = *method != Method::POST
            && self.expects_name()
            && text.contains(['-', '_'])
            && !words(text).any(|word| SEVERAL.contains(&&*word) || word == "all");
        let is_act = is_last && !is_named && (begins_with_verb(text) || *method == Method::POST);
        // The act of an interface may have its group before it: `Default.Cancel`.
        let own = text.rsplit('.').next().unwrap_or(text);
        if is_last
            && *method == Method::POST
            && (act_of_noun(text).is_some() || own.len() < text.len() && begins_with_verb(own))
        {
            return true;
        }
        let Some(kind) = kind else {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_alphabetic());
            return is_last && is_plain && begins_with_verb(text);
        };
        // A bare number is a version only at the root; here it is more likely an id.
        let is_version = text
            .strip_prefix('v')
            .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        let is_upper = text.len() > 2 && !text.bytes().any(|byte| byte.is_ascii_lowercase());
        match kind {
            // An object may be called like a version: `/tags/v4`. A POST names a collection.
            _ if is_version => !is_last || *method == Method::POST,
            // Nothing is named by the first segment: `/EWS/exchange`.
            _ if is_upper => self.is_at_root() && !is_last,
            // `/functions/charge-cards/invocations` has a name between two collections.
            PartKind::Name
                if *method == Method::POST
                    && is_last
                    && (self.is_collection_of_name(text)
                        || act_of_noun(&singular(text)).is_some() && is_collection(text)) =>
            {
                true
            }
            // An identifier may begin like a verb: `run-bWSq4YeY`.
            PartKind::Name => {
                is_act && begins_with_verb(text) && !text.bytes().any(|byte| byte.is_ascii_digit())
            }
            _ if text.contains('.') => is_last && *method == Method::POST,
            _ if self.names_before_words(text, next, method) => false,
            PartKind::Unclear => is_act || !is_last && !self.expects_name(),
            PartKind::Word => {
                let is_compound = text.contains(['-', '_']) && !text.ends_with('s');
                is_act || !(is_named || is_compound && self.expects_name())
            }
        }
    }

    /// Whether a segment at the root is a name of several words: neither a collection nor an act.
    fn is_name_of_place(&self, text: &str) -> bool {
        let all: Vec<String> = words(text).collect();
        let says_act = |word: &String| is_verb(word) || act_of_noun(word).is_some();
        self.is_at_root()
            && text.contains(['-', '_'])
            && all.len() > 1
            && !all.iter().any(says_act)
            && all
                .last()
                .is_some_and(|last| singular(last) == *last && !is_noun(last))
            && !compound::is_noun(text)
    }

    /// Whether a segment that reads like a word is the name of an object, by what is around it: `/topics/orders/config`,
    /// `/job/deploy-prod/start`, `PUT /config/feature-x`.
    fn names_before_words(&self, text: &str, next: Option<&str>, method: &Method) -> bool {
        let is_plain = |word: &str| {
            word.bytes()
                .all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(&byte))
        };
        let follows_word = self
            .trailing_words()
            .last()
            .is_some_and(|last| !is_general(last));
        let follows_plural = self
            .trailing_words()
            .last()
            .is_some_and(|last| singular(last) != *last);
        if !follows_word
            || begins_with_verb(text) && !follows_plural && !next.is_some_and(is_operation)
        {
            return false;
        }
        let is_plural = singular(text) != text;
        let is_wordy = text.contains(['-', '_']) && !is_plural && !compound::is_noun(text);
        match next {
            Some(next) => is_plain(next) && (is_wordy || is_plural && follows_plural),
            None => {
                is_wordy
                    && self.names.is_empty()
                    && *method != Method::POST
                    && !begins_with_verb(text)
            }
        }
    }

    /// Whether a segment is a collection that belongs to the name before it.
    fn is_collection_of_name(&self, text: &str) -> bool {
        self.trailing == 0 && !self.names.is_empty() && text.len() > 4 && is_collection(text)
    }

    /// Whether the last word is plural, as that of a collection, so that a name may follow.
    fn expects_name(&self) -> bool {
        self.trailing > 0
            && self
                .words
                .last()
                .is_some_and(|word| word.ends_with('s') && !is_general(word))
    }

    fn push_word(&mut self, word: &str) {
        // OData and FHIR mark what is done, and a reference to what is added: `/patients/7/$merge`.
        let word = match word.strip_prefix('$') {
            Some("ref" | "links" | "value") => return,
            Some(marked) if !marked.is_empty() => marked,
            _ => word,
        };
        self.words.push(word.to_owned());
        self.trailing += 1;
    }

    fn push_name(&mut self, parameter: Option<&str>, value: String, meaning: Option<String>) {
        // The last names matter most: they are the object and what it belongs to.
        if self.names.len() == NAMES_MAX {
            self.names.remove(0);
        }
        // Two names may follow one word: `/repos/acme/site`.
        let (noun, qualifier) = match self.trailing_words() {
            [.., before, noun] => {
                let qualifies = parameter.is_none()
                    && !is_general(before)
                    && !begins_with_verb(before)
                    && singular(before) == *before
                    && singular(noun) != *noun;
                (Some(noun.clone()), qualifies.then(|| before.clone()))
            }
            words => (words.last().cloned(), None),
        };
        self.trailing = 0;
        self.names.push(Name {
            noun: noun.or_else(|| parameter.map(str::to_owned)),
            value,
            meaning,
            qualifier,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(target: &Target) -> Vec<(&str, &str)> {
        target
            .names
            .iter()
            .map(|name| (name.noun.as_deref().unwrap_or_default(), &*name.value))
            .collect()
    }

    fn documented(template: &str) -> Operation {
        Operation {
            template: template.to_owned(),
            ..Operation::default()
        }
    }

    #[test]
    fn a_documented_path_names_its_parameters() {
        let operation = documented("/contents/{path}");
        let target = Target::of(
            "/api/contents/reports/q%2016.txt",
            "/api",
            &Method::DELETE,
            Some(&operation),
        );
        assert_eq!(names(&target), [("contents", "reports/q 16.txt")]);
        let operation = documented("/Accounts/{Sid}.json");
        let target = Target::of(
            "/2010/Accounts/AC1.json",
            "",
            &Method::POST,
            Some(&operation),
        );
        assert_eq!(names(&target), [("Accounts", "AC1")]);
        let operation = documented("/repos/{owner}/{repo}/pulls/{number}/merge");
        let target = Target::of(
            "/repos/acme/site/pulls/7/merge",
            "",
            &Method::PUT,
            Some(&operation),
        );
        assert_eq!(
            names(&target),
            [("repos", "acme"), ("repo", "site"), ("pulls", "7")]
        );
        assert_eq!(target.trailing_words(), ["merge"]);
    }

    #[test]
    fn an_undocumented_path_names_what_is_not_a_word() {
        use Method as M;
        for (method, path, expected, trailing) in [
            (
                M::POST,
                "/v1/charges/ch_1234/refund",
                vec![("charges", "ch_1234")],
                vec!["refund"],
            ),
            (M::POST, "/v1/charges", vec![], vec!["charges"]),
            (
                M::POST,
                "/containers/create",
                vec![],
                vec!["containers", "create"],
            ),
            (
                M::POST,
                "/team/9013228104/time_entries",
                vec![("team", "9013228104")],
                vec!["time_entries"],
            ),
            (
                M::POST,
                "/2010-04-01/Accounts/AC51234/Messages.json",
                vec![("Accounts", "AC51234")],
                vec!["Messages"],
            ),
            (
                M::PUT,
                "/api/v2/tickets/5120.json",
                vec![("tickets", "5120")],
                vec![],
            ),
            (
                M::DELETE,
                "/v19.0/120951877",
                vec![("", "120951877")],
                vec![],
            ),
            (
                M::PUT,
                "/api/v1/monitor/120951877",
                vec![("monitor", "120951877")],
                vec![],
            ),
            (
                M::PUT,
                "/items/LAMP-ARC-BLK",
                vec![("items", "LAMP-ARC-BLK")],
                vec![],
            ),
            (
                M::DELETE,
                "/api/0/projects/northwind/legacy-ios/",
                vec![("projects", "northwind"), ("", "legacy-ios")],
                vec![],
            ),
            (
                M::DELETE,
                "/queues/prod/orders.dlq",
                vec![("queues", "prod"), ("", "orders.dlq")],
                vec![],
            ),
            (
                M::PATCH,
                "/namespaces/production/deployments/checkout-api/scale",
                vec![
                    ("namespaces", "production"),
                    ("deployments", "checkout-api"),
                ],
                vec!["scale"],
            ),
        ] {
            let target = Target::of(path, "", &method, None);
            assert_eq!(names(&target), expected, "{path}");
            let found: Vec<&str> = target
                .trailing_words()
                .iter()
                .map(|word| &**word)
                .filter(|word| !is_general(word))
                .collect();
            assert_eq!(found, trailing, "{path}");
        }
    }

    #[test]
    fn only_the_end_of_a_long_path_is_read() {
        let path = format!("{}/charges/ch_1234", "/v".repeat(8_000));
        let target = Target::of(&path, "", &Method::DELETE, None);
        assert_eq!(names(&target), [("charges", "ch_1234")]);
        assert!(target.words.len() < SEGMENTS_MAX);
    }

    #[test]
    fn the_base_path_of_a_service_names_no_object() {
        for (path, base_path, expected) in [
            (
                "/services/rest/tenants/t-4711/record/v1/task/88",
                "/services/rest/tenants/t-4711",
                vec![("task", "88")],
            ),
            ("/services/rest/record/v1/task/88", "", vec![("task", "88")]),
            // A service may have any other path as well.
            ("/tenants/t-4711", "/other", vec![("tenants", "t-4711")]),
            (
                "/tenants/t-4711",
                "/tenants/t-4711",
                vec![("tenants", "t-4711")],
            ),
        ] {
            let target = Target::of(path, base_path, &Method::PATCH, None);
            assert_eq!(names(&target), expected, "{path}");
        }
    }
}
