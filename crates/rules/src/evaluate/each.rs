//! The macros that look at each item of a list or each key of a map.

use std::rc::Rc;

use super::{Evaluation, failure, worse};
use crate::expression::{Each, Expression, Quantifier};
use crate::failure::{Cause, Failure};
use crate::respelled::Names;
use crate::value::{List, Map, Value};

impl<'v> Evaluation<'v, '_> {
    /// `all`, `exists`, `exists_one`, `map` and `filter`.
    pub(super) fn each(
        &mut self,
        part: &'v Expression,
        each: &'v Each,
    ) -> Result<Value<'v>, Failure> {
        self.made_names = None;
        let range = self.evaluate(&each.range)?;
        let names = match &range {
            Value::Map(Map::Built(_)) => None,
            Value::Map(Map::Headers(_)) => Some(Names::Headers),
            Value::Map(_) => Some(Names::Fields),
            _ => self.made_names,
        };
        let items = self.items(range).map_err(|cause| failure(part, cause))?;
        let mut failed = None;
        let mut mapped = Vec::new();
        let mut holding: usize = 0;
        for index in 0..items.len() {
            let item = items.get(index).map_err(|cause| failure(part, cause))?;
            self.item = item;
            self.item_names = names;
            let outcome = self.visit(each, &mut mapped);
            self.item = None;
            self.item_names = None;
            match (each.quantifier, outcome) {
                (Quantifier::All, Ok(false)) => return Ok(Value::Bool(false)),
                (Quantifier::Exists, Ok(true)) => return Ok(Value::Bool(true)),
                (_, Ok(holds)) => holding += usize::from(holds),
                (Quantifier::All | Quantifier::Exists, Err(why)) if why.cause != Cause::Work => {
                    failed = worse(failed, Some(why));
                }
                (_, Err(why)) => return Err(why),
            }
        }
        if let Some(why) = failed {
            return Err(why);
        }
        let keeps_names = each.quantifier == Quantifier::Map && each.body.is_item();
        self.made_names = names.filter(|_| keeps_names);
        Ok(match each.quantifier {
            Quantifier::All => Value::Bool(true),
            Quantifier::Exists => Value::Bool(false),
            Quantifier::ExistsOne => Value::Bool(holding == 1),
            Quantifier::Map => Value::List(List::Built(mapped.into())),
        })
    }

    fn visit(&mut self, each: &'v Each, mapped: &mut Vec<Value<'v>>) -> Result<bool, Failure> {
        if let Some(filter) = &each.filter
            && !self.truth(filter, failure(filter, Cause::Kind))?
        {
            return Ok(false);
        }
        if each.quantifier == Quantifier::Map {
            mapped.push(self.evaluate(&each.body)?);
            return Ok(true);
        }
        self.truth(&each.body, failure(&each.body, Cause::Kind))
    }

    /// The items of a list, or the keys of a map.
    fn items(&mut self, range: Value<'v>) -> Result<List<'v>, Cause> {
        match range {
            Value::List(list) => Ok(list),
            Value::Map(map) => {
                let keys = self.budget.keys(&map)?;
                Ok(List::Built(Rc::from(keys)))
            }
            _ => Err(Cause::Kind),
        }
    }
}
