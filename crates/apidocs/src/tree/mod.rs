//! Parses the JSON tree of a document within limits. It skips values that a description of an API does
//! not need while parsing, and counts those it keeps, including expanded aliases.

mod budget;
mod limits;
mod node;
mod part;
mod spot;
mod wanted;

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use serde::de::DeserializeSeed as _;
use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;

use crate::include::Include;
use crate::{pointer, stack};
use budget::Budget;
use limits::{DEPTH_MAX, TEXT_BYTES_MAX};
use node::Node;
use part::Part;
use wanted::Wanted;

/// The limit on the parser events that YAML aliases may produce.
const REPLAYED_EVENTS_MAX: usize = 300_000;

/// The time limit for parsing YAML. The largest documents within the other limits take a third of it.
const YAML_TIME_MAX: Duration = Duration::from_secs(30);

/// The size of the pieces of a YAML text that the parser gets, in bytes. The time limit can be exceeded
/// by one piece.
const PIECE_BYTES: usize = 4096;

/// The reason why a tree could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The line, counted from 1, if it is known.
    pub(crate) line: Option<u64>,
    /// The problem.
    pub(crate) trouble: String,
}

/// The limit on the times that a document is parsed for parts that references lead to. Each time
/// finds the references in the parts that the time before added.
const ROUNDS_MAX: usize = 4;

/// Parses JSON or YAML. If references lead to parts that are skipped, the document is parsed again with
/// these parts.
pub(crate) fn read(text: &str, include: Option<&Include>) -> Result<Value, Broken> {
    let end = Instant::now() + YAML_TIME_MAX;
    let mut wanted = Wanted::default();
    let mut tree = parse(text, include, &wanted, end)?;
    for _ in 0..ROUNDS_MAX {
        let mut is_more = false;
        for pointer in pointer::missing(&tree) {
            if include.is_some() || spot::may_be_skipped(&pointer) {
                is_more |= wanted.add(&pointer);
            }
        }
        if !is_more {
            break;
        }
        // With these parts the document may be too large. Then the references lead nowhere.
        match parse(text, include, &wanted, end) {
            Ok(more) => tree = more,
            Err(_) => break,
        }
    }
    Ok(tree)
}

/// Parses a text once. A text that begins like JSON but is not JSON may still be YAML, which allows
/// comments and trailing commas.
fn parse(
    text: &str,
    include: Option<&Include>,
    wanted: &Wanted,
    end: Instant,
) -> Result<Value, Broken> {
    let part = Part { include, wanted };
    if text.trim_start().starts_with(['{', '[']) {
        let broken = match from_json(text, part) {
            Ok(tree) => return Ok(tree),
            Err(broken) => broken,
        };
        return from_yaml(text, part, end).map_err(|_| broken);
    }
    from_yaml(text, part, end)
}

fn from_json(text: &str, part: Part<'_>) -> Result<Value, Broken> {
    let budget = Budget::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Node::root(&budget, part)
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| Broken {
            line: Some(error.line() as u64),
            trouble: error.to_string(),
        })
}

fn from_yaml(text: &str, part: Part<'_>, end: Instant) -> Result<Value, Broken> {
    stack::on_a_large_one(|| read_yaml(text, part, end)).unwrap_or_else(|| {
        Err(Broken {
            line: None,
            trouble: "the YAML reader failed".to_owned(),
        })
    })
}

fn read_yaml(text: &str, part: Part<'_>, end: Instant) -> Result<Value, Broken> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 8_000_000,
            max_nodes: 8_000_000,
            max_depth: DEPTH_MAX * 2,
            max_total_scalar_bytes: 2 * TEXT_BYTES_MAX,
            max_merge_keys: 50_000,
            enforce_alias_anchor_ratio: false,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        null_as_string: true,
        ignore_binary_tag_for_string: true,
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: REPLAYED_EVENTS_MAX,
        },
    };
    let budget = Budget::default();
    let is_late = Cell::new(false);
    let timed = Timed {
        rest: text.as_bytes(),
        end,
        is_late: &is_late,
    };
    serde_saphyr::with_deserializer_from_reader_with_options(timed, options, |deserializer| {
        Node::root(&budget, part).deserialize(deserializer)
    })
    .map_err(|error| Broken {
        line: error.location().map(|location| location.line()),
        trouble: if is_late.get() {
            format!(
                "this YAML takes longer than {} seconds to read: split it, or write it as JSON",
                YAML_TIME_MAX.as_secs()
            )
        } else {
            error.to_string()
        },
    })
}

/// A reader that fails once the time limit is reached.
struct Timed<'t> {
    rest: &'t [u8],
    end: Instant,
    is_late: &'t Cell<bool>,
}

impl Read for Timed<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if Instant::now() > self.end {
            self.is_late.set(true);
            return Err(io::ErrorKind::TimedOut.into());
        }
        let length = room.len().min(PIECE_BYTES);
        self.rest.read(&mut room[..length])
    }
}
