//! Comparing the names in a map of the request with those of a condition. One that some servers take
//! for the other leaves it open whether the condition holds.

use super::Evaluation;
use crate::expression::Expression;
use crate::failure::Cause;
use crate::respelled::Names;
use crate::value::Value;

/// How many bytes of a name are searched in its other spellings for one step.
const BYTES_PER_SPELLING_STEP: usize = 8;

impl<'v> Evaluation<'v, '_> {
    /// Returns the kind of name that a part is, if it is one of the request's own names. Servers may read it
    /// as another name.
    pub(crate) fn names(&self, part: &Expression) -> Option<Names> {
        self.item_names.filter(|_| part.is_item())
    }

    /// Whether a name of the request's own is equal to a value. It is open where it is another
    /// spelling of it.
    pub(crate) fn equal_name(
        &mut self,
        names: Names,
        key: &Value<'v>,
        value: &Value<'v>,
    ) -> Result<bool, Cause> {
        let is_equal = self.budget.equal(key, value)?;
        match (key, value) {
            (Value::Text(key), Value::Text(name)) if !is_equal && names.is_respelled(key, name) => {
                Err(Cause::Ambiguous)
            }
            _ => Ok(is_equal),
        }
    }

    /// No for a text; open where it is a name and `holds` does for another spelling of it.
    pub(crate) fn unless_respelled(
        &mut self,
        names: Option<Names>,
        text: &str,
        holds: impl FnMut(&str) -> bool,
    ) -> Result<bool, Cause> {
        let Some(names) = names else {
            return Ok(false);
        };
        self.budget.work(text.len() / BYTES_PER_SPELLING_STEP)?;
        if names.any_spelling(text, holds) {
            return Err(Cause::Ambiguous);
        }
        Ok(false)
    }
}
