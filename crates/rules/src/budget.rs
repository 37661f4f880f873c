//! The work that the evaluation of one condition may do.

use crate::failure::Cause;
use crate::value::Value;

/// The limit on the steps of a condition. A step takes about ten nanoseconds, so a condition takes at most
/// about a millisecond.
pub const STEPS_MAX: u32 = 100_000;

/// The number of bytes of text that are searched or copied in one step.
pub(crate) const BYTES_PER_STEP: usize = 64;

/// The steps that are left to an evaluation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    steps_left: u32,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            steps_left: STEPS_MAX,
        }
    }

    /// Takes steps from the budget, before they are done.
    pub(crate) fn work(&mut self, steps: usize) -> Result<(), Cause> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.steps_left = self.steps_left.checked_sub(steps).ok_or(Cause::Work)?;
        Ok(())
    }

    /// Returns the text of a value, and takes the steps for reading it.
    pub(crate) fn text<'t>(&mut self, value: &'t Value<'_>) -> Result<&'t str, Cause> {
        match value {
            Value::Text(text) => {
                self.work(text.len() / BYTES_PER_STEP)?;
                Ok(text)
            }
            _ => Err(Cause::Kind),
        }
    }
}
