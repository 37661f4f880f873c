//! The sentence of a headline about money.

use crate::fact::{FactKind, NO_AMOUNT, Ranked};
use crate::headline::Headline;
use crate::kind::{gives, receives};
use crate::line::Line;

/// How many accounts, or objects of the path, follow a payment.
const OBJECTS_MAX: usize = 2;

impl Headline<'_> {
    /// Writes a request that moves money: the amount, who gets it, and who gives it.
    pub(crate) fn payment(&self, line: &mut Line) {
        line.own(&self.phrase.verb);
        let amount = self
            .first(FactKind::Amount)
            .filter(|amount| amount.fact.value != NO_AMOUNT);
        // An invoice asks for money and is not money itself, and a lease is renewed for it.
        let lead = match &self.phrase {
            phrase if phrase.noun.is_none() || phrase.moves_money() => None,
            phrase if phrase.is_mild() => Some(" of "),
            phrase if phrase.takes_name => Some(" for "),
            _ => None,
        };
        if let Some(amount) = amount {
            if lead.is_some() {
                self.object(line);
            }
            self.amounts(line, lead.unwrap_or(" "), amount);
        } else {
            self.object(line);
            if self.phrase.is_part() {
                self.context(line);
            }
        }
        let accounts = || self.of_kind(FactKind::Account);
        let recipients = || self.of_kind(FactKind::Recipient);
        let mut to: Vec<&Ranked> = accounts()
            .chain(recipients())
            .filter(|one| receives(&one.fact.name))
            .collect();
        if to.is_empty() {
            to = recipients().filter(|one| !gives(&one.fact.name)).collect();
        }
        line.recipients(" to ", &to);
        let from: Vec<&Ranked> = accounts().filter(|one| gives(&one.fact.name)).collect();
        line.list(" from ", &from);
        if self.first(FactKind::Amount).is_some() && amount.is_none() {
            line.own(" · ");
            line.own(NO_AMOUNT);
        }
        // Money may go to any other account or come from it, so its name says which it is.
        let others = accounts().filter(|one| !receives(&one.fact.name) && !gives(&one.fact.name));
        for other in others.take(OBJECTS_MAX) {
            line.detail(other);
        }
        if amount.is_some() {
            let is_said = lead.is_some() && self.phrase.takes_name;
            for object in self
                .of_kind(FactKind::Target)
                .skip(usize::from(is_said))
                .take(OBJECTS_MAX)
            {
                line.detail(object);
            }
            self.details(
                line,
                &[
                    FactKind::Object,
                    FactKind::Other,
                    FactKind::Date,
                    FactKind::Content,
                ],
            );
        } else {
            if !self.phrase.is_part() {
                self.context(line);
            }
            self.details(
                line,
                &[FactKind::Object, FactKind::Quantity, FactKind::Other],
            );
        }
    }
}
