//! Who sends something, who else gets it, and what is attached to it.

use crate::value::Value;
use crate::words::{is_in, spaced, words};

/// Words in the names of those that something comes from.
const SENDERS: &str = "author consignor from originator sender shipper";

/// Words in the names of those that replies go to.
const REPLIES: &str = "reply replyto respond return";

/// Names of values that say nothing without the name around them.
const GENERAL: &str = "address email id mail mobile msisdn name number phone value";

/// Words in the names of what is attached.
const ATTACHED: &str = "attach attachment attachments enclosure enclosures inline_attachments";

/// Names of what is attached.
const FILE_NAMES: &str = "file_name filename name title";

/// The shortest text that is encoded data rather than a word, in bytes.
const ENCODED_BYTES_MIN: usize = 80;

/// Words in front of those who get a copy of a message, or the replies to it.
pub(crate) const COPIES: [&str; 3] = ["cc", "bcc", "reply to"];

/// Whether a value names the party that something comes from.
pub(crate) fn is_sender(value: &Value) -> bool {
    said(&value.names).any(|word| is_in(SENDERS, &word))
        && !said(&value.names).any(|word| is_in("to recipient forward", &word))
}

/// Returns whether a dotted name is that of those who get a copy or the replies: one of [`COPIES`].
pub(crate) fn copy_of(name: &str) -> Option<&'static str> {
    let words: Vec<String> = name.split('.').flat_map(words).collect();
    if words.iter().any(|word| is_in(REPLIES, word)) {
        return Some("reply to");
    }
    words.iter().rev().find_map(|word| {
        let word = word.strip_suffix('s').unwrap_or(word);
        let is_of = |copy: &&str| word == *copy || word.strip_suffix("recipient") == Some(copy);
        COPIES.into_iter().find(is_of)
    })
}

/// Whether a value belongs to what is attached.
pub(crate) fn is_attached(value: &Value) -> bool {
    let mut names = value.names.iter();
    names.any(|name| words(name).any(|word| is_in(ATTACHED, &word)))
}

/// Whether a value is the name of what is attached.
pub(crate) fn names_attachment(value: &Value) -> bool {
    let name = spaced(value.name()).replace(' ', "_");
    is_attached(value)
        && (is_in(FILE_NAMES, &name) || is_in(ATTACHED, &name) && is_short(&value.text))
}

/// Whether a text is data that is encoded for the transport, which nobody can read.
pub(crate) fn is_encoded(text: &str) -> bool {
    let is_of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
    text.len() >= ENCODED_BYTES_MIN
        && text.bytes().all(is_of_base64)
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_short(text: &str) -> bool {
    text.len() < ENCODED_BYTES_MIN
}

/// Returns the words of the last name, and of the one before it if the last one is general.
fn said(names: &[String]) -> impl Iterator<Item = String> {
    let mut names = names.iter().rev();
    let own = names.next().map_or("", |name| &**name);
    let is_general = words(own).all(|word| is_in(GENERAL, &word));
    let outer = names
        .next()
        .filter(|_| is_general)
        .map_or("", |name| &**name);
    words(own)
        .chain(words(outer))
        .collect::<Vec<_>>()
        .into_iter()
}
