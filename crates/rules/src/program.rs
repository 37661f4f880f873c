//! A condition that is ready to be evaluated.

use crate::body_field::{self, BodyField};
use crate::compile::{Compiled, Uses, compile};
use crate::condition_error::ConditionError;
use crate::constant;
use crate::evaluate::{Evaluation, Spelling};
use crate::expression::Expression;
use crate::facts::Facts;
use crate::failure::{Cause, Failure};
use crate::lookup::Memory;
use crate::warning::ConditionWarning;

/// A compiled condition. Evaluating it cannot panic, waits for nothing and takes bounded time.
#[derive(Debug)]
pub struct Program {
    text: Box<str>,
    condition: Expression,
    uses: Uses,
    reads_path: bool,
    warnings: Box<[ConditionWarning]>,
}

impl Program {
    /// Compiles a condition in CEL.
    ///
    /// # Errors
    ///
    /// If the text is not an expression, is too long or too deep, uses an unknown name, or can never be
    /// evaluated to true or false.
    pub fn compile(text: &str) -> Result<Self, ConditionError> {
        let Compiled {
            condition,
            uses,
            reads_path,
            warnings,
        } = compile(text)?;
        Ok(Self {
            text: text.into(),
            condition,
            uses,
            reads_path,
            warnings: warnings.into(),
        })
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the facts that it uses.
    pub fn uses(&self) -> Uses {
        self.uses
    }

    /// Whether the condition matches a request. If the head decides it, the body does not count, whatever
    /// it contains and however much work it takes. So the result is the same before and after the body has
    /// arrived.
    ///
    /// # Errors
    ///
    /// If it cannot be evaluated on this request.
    pub fn evaluate(&self, facts: &Facts<'_>) -> Result<bool, Failure> {
        self.evaluate_with(facts, &mut Memory::default())
    }

    /// The same, with what other conditions have found out about the request.
    pub(crate) fn evaluate_with<'v>(
        &'v self,
        facts: &'v Facts<'v>,
        memory: &mut Memory<'v>,
    ) -> Result<bool, Failure> {
        let normal = self.evaluate_spelled(facts, memory, Spelling::Normal)?;
        // Upstreams differ in which escapes they decode before they look for a route.
        if self.reads_path && facts.path.decoded().is_some() {
            let decoded = self.evaluate_spelled(facts, memory, Spelling::Decoded)?;
            if decoded != normal {
                let (cause, at) = (Cause::Ambiguous, self.condition.at);
                return Err(Failure { cause, at });
            }
        }
        Ok(normal)
    }

    fn evaluate_spelled<'v>(
        &'v self,
        facts: &'v Facts<'v>,
        memory: &mut Memory<'v>,
        spelling: Spelling,
    ) -> Result<bool, Failure> {
        let whole = Evaluation::new(facts, memory, spelling).decide(&self.condition);
        // The head may still decide a condition whose evaluation on the body takes too much work. If
        // there are several failures, the returned one does not say whether that was among them.
        if whole.is_err() && self.uses.body && facts.content.is_some() {
            let by_head = Evaluation::new(&facts.of_head(), &mut Memory::default(), spelling)
                .decide(&self.condition);
            if !matches!(by_head, Err(failure) if failure.cause == Cause::NotKept) {
                return by_head;
            }
        }
        whole
    }

    /// Whether the condition is true for every request. False if that is not certain.
    pub fn is_always_true(&self) -> bool {
        constant::result(&self.condition) == Some(true)
    }

    /// Returns the fields of the body that the condition names.
    pub fn body_fields(&self) -> Vec<BodyField> {
        body_field::named(&self.text, &self.condition)
    }

    /// Returns the warnings for its author.
    pub fn warnings(&self) -> &[ConditionWarning] {
        &self.warnings
    }

    /// Where and why it could not be evaluated, for a human. Nothing of the request is in it.
    pub fn explain(&self, failure: Failure) -> String {
        let place = ConditionError::at(&self.text, failure.at as usize, "");
        format!(
            "{} (line {}, column {})",
            failure.cause.phrase(),
            place.line,
            place.column
        )
    }
}
