//! Compiles the parser's tree to an [`Expression`]: resolves every name, and rejects a part that
//! could never be evaluated, with its position.

mod call;
mod each;
mod path;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue, SelectExpr, SourceInfo};
use gaiterguard_domain::effect::Effect;

use crate::condition_error::ConditionError;
use crate::expression::{Expression, Fact, Literal, Operation};
use crate::kind::Kind;
use crate::warning::ConditionWarning;
use crate::{guard, names, parse};

/// The most items that a list or map literal may have. As many fit into a condition of the longest length if they
/// are short.
pub const LITERAL_ITEMS_MAX: usize = 256;

/// The facts that a condition uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// The body: its content or its size.
    pub body: bool,
    /// The documented operation.
    pub operation: bool,
    /// The effect of the documented operation.
    pub operation_effect: bool,
}

/// A condition that has been compiled.
pub(crate) struct Compiled {
    pub(crate) condition: Expression,
    pub(crate) uses: Uses,
    /// Whether it reads the path as a text.
    pub(crate) reads_path: bool,
    pub(crate) warnings: Vec<ConditionWarning>,
}

/// The stack of the thread that compiles, in bytes. The parser's frames are large: the deepest
/// accepted condition needs about 3 MiB in a debug build. Pages that are not touched cost nothing.
const STACK_BYTES: usize = 16 << 20;

/// The error if the thread cannot be started. The condition itself may be valid.
const NO_THREAD: &str =
    "cannot be compiled now, because the gateway could not start a thread; try again";

/// Compiles a condition.
pub(crate) fn compile(text: &str) -> Result<Compiled, ConditionError> {
    guard::check(text)?;
    // A separate thread has enough stack, whatever the caller has left, and a text that makes the
    // parser panic does not take the caller down.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("condition".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || compile_here(text));
        let refused = |why| Err(ConditionError::at(text, 0, why));
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(compiled)) => compiled,
            Ok(Err(_)) => refused(parse::NOT_UNDERSTOOD),
            Err(_) => refused(NO_THREAD),
        }
    })
}

fn compile_here(text: &str) -> Result<Compiled, ConditionError> {
    let (tree, positions) = parse::parse(text)?;
    let mut compiler = Compiler {
        text,
        positions: &positions,
        item: None,
        uses: Uses::default(),
        reads_path: false,
        warnings: Vec::new(),
    };
    let condition = compiler.part(&tree)?;
    if !condition.kind.may_be(&[Kind::Bool]) {
        let start = text.len() - text.trim_start().len();
        let message = format!(
            "a condition must be true or false, and this is {}",
            condition.kind.name()
        );
        return Err(ConditionError::at(text, start, message));
    }
    Ok(Compiled {
        condition: condition.expression,
        uses: compiler.uses,
        reads_path: compiler.reads_path,
        warnings: compiler.warnings,
    })
}

/// A compiled part, with the kind of its value as far as it is known.
struct Typed {
    expression: Expression,
    kind: Kind,
}

struct Compiler<'t> {
    text: &'t str,
    positions: &'t SourceInfo,
    /// The name of the item, inside `all`, `exists` and the other macros over lists.
    item: Option<String>,
    uses: Uses,
    reads_path: bool,
    warnings: Vec<ConditionWarning>,
}

impl Compiler<'_> {
    /// Adds a warning for the author, once for each place.
    fn warn(&mut self, at: usize, message: impl Into<String>) {
        let place = self.error(at, message);
        let warning = ConditionWarning {
            line: place.line,
            column: place.column,
            message: place.message,
        };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn part(&mut self, tree: &IdedExpr) -> Result<Typed, ConditionError> {
        let at = self.offset(tree);
        match &tree.expr {
            Expr::Literal(literal) => self.literal(at, literal),
            Expr::Ident(name) => self.variable(at, name),
            Expr::Select(select) if select.test => self.presence(at, select),
            Expr::Select(select) => self.select(at, select),
            Expr::Call(call) => self.call(at, call),
            Expr::List(list) => {
                self.check_length(at, list.elements.len())?;
                let mut items = Vec::with_capacity(list.elements.len());
                for element in &list.elements {
                    items.push(self.part(element)?.expression);
                }
                Ok(typed(at, Operation::List(items), Kind::List))
            }
            Expr::Map(map) => {
                self.check_length(at, map.entries.len())?;
                let mut entries = Vec::with_capacity(map.entries.len());
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else {
                        return Err(self.error(at, "expected entries of the form \"key\": value"));
                    };
                    entries.push((
                        self.part(&entry.key)?.expression,
                        self.part(&entry.value)?.expression,
                    ));
                }
                Ok(typed(at, Operation::Map(entries), Kind::Map))
            }
            Expr::Comprehension(comprehension) => self.each(at, comprehension),
            Expr::Struct(message) => Err(self.error(
                at,
                format!(
                    "`{}{{…}}` is a message, which conditions do not have: expected a map such as \
                     {{\"key\": value}}",
                    message.type_name
                ),
            )),
            Expr::Unspecified => Err(self.error(at, "expected a value")),
        }
    }

    fn check_length(&self, at: usize, length: usize) -> Result<(), ConditionError> {
        if length > LITERAL_ITEMS_MAX {
            let message = format!("expected at most {LITERAL_ITEMS_MAX} items, found {length}");
            return Err(self.error(at, message));
        }
        Ok(())
    }

    fn literal(&self, at: usize, literal: &LiteralValue) -> Result<Typed, ConditionError> {
        let literal = match literal {
            LiteralValue::Null => Literal::Null,
            LiteralValue::Boolean(value) => Literal::Bool(*value.inner()),
            LiteralValue::Int(int) => Literal::Int(*int.inner()),
            LiteralValue::Double(double) => Literal::Double(*double.inner()),
            LiteralValue::String(text) => Literal::Text(text.inner().into()),
            LiteralValue::UInt(_) => {
                return Err(self.error(at, "expected a number without the suffix u"));
            }
            LiteralValue::Bytes(_) => {
                return Err(self.error(at, "expected a string without the prefix b"));
            }
        };
        let kind = Kind::of_literal(&literal);
        Ok(typed(at, Operation::Literal(literal), kind))
    }

    fn variable(&mut self, at: usize, name: &str) -> Result<Typed, ConditionError> {
        if self.item.as_deref() == Some(name) {
            return Ok(typed(at, Operation::Item, Kind::Any));
        }
        if let Some(fact) = names::value(name) {
            return Ok(self.fact(at, fact));
        }
        if let Some(fields) = names::fields(name) {
            let example = fields.first().map_or("", |(field, _)| field);
            let message =
                format!("`{name}` has no value of its own: expected a field, as {name}.{example}");
            return Err(self.error(at, message));
        }
        Err(self.error(at, names::unknown_variable(name)))
    }

    fn fact(&mut self, at: usize, fact: Fact) -> Typed {
        match fact {
            Fact::Body | Fact::Size => self.uses.body = true,
            Fact::Path => self.reads_path = true,
            Fact::Operation
            | Fact::OperationId
            | Fact::OperationSummary
            | Fact::OperationTags
            | Fact::OperationDeprecated => self.uses.operation = true,
            Fact::OperationEffect => {
                self.uses.operation = true;
                self.uses.operation_effect = true;
            }
            _ => {}
        }
        typed(at, Operation::Fact(fact), Kind::of_fact(fact))
    }

    /// Returns the name and the fields of the variable that an operand is, if it is one with
    /// fields.
    fn fields_of<'o>(
        &self,
        operand: &'o IdedExpr,
    ) -> Option<(&'o str, &'static [(&'static str, Fact)])> {
        match &operand.expr {
            Expr::Ident(name) if self.item.as_deref() != Some(name) => {
                names::fields(name).map(|fields| (name.as_str(), fields))
            }
            _ => None,
        }
    }

    fn select(&mut self, at: usize, select: &SelectExpr) -> Result<Typed, ConditionError> {
        if let Some((variable, fields)) = self.fields_of(&select.operand) {
            let known = fields.iter().find(|(field, _)| *field == select.field);
            return match known {
                Some((_, fact)) => Ok(self.fact(at, *fact)),
                None => Err(self.error(at, names::unknown_field(variable, &select.field))),
            };
        }
        let operand = self.part(&select.operand)?;
        self.expect(&operand, &[Kind::Map], "only a map has fields")?;
        self.check_header_name(at, &operand.expression, &select.field)?;
        let operation = Operation::Select(operand.expression.into(), select.field.as_str().into());
        Ok(typed(at, operation, Kind::Any))
    }

    fn presence(&mut self, at: usize, select: &SelectExpr) -> Result<Typed, ConditionError> {
        let field = self.select(at, select)?;
        if let Operation::Fact(fact) = field.expression.operation
            && !matches!(
                fact,
                Fact::Body
                    | Fact::OperationId
                    | Fact::OperationSummary
                    | Fact::OperationTags
                    | Fact::OperationDeprecated
                    | Fact::OperationEffect
            )
        {
            let message = format!(
                "`{}` is always present: expected a field that may be missing, as in \
                 has(request.body.amount)",
                select.field
            );
            return Err(self.error(at, message));
        }
        Ok(typed(
            at,
            Operation::Has(field.expression.into()),
            Kind::Bool,
        ))
    }

    /// Rejects a header name with a capital letter, which no header has.
    fn check_header_name(
        &self,
        at: usize,
        operand: &Expression,
        name: &str,
    ) -> Result<(), ConditionError> {
        let is_header = matches!(operand.operation, Operation::Fact(Fact::Headers));
        if is_header && name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let message = format!(
                "header names are in lower case: expected \"{}\"",
                name.to_ascii_lowercase()
            );
            return Err(self.error(at, message));
        }
        Ok(())
    }

    /// Rejects the comparison of an operation's effect with a text that is not an effect.
    fn check_effect(&self, one: &Expression, other: &Expression) -> Result<(), ConditionError> {
        let is_effect =
            |part: &Expression| matches!(part.operation, Operation::Fact(Fact::OperationEffect));
        for (effect, text) in [(one, other), (other, one)] {
            if let Operation::Literal(Literal::Text(word)) = &text.operation
                && is_effect(effect)
                && Effect::from_code(word).is_none()
            {
                return Err(self.error(text.at as usize, names::unknown_effect()));
            }
        }
        Ok(())
    }

    fn expect(&self, part: &Typed, allowed: &[Kind], why: &str) -> Result<(), ConditionError> {
        if part.kind.may_be(allowed) {
            return Ok(());
        }
        let message = format!("{why}, and this is {}", part.kind.name());
        Err(self.error(part.expression.at as usize, message))
    }

    fn error(&self, at: usize, message: impl Into<String>) -> ConditionError {
        ConditionError::at(self.text, at, message)
    }

    /// Returns the byte offset of a part; for a field or a function, the offset of its name.
    fn offset(&self, tree: &IdedExpr) -> usize {
        let start = self
            .positions
            .offset_for(tree.id)
            .map_or(0, |(start, _)| start as usize)
            .min(self.text.len());
        match &tree.expr {
            Expr::Select(select) if !select.test => {
                let rest = self.text.get(start + 1..).unwrap_or_default();
                start + 1 + (rest.len() - rest.trim_start().len())
            }
            Expr::Select(_) => self.name_before(start, "has"),
            Expr::Call(call) if self.text[start..].starts_with('(') => {
                self.name_before(start, &call.func_name)
            }
            Expr::Comprehension(_) => {
                let names = ["all", "exists_one", "existsOne", "exists", "map", "filter"];
                names
                    .into_iter()
                    .map(|name| self.name_before(start, name))
                    .min()
                    .unwrap_or(start)
            }
            _ => start,
        }
    }

    /// Returns the start of the name before an opening bracket.
    fn name_before(&self, bracket: usize, name: &str) -> usize {
        let before = self.text.get(..bracket).unwrap_or_default().trim_end();
        if before.ends_with(name) {
            before.len() - name.len()
        } else {
            bracket
        }
    }
}

fn typed(at: usize, operation: Operation, kind: Kind) -> Typed {
    Typed {
        expression: Expression {
            at: u32::try_from(at).unwrap_or(u32::MAX),
            operation,
        },
        kind,
    }
}
