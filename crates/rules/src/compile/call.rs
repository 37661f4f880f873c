//! Operators and functions.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, operators};
use gaiterguard_domain::currency::decimals;
use regex::RegexBuilder;

use super::path::Compared;
use super::{Compiler, Typed, typed};
use crate::calendar::{self, CalendarPart};
use crate::condition_error::ConditionError;
use crate::expression::{
    Arithmetic, Comparison, Conversion, Expression, Literal, Operation, Search,
};
use crate::kind::Kind;
use crate::names;

/// The most memory that a pattern may take once it is built, in bytes. Patterns that people write take some KiB;
/// nested repetitions such as `(a{99}){99}` take as much as they are given.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// The kinds of values that have an order.
const ORDERED: &[Kind] = &[Kind::Number, Kind::Text, Kind::Bool, Kind::Time, Kind::Span];

impl Compiler<'_> {
    pub(super) fn call(&mut self, at: usize, call: &CallExpr) -> Result<Typed, ConditionError> {
        let name = call.func_name.as_str();
        match (&call.target, call.args.as_slice()) {
            (None, [operand]) if name == operators::LOGICAL_NOT => {
                let operand = self.truth(operand)?;
                Ok(typed(
                    at,
                    Operation::Not(operand.expression.into()),
                    Kind::Bool,
                ))
            }
            (None, [operand]) if name == operators::NEGATE => {
                let operand = self.part(operand)?;
                self.expect(
                    &operand,
                    &[Kind::Number, Kind::Span],
                    "`-` is for a number or a duration",
                )?;
                let kind = operand.kind;
                Ok(typed(
                    at,
                    Operation::Negate(operand.expression.into()),
                    kind,
                ))
            }
            (None, [test, then, otherwise]) if name == operators::CONDITIONAL => {
                let test = self.truth(test)?;
                let (then, otherwise) = (self.part(then)?, self.part(otherwise)?);
                let kind = then.kind.or(otherwise.kind);
                let operation = Operation::Choose(
                    test.expression.into(),
                    then.expression.into(),
                    otherwise.expression.into(),
                );
                Ok(typed(at, operation, kind))
            }
            (None, [left, right]) if name.starts_with(['_', '@']) => {
                self.operator(at, name, left, right)
            }
            (Some(target), arguments) => self.method(at, name, target, arguments),
            (None, arguments) => self.function(at, name, arguments),
        }
    }

    fn operator(
        &mut self,
        at: usize,
        name: &str,
        left: &IdedExpr,
        right: &IdedExpr,
    ) -> Result<Typed, ConditionError> {
        match name {
            operators::LOGICAL_AND | operators::LOGICAL_OR => {
                let (left, right) = (self.truth(left)?, self.truth(right)?);
                let (left, right) = (left.expression.into(), right.expression.into());
                let operation = match name {
                    operators::LOGICAL_AND => Operation::And(left, right),
                    _ => Operation::Or(left, right),
                };
                Ok(typed(at, operation, Kind::Bool))
            }
            operators::INDEX => self.index(at, left, right),
            operators::IN => {
                let (needle, list) = (self.part(left)?, self.part(right)?);
                self.expect(
                    &list,
                    &[Kind::List, Kind::Map],
                    "`in` looks into a list or a map",
                )?;
                if let Operation::Literal(Literal::Text(name)) = &needle.expression.operation {
                    let at = needle.expression.at as usize;
                    self.check_header_name(at, &list.expression, name)?;
                }
                let (mut needle, mut list) = (needle, list);
                if let Operation::List(items) = &mut list.expression.operation {
                    for item in items {
                        self.check_effect(&needle.expression, item)?;
                        self.compare_with_path(at, &mut needle.expression, item, Compared::Whole);
                    }
                }
                let operation = Operation::In(needle.expression.into(), list.expression.into());
                Ok(typed(at, operation, Kind::Bool))
            }
            operators::EQUALS | operators::NOT_EQUALS => {
                let (left, right) = (self.part(left)?, self.part(right)?);
                if !left.kind.compares_with(right.kind) {
                    return Err(self.incomparable(at, &left, &right));
                }
                let (mut left, mut right) = (left.expression, right.expression);
                self.check_effect(&left, &right)?;
                self.compare_with_path(at, &mut left, &mut right, Compared::Whole);
                let (left, right) = (left.into(), right.into());
                let operation = match name {
                    operators::EQUALS => Operation::Equal(left, right),
                    _ => Operation::NotEqual(left, right),
                };
                Ok(typed(at, operation, Kind::Bool))
            }
            _ => {
                let (left, right) = (self.part(left)?, self.part(right)?);
                if let Some(comparison) = comparison(name) {
                    return self.compare(at, comparison, left, right);
                }
                match arithmetic(name) {
                    Some(operator) => self.calculate(at, operator, left, right),
                    None => {
                        Err(self.error(at, format!("conditions do not have the operator `{name}`")))
                    }
                }
            }
        }
    }

    fn incomparable(&self, at: usize, left: &Typed, right: &Typed) -> ConditionError {
        let message = format!(
            "{} cannot be compared with {}: expected two values of the same type",
            left.kind.name(),
            right.kind.name()
        );
        self.error(at, message)
    }

    fn compare(
        &self,
        at: usize,
        comparison: Comparison,
        left: Typed,
        right: Typed,
    ) -> Result<Typed, ConditionError> {
        for part in [&left, &right] {
            self.expect(
                part,
                ORDERED,
                "only numbers, strings, timestamps and durations have an order",
            )?;
        }
        if !left.kind.compares_with(right.kind) {
            return Err(self.incomparable(at, &left, &right));
        }
        let operation =
            Operation::Compare(comparison, left.expression.into(), right.expression.into());
        Ok(typed(at, operation, Kind::Bool))
    }

    fn calculate(
        &self,
        at: usize,
        operator: Arithmetic,
        left: Typed,
        right: Typed,
    ) -> Result<Typed, ConditionError> {
        let kind = result(operator, left.kind, right.kind).ok_or_else(|| {
            let message = format!(
                "this operator does not apply to {} and {}",
                left.kind.name(),
                right.kind.name()
            );
            self.error(at, message)
        })?;
        let operation =
            Operation::Calculate(operator, left.expression.into(), right.expression.into());
        Ok(typed(at, operation, kind))
    }

    fn index(
        &mut self,
        at: usize,
        operand: &IdedExpr,
        index: &IdedExpr,
    ) -> Result<Typed, ConditionError> {
        if let Some((variable, _)) = self.fields_of(operand) {
            let message = format!("expected `.` and a field of {variable}, not `[`");
            return Err(self.error(at, message));
        }
        let (operand, index) = (self.part(operand)?, self.part(index)?);
        self.expect(
            &operand,
            &[Kind::List, Kind::Map],
            "`[` is for a list or a map",
        )?;
        if operand.kind == Kind::List {
            self.expect(&index, &[Kind::Number], "a list is indexed by numbers")?;
        }
        let operation = match index.expression.operation {
            // A literal name is looked up like one that follows a dot.
            Operation::Literal(Literal::Text(name)) => {
                self.check_header_name(index.expression.at as usize, &operand.expression, &name)?;
                Operation::Select(operand.expression.into(), name)
            }
            _ => Operation::Index(operand.expression.into(), index.expression.into()),
        };
        Ok(typed(at, operation, Kind::Any))
    }

    fn function(
        &mut self,
        at: usize,
        name: &str,
        arguments: &[IdedExpr],
    ) -> Result<Typed, ConditionError> {
        match (name, arguments) {
            ("size", [operand]) => self.size(at, operand),
            ("matches", [operand, pattern]) => self.matches(at, operand, pattern),
            ("money", [amount, currency]) => self.money(at, amount, currency),
            ("money", _) => Err(self.error(
                at,
                "money() expects an amount and its currency, as in money(request.body.amount, \
                 request.body.currency)",
            )),
            (_, [operand]) if let Some(conversion) = names::conversion(name) => {
                self.convert(at, conversion, operand)
            }
            ("has", _) => Err(self.error(
                at,
                "has() expects one field, as in has(request.body.amount)",
            )),
            _ if name == "size" || names::conversion(name).is_some() => Err(self.error(
                at,
                format!("{name}() expects one value, as in {name}(request.body.amount)"),
            )),
            ("matches", _) => Err(self.error(at, "matches() expects a string and a pattern")),
            _ => Err(self.error(at, names::unknown_function(name))),
        }
    }

    fn method(
        &mut self,
        at: usize,
        name: &str,
        target: &IdedExpr,
        arguments: &[IdedExpr],
    ) -> Result<Typed, ConditionError> {
        if name == "under" && self.is_request(target) {
            return self.under(at, arguments);
        }
        if let Some(search) = names::search(name) {
            let [needle] = arguments else {
                return Err(self.error(at, format!("{name}() expects one string")));
            };
            let (operand, needle) = (self.part(target)?, self.part(needle)?);
            for part in [&operand, &needle] {
                self.expect(part, &[Kind::Text], "expected a string")?;
            }
            let (mut operand, mut needle) = (operand.expression, needle.expression);
            let compared = match search {
                Search::StartsWith => Compared::Start,
                Search::EndsWith | Search::Contains => Compared::Part,
            };
            self.compare_with_path(at, &mut operand, &mut needle, compared);
            let operation = Operation::Search(search, operand.into(), needle.into());
            return Ok(typed(at, operation, Kind::Bool));
        }
        if let Some(rewrite) = names::rewrite(name) {
            if !arguments.is_empty() {
                return Err(self.error(at, format!("{name}() takes no arguments")));
            }
            let operand = self.part(target)?;
            self.expect(&operand, &[Kind::Text], "expected a string")?;
            let operation = Operation::Rewrite(rewrite, operand.expression.into());
            return Ok(typed(at, operation, Kind::Text));
        }
        if let Some(part) = CalendarPart::of_function(name) {
            return self.calendar(at, part, target, arguments);
        }
        match (name, arguments) {
            ("matches", [pattern]) => self.matches(at, target, pattern),
            ("size", []) => self.size(at, target),
            ("matches", _) => Err(self.error(at, "matches() expects one pattern")),
            ("size", _) => Err(self.error(at, "size() takes no arguments here")),
            ("all" | "exists" | "exists_one" | "existsOne" | "map" | "filter", _) => {
                let message = format!(
                    "{name}() expects a name for the item and an expression, as in \
                     list.{name}(item, item > 1)"
                );
                Err(self.error(at, message))
            }
            _ => Err(self.error(at, names::unknown_function(name))),
        }
    }

    fn size(&mut self, at: usize, operand: &IdedExpr) -> Result<Typed, ConditionError> {
        let operand = self.part(operand)?;
        self.expect(
            &operand,
            &[Kind::Text, Kind::List, Kind::Map],
            "only a string, a list or a map has a size",
        )?;
        Ok(typed(
            at,
            Operation::Size(operand.expression.into()),
            Kind::Number,
        ))
    }

    fn convert(
        &mut self,
        at: usize,
        conversion: Conversion,
        operand: &IdedExpr,
    ) -> Result<Typed, ConditionError> {
        let operand = self.part(operand)?;
        let (kind, allowed): (Kind, &[Kind]) = match conversion {
            Conversion::Int => (Kind::Number, &[Kind::Number, Kind::Text, Kind::Time]),
            Conversion::Double => (Kind::Number, &[Kind::Number, Kind::Text]),
            Conversion::Text => (
                Kind::Text,
                &[Kind::Text, Kind::Number, Kind::Bool, Kind::Time],
            ),
            Conversion::Bool => (Kind::Bool, &[Kind::Bool, Kind::Text]),
            Conversion::Time => (Kind::Time, &[Kind::Time, Kind::Text]),
            Conversion::Span => (Kind::Span, &[Kind::Span, Kind::Text]),
        };
        self.expect(&operand, allowed, "this cannot be converted")?;
        if conversion == Conversion::Int && operand.expression.is_field_of_body() {
            self.warn(
                at,
                "int() does not read decimals such as \"10.50\", and the rule then applies as if it matched: use \
                 double() or money(amount, currency) if the field may contain them",
            );
        }
        if let Operation::Literal(Literal::Text(text)) = &operand.expression.operation {
            let at = operand.expression.at as usize;
            let literal = match conversion {
                Conversion::Time => {
                    Some(calendar::time(text).map(Literal::Time).ok_or_else(|| {
                        self.error(at, "expected a timestamp such as \"2030-01-31T12:00:00Z\"")
                    })?)
                }
                Conversion::Span => Some(
                    calendar::span(text)
                        .map(Literal::Span)
                        .ok_or_else(|| self.error(at, "expected a duration such as \"1h30m\""))?,
                ),
                _ => None,
            };
            if let Some(literal) = literal {
                return Ok(typed(at, Operation::Literal(literal), kind));
            }
        }
        let operation = Operation::Convert(conversion, operand.expression.into());
        Ok(typed(at, operation, kind))
    }

    /// An amount of money, in units of its currency.
    fn money(
        &mut self,
        at: usize,
        amount: &IdedExpr,
        currency: &IdedExpr,
    ) -> Result<Typed, ConditionError> {
        let (amount, currency) = (self.part(amount)?, self.part(currency)?);
        let wanted = "money() expects an amount and then its currency, such as \"EUR\"";
        self.expect(&amount, &[Kind::Number, Kind::Text], wanted)?;
        self.expect(&currency, &[Kind::Text], wanted)?;
        if let Operation::Literal(Literal::Text(code)) = &currency.expression.operation
            && decimals(code).is_none()
        {
            let at = currency.expression.at as usize;
            return Err(self.error(
                at,
                "expected the ISO 4217 code of a currency, such as \"EUR\"",
            ));
        }
        let operation = Operation::Money(amount.expression.into(), currency.expression.into());
        Ok(typed(at, operation, Kind::Number))
    }

    fn matches(
        &mut self,
        at: usize,
        operand: &IdedExpr,
        pattern: &IdedExpr,
    ) -> Result<Typed, ConditionError> {
        let operand = self.part(operand)?;
        self.expect(&operand, &[Kind::Text], "expected a string")?;
        let pattern_at = self.offset(pattern);
        let text =
            self.literal_text(pattern, "matches() expects a string literal as its pattern")?;
        let pattern = RegexBuilder::new(&text)
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX)
            .build()
            .map_err(|error| {
                let error = error.to_string();
                let reason = error.lines().last().unwrap_or_default();
                let reason = reason.trim_start_matches("error: ");
                self.error(
                    pattern_at,
                    format!("expected a regular expression (RE2): {reason}"),
                )
            })?;
        let operation = Operation::Matches(operand.expression.into(), pattern.into());
        Ok(typed(at, operation, Kind::Bool))
    }

    fn calendar(
        &mut self,
        at: usize,
        part: CalendarPart,
        target: &IdedExpr,
        arguments: &[IdedExpr],
    ) -> Result<Typed, ConditionError> {
        let operand = self.part(target)?;
        self.expect(&operand, &[Kind::Time], "expected a timestamp")?;
        let name = match arguments {
            [] => "UTC".to_owned(),
            [zone] => self.literal_text(zone, "expected a time zone such as \"Europe/Berlin\"")?,
            _ => return Err(self.error(at, "expected at most a time zone between the brackets")),
        };
        let zone = calendar::zone(&name).ok_or_else(|| {
            let at = arguments.first().map_or(at, |zone| self.offset(zone));
            self.error(
                at,
                "expected a time zone such as \"Europe/Berlin\" or \"+02:00\"",
            )
        })?;
        let operation = Operation::Calendar(part, operand.expression.into(), zone);
        Ok(typed(at, operation, Kind::Number))
    }

    /// Returns a text that has to be a literal.
    pub(super) fn literal_text(
        &mut self,
        tree: &IdedExpr,
        wanted: &str,
    ) -> Result<String, ConditionError> {
        if let Expr::Literal(_) = &tree.expr
            && let Expression {
                operation: Operation::Literal(Literal::Text(text)),
                ..
            } = self.part(tree)?.expression
        {
            return Ok(text.into());
        }
        Err(self.error(self.offset(tree), wanted))
    }
}

fn comparison(operator: &str) -> Option<Comparison> {
    Some(match operator {
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessOrEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn arithmetic(operator: &str) -> Option<Arithmetic> {
    Some(match operator {
        operators::ADD => Arithmetic::Add,
        operators::SUBSTRACT => Arithmetic::Subtract,
        operators::MULTIPLY => Arithmetic::Multiply,
        operators::DIVIDE => Arithmetic::Divide,
        operators::MODULO => Arithmetic::Remainder,
        _ => return None,
    })
}

/// The kind of a calculation's result; None where there is never one.
fn result(operator: Arithmetic, left: Kind, right: Kind) -> Option<Kind> {
    use Arithmetic::{Add, Subtract};
    match (operator, left, right) {
        (_, Kind::Number, Kind::Number) => Some(Kind::Number),
        (Add, Kind::Text, Kind::Text) => Some(Kind::Text),
        (Add, Kind::List, Kind::List) => Some(Kind::List),
        (Add | Subtract, Kind::Time, Kind::Span) | (Add, Kind::Span, Kind::Time) => {
            Some(Kind::Time)
        }
        (Add | Subtract, Kind::Span, Kind::Span) | (Subtract, Kind::Time, Kind::Time) => {
            Some(Kind::Span)
        }
        (_, Kind::Any, Kind::Any) => Some(Kind::Any),
        (operator, Kind::Any, known) | (operator, known, Kind::Any) => {
            let is_possible = match operator {
                Add => {
                    [Kind::Number, Kind::Text, Kind::List, Kind::Time, Kind::Span].contains(&known)
                }
                Subtract => [Kind::Number, Kind::Time, Kind::Span].contains(&known),
                _ => known == Kind::Number,
            };
            is_possible.then_some(Kind::Any)
        }
        _ => None,
    }
}
