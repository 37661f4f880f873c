//! The verb of a method, for a path without a verb.

use gaiterguard_domain::effect::Effect;
use http::Method;

use super::form::Form;
use crate::words::{is_in, noun_of, singular, words};

/// Words for what is sent to people.
const MESSAGES: &str = "message mail email sms mms fax letter notification invitation chat";

/// Returns the verb of a method, for a path that ends with `word`, or with a name if it is `None`.
pub(super) fn plain(
    effect: Effect,
    method: &Method,
    word: Option<&str>,
    form: Form,
) -> &'static str {
    let is_named = word.is_none();
    let sends = effect == Effect::ShareOutside
        && word.is_some_and(|word| words(word).any(|word| is_in(MESSAGES, &singular(&word))));
    match *method {
        Method::DELETE => "Delete",
        Method::PUT => match form {
            Form::Empty => "Set",
            Form::Fields => "Change",
            Form::Whole => "Replace",
        },
        Method::PATCH => "Change",
        Method::POST if effect == Effect::Read => "Read",
        Method::POST if sends => "Send",
        Method::POST if effect == Effect::Code && word.is_some_and(is_runnable) => "Run",
        Method::POST if is_named => "Change",
        // There is one visibility of an album, so it is set and not created.
        Method::POST if word.is_some_and(is_quality) => "Set",
        Method::POST => "Create",
        _ => of_method(method.as_str()),
    }
}

/// Returns the verb of a method that few APIs have: those of WebDAV (RFC 4918) and its relatives.
fn of_method(method: &str) -> &'static str {
    match method {
        "COPY" => "Copy",
        "LINK" => "Link",
        "LOCK" => "Lock",
        "MKCALENDAR" => "Create calendar",
        "MKCOL" => "Create folder",
        "MOVE" => "Move",
        "PROPPATCH" => "Change properties of",
        "PURGE" => "Purge",
        "UNLINK" => "Unlink",
        "UNLOCK" => "Unlock",
        _ => "Read",
    }
}

/// Whether a word names those who take part in the object before it, or marks of it: they are added to it.
pub(super) fn is_relation(word: &str) -> bool {
    const RELATIONS: &str = "admin administrator approver assignee assignment attendee collaborator contributor editor \
        follower guest label maintainer manager member membership moderator operator owner participant permission \
        principal privilege reader recipient reviewer role subscriber tag user viewer watcher writer";
    let noun = noun_of(word);
    is_in(RELATIONS, noun.rsplit(' ').next().unwrap_or_default())
}

/// Whether a word names what is run when it is created. Anything else, such as a record, only takes part in it.
fn is_runnable(word: &str) -> bool {
    const RUNNABLE: &str = "action build command deployment evaluation exec execution function invocation job \
        lambda pipeline process query run script task test workflow";
    words(word).any(|word| is_in(RUNNABLE, &singular(&word)))
}

/// Whether a word names a quality of an object: each has one of them.
pub(super) fn is_quality(word: &str) -> bool {
    const QUALITIES: &str =
        "config configuration limit ownership preference price privacy setting state status";
    word.ends_with("ility") || is_in(QUALITIES, &singular(word))
}
