//! `all`, `exists`, `exists_one`, `map` and `filter`, which the parser has written out as loops.

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, Expr, LiteralValue, operators};

use super::{Compiler, Typed, typed};
use crate::condition_error::ConditionError;
use crate::expression::{Each, Operation, Quantifier};
use crate::kind::Kind;
use crate::names;

/// A macro call before the parser expanded it.
struct Written<'e> {
    quantifier: Quantifier,
    filter: Option<&'e IdedExpr>,
    body: &'e IdedExpr,
}

impl Compiler<'_> {
    pub(super) fn each(
        &mut self,
        at: usize,
        comprehension: &ComprehensionExpr,
    ) -> Result<Typed, ConditionError> {
        let range = self.part(&comprehension.iter_range)?;
        self.expect(&range, &[Kind::List, Kind::Map], "expected a list or a map")?;
        if self.item.is_some() {
            return Err(self.error(
                at,
                "all, exists, exists_one, map and filter cannot be nested",
            ));
        }
        let name = &comprehension.iter_var;
        if names::is_variable(name) {
            let message = format!("`{name}` is a variable: expected another name for the item");
            return Err(self.error(at, message));
        }
        let Some(written) = written(comprehension) else {
            return Err(self.error(at, "expected all, exists, exists_one, map or filter"));
        };
        self.item = Some(name.clone());
        let filter = written.filter.map(|filter| self.truth(filter)).transpose();
        let body = match written.quantifier {
            Quantifier::Map => self.part(written.body),
            _ => self.truth(written.body),
        };
        self.item = None;
        let each = Each {
            quantifier: written.quantifier,
            range: range.expression,
            filter: filter?.map(|filter| filter.expression),
            body: body?.expression,
        };
        let kind = match written.quantifier {
            Quantifier::Map => Kind::List,
            _ => Kind::Bool,
        };
        Ok(typed(at, Operation::Each(each.into()), kind))
    }

    pub(super) fn truth(&mut self, tree: &IdedExpr) -> Result<Typed, ConditionError> {
        let part = self.part(tree)?;
        self.expect(&part, &[Kind::Bool], "expected true or false")?;
        Ok(part)
    }
}

/// Reads the loop back. The parser makes no others than these.
fn written(comprehension: &ComprehensionExpr) -> Option<Written<'_>> {
    let step = arguments(&comprehension.loop_step);
    let plain = |quantifier, body| {
        Some(Written {
            quantifier,
            filter: None,
            body,
        })
    };
    match (&comprehension.accu_init.expr, step?) {
        (Expr::Literal(LiteralValue::Boolean(start)), (_, [_, body])) => {
            let quantifier = if *start.inner() {
                Quantifier::All
            } else {
                Quantifier::Exists
            };
            plain(quantifier, body)
        }
        (Expr::Literal(LiteralValue::Int(_)), (operators::CONDITIONAL, [body, _, _])) => {
            plain(Quantifier::ExistsOne, body)
        }
        (Expr::List(_), (operators::CONDITIONAL, [filter, append, _])) => Some(Written {
            quantifier: Quantifier::Map,
            filter: Some(filter),
            body: appended(append)?,
        }),
        (Expr::List(_), (operators::ADD, _)) => {
            plain(Quantifier::Map, appended(&comprehension.loop_step)?)
        }
        _ => None,
    }
}

fn arguments(tree: &IdedExpr) -> Option<(&str, &[IdedExpr])> {
    match &tree.expr {
        Expr::Call(call) if call.target.is_none() => Some((&call.func_name, &call.args)),
        _ => None,
    }
}

/// The item that is appended to the loop's list.
fn appended(tree: &IdedExpr) -> Option<&IdedExpr> {
    match arguments(tree)? {
        (operators::ADD, [_, list]) => match &list.expr {
            Expr::List(list) => list.elements.first(),
            _ => None,
        },
        _ => None,
    }
}
