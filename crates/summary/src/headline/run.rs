//! The sentence of a headline for a request that runs a statement or evaluates code.

use super::{DETAILS, Headline};
use crate::code::is_code_fact;
use crate::fact::FactKind;
use crate::line::{CONTENT_CHARS_MAX, Line};
use crate::statement::Statement;
use crate::words::is_in;

impl Headline<'_> {
    /// Writes a request that evaluates code. The code comes first: it may do anything.
    pub(super) fn evaluation(&self, line: &mut Line, noun: &str) {
        line.own("Evaluate ");
        line.own(noun);
        let is_said = is_in("Eval Evaluate Execute Run", &self.phrase.verb);
        if !is_said {
            line.own(&format!(" ({}", self.phrase.verb.to_lowercase()));
            line.noun(self.phrase.noun.as_deref());
            line.own(")");
        }
        Self::belongs_to(line, &self.names());
        let code = self
            .of_kind(FactKind::Command)
            .find(|one| is_code_fact(one.fact.kind, &one.fact.name));
        if let Some(code) = code {
            line.own(": “");
            line.value(code, CONTENT_CHARS_MAX);
            line.own("”");
        }
        let kinds = [&[FactKind::Amount, FactKind::Recipient], DETAILS].concat();
        self.details(line, &kinds);
    }

    /// Writes a request that runs a database statement, which says itself what it does to which table.
    pub(super) fn run(&self, line: &mut Line, statement: &Statement) {
        line.own("Run SQL: ");
        line.statement(statement);
        if statement.is_for_all {
            line.own(" (no WHERE: every row)");
        }
        if statement.count > 1 {
            line.own(&format!(" (one of {} statements)", statement.count));
        }
        Self::belongs_to(line, &self.names());
        let said = self
            .facts
            .iter()
            .find(|one| one.fact.location == statement.location);
        let kinds = [&[FactKind::Amount, FactKind::Recipient], DETAILS].concat();
        self.details_but(line, &kinds, said.map(|one| &*one.fact.name));
    }
}
