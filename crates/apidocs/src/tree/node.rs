//! Reads one value of a document.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Number, Value};

use super::budget::Budget;
use super::limits::DEPTH_MAX;
use super::part::Part;
use super::spot::Spot;
use super::wanted::Place;
use crate::include::Include;
use crate::openapi;

/// A value to parse, at its place in a description. It counts values while it parses, skips those that
/// a description does not need, and merges repeated keys. `request` reads YAML with a visitor of its own,
/// because it must keep everything that a server may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'b> {
    budget: &'b Budget,
    part: Part<'b>,
    spot: Spot,
    depth: usize,
    /// The place in the tree of references.
    place: Option<&'b Place>,
    /// Whether the value is kept only for what references lead to in it.
    is_skipped: bool,
}

impl<'b> Node<'b> {
    /// Returns the document itself.
    pub(super) fn root(budget: &'b Budget, part: Part<'b>) -> Self {
        let selects = part.include.is_some();
        Self {
            budget,
            part,
            spot: if selects {
                Spot::Selected
            } else {
                Spot::Described
            },
            depth: 0,
            place: part.wanted.top(),
            is_skipped: false,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.budget.take_value()?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.budget.take_value()?;
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.budget.take_value()?;
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.budget.take_value()?;
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.budget.take_value()?;
        self.budget.take_text(value)?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.budget.take_value()?;
        self.budget.take_text(&value)?;
        Ok(Value::String(value))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.budget.take_value()?;
        Ok(Value::Null)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        self.budget.take_value()?;
        if self.spot == Spot::Scalar {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let spot = match self.spot {
            Spot::Requirements => Spot::Named,
            _ => Spot::Described,
        };
        let mut members = Vec::new();
        loop {
            let place = self
                .place
                .and_then(|place| place.below(&members.len().to_string()));
            let member = match (self.is_skipped, place) {
                (true, None) => {
                    if list.next_element::<IgnoredAny>()?.is_none() {
                        break;
                    }
                    members.push(Value::Null);
                    continue;
                }
                (true, Some(place)) => self.inner(spot, Some(place), !place.is_end())?,
                (false, place) => self.inner(spot, place, false)?,
            };
            match list.next_element_seed(member)? {
                Some(value) => members.push(value),
                None => break,
            }
        }
        Ok(Value::Array(members))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.budget.take_value()?;
        if self.spot == Spot::Scalar {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut members = Map::new();
        while let Some(key) = map.next_key::<Key>()? {
            let Key(key) = key;
            // serde_json passes numbers with their original spelling in this form.
            if key == "$serde_json::private::Number" && members.is_empty() {
                let number: String = map.next_value()?;
                return number
                    .parse()
                    .map(Value::Number)
                    .map_err(|_| A::Error::custom("an invalid number"));
            }
            self.budget.take_text(&key)?;
            let Some(inner) = self.member(&key)? else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let mark = self.budget.mark();
            let value = map.next_value_seed(inner)?;
            let is_left = match self.part.include {
                Some(include) if inner.place.is_none() => self.is_selected(include, &key, &value),
                _ => true,
            };
            if is_left {
                insert(&mut members, key, value);
            } else {
                self.budget.restore(mark);
            }
        }
        Ok(Value::Object(members))
    }
}

impl<'b> Node<'b> {
    /// Returns how the value of a key is read; `None` if it is skipped.
    fn member<E: serde::de::Error>(&self, key: &str) -> Result<Option<Self>, E> {
        let place = self.place.and_then(|place| place.below(key));
        let is_selected = match self.part.include {
            Some(include) if self.spot == Spot::Paths => include.admits_path(key),
            _ => true,
        };
        // References lead on from a value that is kept only for them.
        if self.is_skipped && key == "$ref" {
            return self.inner(Spot::Described, None, false).map(Some);
        }
        match (self.spot.of(key), place) {
            (Some(spot), place) if !self.is_skipped && is_selected => {
                self.inner(spot, place, false).map(Some)
            }
            (_, Some(place)) => {
                let is_end = place.is_end();
                let spot = self.spot.of_wanted(key, is_end);
                self.inner(spot, Some(place), !is_end).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Returns whether a value that was read is selected.
    fn is_selected(&self, include: &Include, key: &str, value: &Value) -> bool {
        match self.spot {
            Spot::Path if openapi::is_method(key) => include.admits_operation(value),
            Spot::Paths => openapi::has_operations(value),
            _ => true,
        }
    }

    fn inner<E: serde::de::Error>(
        &self,
        spot: Spot,
        place: Option<&'b Place>,
        is_skipped: bool,
    ) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(format_args!(
                "values nest deeper than {DEPTH_MAX} levels"
            )));
        }
        Ok(Self {
            spot,
            depth: self.depth + 1,
            place,
            is_skipped,
            ..*self
        })
    }
}

/// Merges the values of a repeated key as far as they are compatible: documents that are assembled from
/// parts repeat paths.
fn insert(members: &mut Map<String, Value>, key: String, value: Value) {
    match (members.get_mut(&key), value) {
        (Some(Value::Object(before)), Value::Object(more)) => before.extend(more),
        (_, value) => {
            members.insert(key, value);
        }
    }
}

/// A key of a map: any scalar, as it is spelled.
struct Key(String);

impl<'de> serde::Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }

            fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Key, E> {
                Ok(Key(key.to_owned()))
            }

            fn visit_string<E: serde::de::Error>(self, key: String) -> Result<Key, E> {
                Ok(Key(key))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}
