//! The assessor that looks at the method and the words of the path, and at nothing else.

use gaiterguard_domain::request::is_safe;
use gaiterguard_domain::verdict::{Signal, Verdict};
use http::Method;

use crate::effect::{self, Effect};
use crate::words;

/// The score of a method that asks for nothing to change.
const SAFE_SCORE: f64 = 0.05;

/// The score of a change that no word makes worse.
const CHANGE_SCORE: f64 = 0.4;

/// The score of a change with an effect that a human is to see.
const EFFECT_SCORE: f64 = 0.7;

/// The score of DELETE.
const DELETE_SCORE: f64 = 0.8;

/// The score of a safe method on a path that orders a deletion: the method says one thing and
/// the path another.
const CONTRADICTION_SCORE: f64 = 0.6;

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The method.
    pub method: &'a Method,
    /// The whole path as it will be sent, without the query.
    pub path: &'a str,
}

/// Judges a request by its method and the words of its path.
pub fn assess(subject: Subject<'_>) -> Verdict {
    let words = words::of_path(subject.path);
    let mut signals = vec![method_signal(subject.method)];
    if is_safe(subject.method) {
        signals.extend(
            words
                .iter()
                .find(|word| effect::is_deleting_verb(word))
                .map(|word| Signal {
                    code: "safe_method_deletes".to_owned(),
                    weight: CONTRADICTION_SCORE,
                    evidence: "path".to_owned(),
                    sentence: format!(
                        "{} should change nothing, but the path says “{word}”.",
                        subject.method
                    ),
                }),
        );
    } else {
        signals.extend(effect_signals(&words));
    }
    let score = signals
        .iter()
        .map(|signal| signal.weight)
        .fold(0.0, f64::max);
    let explanation = explain(&signals);
    Verdict {
        score,
        explanation,
        signals,
    }
}

fn method_signal(method: &Method) -> Signal {
    let (code, weight, sentence) = if is_safe(method) {
        (
            "reads",
            SAFE_SCORE,
            format!("{method} asks for nothing to change."),
        )
    } else if method == Method::DELETE {
        (
            "method_deletes",
            DELETE_SCORE,
            "DELETE removes what the path names.".to_owned(),
        )
    } else {
        (
            "changes",
            CHANGE_SCORE,
            format!("{method} creates or changes something."),
        )
    };
    Signal {
        code: code.to_owned(),
        weight,
        evidence: "method".to_owned(),
        sentence,
    }
}

/// One signal for each kind of effect, with the first word that stands for it.
fn effect_signals(words: &[String]) -> Vec<Signal> {
    let mut found: Vec<(Effect, &str)> = Vec::new();
    for word in words {
        if let Some(effect) = Effect::of_word(word)
            && !found.iter().any(|(known, _)| *known == effect)
        {
            found.push((effect, word));
        }
    }
    found.sort_unstable();
    found
        .into_iter()
        .map(|(effect, word)| Signal {
            code: effect.code().to_owned(),
            weight: EFFECT_SCORE,
            evidence: "path".to_owned(),
            sentence: format!(
                "The word “{word}” in the path says that it {}.",
                effect.phrase()
            ),
        })
        .collect()
}

fn explain(signals: &[Signal]) -> String {
    let worst = signals
        .iter()
        .rev()
        .max_by(|a, b| a.weight.total_cmp(&b.weight))
        .map_or("", |signal| signal.sentence.as_str());
    format!("{worst} Judged by method and path alone; the body and the intent were not weighed.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(method: &str, path: &str) -> f64 {
        assess(Subject {
            method: &method.parse().unwrap(),
            path,
        })
        .score
    }

    #[test]
    fn plain_reads_are_forwarded() {
        for path in [
            "/customers/cus_1",
            "/_matrix/client/v3/joined_rooms",
            "/api/contents",
            "/payments",
            "/files/deleted",
        ] {
            assert!(score("GET", path) < 0.5, "{path}");
        }
        assert!(score("HEAD", "/") < 0.5);
    }

    #[test]
    fn ordinary_changes_are_forwarded() {
        for path in ["/customers", "/api/contents/notes.txt", "/tasks/1"] {
            assert!(score("POST", path) < 0.5, "{path}");
        }
    }

    #[test]
    fn what_deletes_pays_grants_or_shares_is_held() {
        for (method, path) in [
            ("DELETE", "/anything"),
            ("POST", "/v1/charges"),
            ("POST", "/v1/refunds"),
            ("POST", "/transactions"),
            ("PUT", "/repos/o/r/collaborators/u"),
            ("POST", "/users/1/api_keys"),
            ("PATCH", "/policies/x"),
            ("POST", "/chat.postMessage"),
            ("PUT", "/_matrix/client/v3/rooms/!r:x/send/m.room.message/1"),
            (
                "PUT",
                "/_matrix/client/v3/rooms/%21abcDEF%3Alocalhost/send/m.room.message/t1",
            ),
            (
                "PUT",
                "/_matrix/client/v3/rooms/%21abcDEF%3Alocalhost/redact/%24event/t1",
            ),
            ("POST", "/files/1/share"),
            ("POST", "/files/1/delete"),
            ("POST", "/%64elete"),
            ("POST", "/repos/o/r/actions/workflows/w/dispatches"),
            ("GET", "/chat.delete"),
        ] {
            assert!(score(method, path) >= 0.5, "{method} {path}");
        }
    }

    #[test]
    fn the_explanation_names_the_word_and_admits_what_was_not_looked_at() {
        let verdict = assess(Subject {
            method: &Method::POST,
            path: "/v1/charges",
        });
        assert_eq!(
            verdict.explanation,
            "The word “charges” in the path says that it moves money or commits to paying. \
             Judged by method and path alone; the body and the intent were not weighed."
        );
    }
}
