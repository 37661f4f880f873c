//! The request's path: `request.under`, and texts that the path is compared with.

use cel::IdedExpr;
use gaiterguard_domain::{path, target};

use super::{Compiler, Typed, typed};
use crate::condition_error::ConditionError;
use crate::expression::{Expression, Literal, Operation};
use crate::kind::Kind;
use crate::path::location;

/// How much of the path a text is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    Whole,
    Start,
    Part,
}

impl Compiler<'_> {
    /// Whether an operand is the variable `request`.
    pub(super) fn is_request(&self, operand: &IdedExpr) -> bool {
        matches!(self.fields_of(operand), Some(("request", _)))
    }

    /// `request.under("/path")`.
    pub(super) fn under(
        &mut self,
        at: usize,
        arguments: &[IdedExpr],
    ) -> Result<Typed, ConditionError> {
        const WANTED: &str = "expected one path written out, as in request.under(\"/v1/admin\")";
        let [argument] = arguments else {
            return Err(self.error(at, WANTED));
        };
        let text = self.literal_text(argument, WANTED)?;
        let at_text = self.offset(argument);
        if !text.starts_with('/') {
            return Err(self.error(at_text, "the path must begin with a slash"));
        }
        if text.contains('?') {
            return Err(self.error(at_text, "expected a path without a query"));
        }
        if text.contains('*') {
            let message = "a path has no wildcards: everything below it is included";
            return Err(self.error(at_text, message));
        }
        // A path that no request can have would never match.
        let spelled = text.replace(' ', "%20");
        target::check_relative(&spelled).map_err(|why| self.error(at_text, why.to_string()))?;
        let above = location(&path::decoded(&spelled));
        Ok(typed(at, Operation::Under(above), Kind::Bool))
    }

    /// Brings a text that the path is compared with into the path's normal form, and warns where
    /// other spellings of the path pass the comparison.
    pub(super) fn compare_with_path(
        &mut self,
        at: usize,
        left: &mut Expression,
        right: &mut Expression,
        compared: Compared,
    ) {
        let text = match (left.is_path(), right.is_path()) {
            (true, _) => right,
            (_, true) => left,
            _ => return,
        };
        let mut suggested = "/v1/admin".to_owned();
        if let Operation::Literal(Literal::Text(text)) = &mut text.operation {
            *text = path::normalized(text).into();
            if text.starts_with('/') && !text.contains(['"', '\\', '*', '?']) {
                suggested = match text.trim_end_matches('/') {
                    "" => "/".to_owned(),
                    path => path.to_owned(),
                };
            }
        }
        if compared == Compared::Part {
            return;
        }
        self.warn(
            at,
            format!(
                "this compares the path exactly, and many servers take another case, a slash or \
                 dot at the end or `;x` after a segment for the same path: use \
                 request.under(\"{suggested}\"), which covers those and everything below"
            ),
        );
    }
}
