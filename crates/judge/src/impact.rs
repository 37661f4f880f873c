//! Scores the operation of a request: the verb, the class of its object, and the place.
//!
//! A request may contain calls, in a batch or to a procedure. Each of them is an operation, and the one
//! with the highest score counts, so that an added call never lowers the score.

use gaiterguard_domain::request::is_safe;
use gaiterguard_request::opened::{Request, is_safe_method};
use gaiterguard_text::classes::{Class, Classes};
use gaiterguard_text::words::{of_name, stem};
use http::Method;

use crate::call::only_asks;
use crate::features::{Features, Names};
use crate::field::{Fields, Inner};
use crate::route::Route;

/// The verb of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Read,
    Ask,
    Post,
    Update,
    Delete,
}

impl Verb {
    fn of(method: &Method) -> Self {
        match *method {
            _ if is_safe(method) => Self::Read,
            Method::DELETE => Self::Delete,
            Method::PUT | Method::PATCH => Self::Update,
            _ => Self::Post,
        }
    }

    /// The verb of a call within a request.
    fn of_call(call: &Inner<'_>) -> Self {
        let is = |known: &str| {
            call.method
                .is_some_and(|method| method.eq_ignore_ascii_case(known))
        };
        match call.method {
            Some(method) if is_safe_method(method) => Self::Read,
            None if only_asks(call) => Self::Ask,
            _ if is("delete") => Self::Delete,
            _ if is("put") || is("patch") => Self::Update,
            _ => Self::Post,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Ask => "ask",
            Self::Post => "post",
            Self::Update => "upd",
            Self::Delete => "del",
        }
    }
}

/// One operation of a request.
#[derive(Clone, Copy, Debug)]
struct Operation<'a, 'r> {
    verb: Verb,
    route: &'r Route<'a>,
    host: &'a str,
}

/// Proven facts about a request as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Certain {
    /// All of it only asks.
    pub(crate) is_asking: bool,
    /// It is nothing but the calls in it.
    pub(crate) is_nothing_but_calls: bool,
}

/// The verb of the request itself.
pub(crate) fn verb(request: &Request<'_>, is_asking: bool) -> Verb {
    match Verb::of(request.method) {
        Verb::Post if is_asking => Verb::Ask,
        verb => verb,
    }
}

/// Returns the log-odds of the operation with the highest score, and the names of the features of each
/// operation if the caller asks for them.
pub(crate) fn score(
    request: &Request<'_>,
    route: &Route<'_>,
    fields: &Fields<'_>,
    certain: Certain,
    kept: Names,
) -> (f64, Vec<Vec<String>>) {
    let host = request.host;
    let mut gravest: Option<f64> = None;
    let mut names = Vec::new();
    let mut add = |verb, route: &Route<'_>| {
        let mut features = Features::new(kept);
        Operation { verb, route, host }.count(&mut features);
        let sum = features.sum();
        gravest = Some(gravest.map_or(sum, |known| known.max(sum)));
        if kept == Names::Kept {
            names.push(features.into_names());
        }
    };
    if !certain.is_nothing_but_calls {
        add(verb(request, certain.is_asking), route);
    }
    for call in &fields.calls {
        add(Verb::of_call(call), &Route::of_call(call.name));
    }
    (gravest.unwrap_or_default(), names)
}

impl Operation<'_, '_> {
    fn count(self, features: &mut Features) {
        let verb = self.verb.name();
        let of = |text: &str| Classes::of_all(of_name(text).map(stem));
        let parts: Vec<(&str, bool)> = self.route.parts().collect();
        let words = || {
            parts
                .iter()
                .filter(|(_, is_name)| !is_name)
                .map(|(text, _)| *text)
        };
        let names = || {
            parts
                .iter()
                .filter(|(_, is_name)| *is_name)
                .map(|(text, _)| *text)
        };
        let tail = words().next_back().map(of).unwrap_or_default();
        let above = words()
            .map(of)
            .fold(Classes::default(), Classes::with)
            .without(tail);
        features.add(&["~v:", verb]);
        // All of a collection is another thing than one of its items, however small these are.
        let is_one = parts.last().is_some_and(|(_, is_name)| *is_name);
        let of_what = if self.verb == Verb::Delete && !is_one {
            "delall"
        } else {
            verb
        };
        for class in tail.names() {
            features.add(&["~vt:", of_what, ":", class]);
            features.add(&["~t:", class]);
        }
        if tail.is_empty() {
            features.add(&["~vt:", of_what, ":none"]);
        }
        for class in above.names() {
            features.add(&["~va:", verb, ":", class]);
            features.add(&["~a:", class]);
        }
        let ends = if is_one { "one" } else { "many" };
        features.add(&["~e:", verb, ":", ends]);
        let count = match names().count() {
            0 => "0",
            1 => "1",
            2 => "2",
            _ => "3",
        };
        features.add(&["~ids:", count]);
        let places = names().map(of).fold(Classes::default(), Classes::with);
        for (class, name) in [(Class::Sandbox, "sandbox"), (Class::Production, "prod")] {
            if places.has(class) {
                features.add(&["~idc:", name]);
            }
        }
        if of(self.host).has(Class::Sandbox) {
            features.add(&["~host:sandbox"]);
        }
        if self
            .route
            .texts()
            .any(|text| matches!(text, "me" | "self" | "@me" | "-"))
        {
            features.add(&["~me"]);
        }
    }
}
