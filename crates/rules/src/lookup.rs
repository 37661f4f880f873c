//! Finds a member of a map. A name that appears more than once is a failure, because upstreams differ in
//! which one they use.

use std::collections::HashSet;

use gaiterguard_request::Node;
use http::HeaderMap;

use crate::budget::Budget;
use crate::facts::Query;
use crate::failure::Cause;
use crate::number::{self, Number};
use crate::respelled::is_respelled;
use crate::value::{Map, Members, Value, order};

/// Above this many members a map is searched once for each name, and the place remembered for the other conditions.
/// Searching a smaller one again is faster than remembering.
const SEARCHED_AGAIN_MAX: usize = 16;

/// How many members of a map are looked at for one step. Comparing a name with so many takes about as long as
/// another step.
const MEMBERS_PER_STEP: usize = 16;

/// How many bytes of names are compared, or of a query searched, for one step, so that long names cannot make steps
/// slow.
const NAME_BYTES_PER_STEP: usize = 8;

/// How many places are remembered. The list is searched from its beginning, so a longer one would cost more than it
/// saves.
const REMEMBERED_MAX: usize = 128;

/// Where the members of large maps are, for all conditions that are evaluated on a request.
#[derive(Debug, Default)]
pub(crate) struct Memory<'v> {
    places: Vec<(*const (), &'v str, Place)>,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Nowhere,
    At(usize),
    Repeated,
    /// Under a name that some servers take for it.
    Respelled,
}

fn place(members: Members<'_>, name: &str) -> Place {
    let mut found = Place::Nowhere;
    for (index, (key, _)) in members.iter().enumerate() {
        if *key == name {
            found = match found {
                Place::Nowhere => Place::At(index),
                Place::Respelled => Place::Respelled,
                Place::At(_) | Place::Repeated => return Place::Repeated,
            };
        } else if is_respelled(key, name) {
            found = Place::Respelled;
        }
    }
    found
}

impl Budget {
    /// The member of a map by its name in the condition.
    pub(crate) fn member<'v>(
        &mut self,
        memory: &mut Memory<'v>,
        operand: &Value<'v>,
        name: &'v str,
    ) -> Result<Option<Value<'v>>, Cause> {
        match operand {
            Value::Map(Map::Members(members)) => {
                let found = self.remembered(memory, members, name)?;
                found.map(Value::of_node).transpose()
            }
            Value::Map(map) => self.named(map, name),
            _ => Err(Cause::Kind),
        }
    }

    /// The item of a list, or the member of a map.
    pub(crate) fn indexed<'v>(
        &mut self,
        operand: &Value<'v>,
        index: &Value<'v>,
    ) -> Result<Option<Value<'v>>, Cause> {
        match (operand, index) {
            (Value::Map(map), index) => self.entry(map, index),
            (Value::List(list), Value::Number(at)) => {
                let whole = match at {
                    Number::Int(int) => Some(*int),
                    Number::Double(double) => number::whole(*double),
                };
                let index = whole.ok_or(Cause::Kind)?;
                usize::try_from(index).map_or(Ok(None), |index| list.get(index))
            }
            _ => Err(Cause::Kind),
        }
    }

    /// The member of a map by any key.
    pub(crate) fn entry<'v>(
        &mut self,
        map: &Map<'v>,
        key: &Value<'v>,
    ) -> Result<Option<Value<'v>>, Cause> {
        match (map, key) {
            (Map::Built(entries), key) => {
                self.work(entries.len())?;
                let mut same = entries
                    .iter()
                    .filter(|(one, _)| order(one, key).is_ok_and(std::cmp::Ordering::is_eq));
                let found = same.next().map(|(_, value)| value.clone());
                if same.next().is_some() {
                    return Err(Cause::Repeated);
                }
                Ok(found)
            }
            (map, Value::Text(name)) => self.named(map, name),
            _ => Err(Cause::Kind),
        }
    }

    fn named<'v>(&mut self, map: &Map<'v>, name: &str) -> Result<Option<Value<'v>>, Cause> {
        match map {
            Map::Members(members) => {
                self.work(members.len() / MEMBERS_PER_STEP)?;
                let found = at(members, place(members, name))?;
                found.map(Value::of_node).transpose()
            }
            Map::Query(query) => {
                let query: &'v Query<'v> = query;
                self.work(query.bytes() / NAME_BYTES_PER_STEP)?;
                let found = query.value(name)?;
                Ok(found.map(|value| Value::text(value)))
            }
            Map::Headers(headers) => {
                self.work(headers.len() / MEMBERS_PER_STEP)?;
                header(headers, name)
            }
            Map::Built(_) => self.entry(map, &Value::Text(name.to_owned().into())),
        }
    }

    /// Returns the member of a map in the body, from the cache if it was looked up before.
    pub(crate) fn remembered<'v>(
        &mut self,
        memory: &mut Memory<'v>,
        members: Members<'v>,
        name: &'v str,
    ) -> Result<Option<&'v Node<'v>>, Cause> {
        if members.len() <= SEARCHED_AGAIN_MAX {
            return at(members, place(members, name));
        }
        let address = members.as_ptr().cast();
        let known = memory
            .places
            .iter()
            .find(|(map, key, _)| *map == address && *key == name);
        if let Some((_, _, place)) = known {
            return at(members, *place);
        }
        self.work(members.len() / MEMBERS_PER_STEP)?;
        let found = place(members, name);
        if memory.places.len() < REMEMBERED_MAX {
            memory.places.push((address, name, found));
        }
        at(members, found)
    }

    /// The keys of a map.
    pub(crate) fn keys<'v>(&mut self, map: &Map<'v>) -> Result<Vec<Value<'v>>, Cause> {
        let keys: Vec<Value<'v>> = match map {
            Map::Members(members) => members.iter().map(|(name, _)| Value::text(name)).collect(),
            Map::Query(query) => {
                let query: &'v Query<'v> = query;
                query.names()?.map(|name| Value::text(name)).collect()
            }
            Map::Headers(headers) => {
                let headers: &'v HeaderMap = headers;
                headers
                    .keys()
                    .map(|name| Value::text(name.as_str()))
                    .collect()
            }
            Map::Built(entries) => entries.iter().map(|(key, _)| key.clone()).collect(),
        };
        let text = |key: &Value<'v>| match key {
            Value::Text(name) => name.len(),
            _ => 0,
        };
        let bytes: usize = keys.iter().map(text).sum();
        self.work(keys.len() + bytes / NAME_BYTES_PER_STEP)?;
        let mut seen = HashSet::with_capacity(keys.len());
        let is_repeated = keys
            .iter()
            .any(|key| matches!(key, Value::Text(name) if !seen.insert(&**name)));
        if is_repeated {
            return Err(Cause::Repeated);
        }
        // To a server that ignores case, two such names are one.
        let mut folded = HashSet::with_capacity(keys.len());
        let is_respelled = keys
            .iter()
            .any(|key| matches!(key, Value::Text(name) if !folded.insert(name.to_lowercase())));
        if is_respelled {
            return Err(Cause::Ambiguous);
        }
        Ok(keys)
    }

    /// Whether two values are equal. Null is unequal to everything else; values of different kinds
    /// cannot be compared, because the upstream may well take `"5"` for 5.
    pub(crate) fn equal<'v>(&mut self, left: &Value<'v>, right: &Value<'v>) -> Result<bool, Cause> {
        self.work(1)?;
        match (left, right) {
            (Value::Null | Value::Unknown, Value::Null | Value::Unknown) => Ok(true),
            (Value::Unknown, _) | (_, Value::Unknown) => Err(Cause::Missing),
            (Value::Null, _) | (_, Value::Null) => Ok(false),
            (Value::List(left), Value::List(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                for index in 0..left.len() {
                    let (Some(one), Some(other)) = (left.get(index)?, right.get(index)?) else {
                        return Ok(false);
                    };
                    if !self.equal(&one, &other)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Map(left), Value::Map(right)) => {
                let keys = self.keys(left)?;
                if keys.len() != self.keys(right)?.len() {
                    return Ok(false);
                }
                for key in keys {
                    let (Some(one), Some(other)) =
                        (self.entry(left, &key)?, self.entry(right, &key)?)
                    else {
                        return Ok(false);
                    };
                    if !self.equal(&one, &other)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Text(left), Value::Text(right)) => Ok(left == right),
            _ => order(left, right).map(std::cmp::Ordering::is_eq),
        }
    }
}

fn at(members: Members<'_>, place: Place) -> Result<Option<&Node<'_>>, Cause> {
    match place {
        Place::Nowhere => Ok(None),
        Place::Repeated => Err(Cause::Repeated),
        Place::Respelled => Err(Cause::Ambiguous),
        Place::At(index) => Ok(members.get(index).map(|(_, node)| node)),
    }
}

/// Returns the value of a header. Header names are lower case; any other name is not found. CGI servers
/// treat `-` and `_` alike.
fn header<'v>(headers: &'v HeaderMap, name: &str) -> Result<Option<Value<'v>>, Cause> {
    let is_alike = |known: &str| {
        known.len() == name.len()
            && known.bytes().zip(name.bytes()).all(|(one, other)| {
                one == other || matches!((one, other), (b'-' | b'_', b'-' | b'_'))
            })
    };
    let mut values = headers.iter().filter(|(known, _)| is_alike(known.as_str()));
    let found = values.next();
    if values.next().is_some() {
        return Err(Cause::Repeated);
    }
    if found.is_some_and(|(known, _)| known.as_str() != name) {
        return Err(Cause::Ambiguous);
    }
    match found.map(|(_, value)| std::str::from_utf8(value.as_bytes())) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(Value::text(text))),
        Some(Err(_)) => Err(Cause::Unreadable),
    }
}
