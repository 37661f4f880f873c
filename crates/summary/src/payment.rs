//! The sentence of a headline about money.

use crate::fact::{FactKind, NO_AMOUNT, Ranked};
use crate::headline::Headline;
use crate::items::{Item, ItemList, amount_of};
use crate::kind::{gives, is_iban, receives};
use crate::line::{Line, NAMED_MAX, VALUE_CHARS_MAX, is_name};
use crate::verb::moves_money;
use crate::words::{capitalized, is_in, noun_of, singular, words};

/// How many accounts, or objects of the path, follow a payment.
const OBJECTS_MAX: usize = 2;

/// How many payees are named with their accounts. Each of more has a line of its own.
const PAYEES_WHOLE_MAX: usize = 2;

/// Whether an amount is the limit or the trigger of an order rather than what is paid.
fn is_limit(name: &str) -> bool {
    let words: Vec<String> = words(name.rsplit('.').next().unwrap_or_default()).collect();
    matches!(&*words, [limit, price] if is_in("limit stop trigger", limit) && price == "price")
}

/// Whether the name of a party is that of the one to whom goods are delivered.
fn is_consignee(name: &str) -> bool {
    const GETS: &str = "to consignee customer delivery destination dropoff guest passenger receiver recipient recipients ship \
        shipping traveler traveller";
    name.split('.')
        .flat_map(words)
        .any(|word| is_in(GETS, &word))
}

/// Whether the document says of an account in the path that it is the one that pays.
fn is_payer(one: &Ranked) -> bool {
    const PHRASES: [&str; 6] = [
        "debited",
        "from which",
        "pay from",
        "paying account",
        "source account",
        "to debit",
    ];
    let meaning = one
        .fact
        .meaning
        .as_deref()
        .unwrap_or_default()
        .to_lowercase();
    PHRASES.iter().any(|phrase| meaning.contains(phrase))
}

impl Headline<'_> {
    /// Writes a request that moves money: the amount, who gets it, and who gives it.
    pub(crate) fn payment(&self, line: &mut Line) {
        line.own(&self.phrase.verb);
        let amount = self
            .first(FactKind::Amount)
            .filter(|amount| amount.fact.value != NO_AMOUNT);
        let to = self.receivers();
        // Each payee has a line with the amount.
        let has_lines = self.lines_of_payees(&to).is_some();
        // An invoice asks for money and is not money itself, and a lease is renewed for it.
        let lead = match &self.phrase {
            phrase if phrase.noun.is_none() || phrase.moves_money() => None,
            phrase if phrase.is_record() && is_in("Change Set Update", &phrase.verb) => {
                Some(" to ")
            }
            phrase if phrase.is_mild() => Some(" of "),
            phrase if phrase.takes_name => Some(" for "),
            _ => None,
        };
        if let Some(amount) = amount {
            if lead.is_some() {
                self.object(line);
            }
            match self.total.filter(|_| has_lines) {
                Some(total) => {
                    line.own(lead.unwrap_or(" "));
                    line.value_of_total(total);
                }
                // A limit of an order is not what is paid.
                None if lead.is_none() && is_limit(&amount.fact.name) => {
                    line.own(" at ");
                    line.name(&amount.short);
                    self.amounts(line, " ", amount);
                }
                None => self.amounts(line, lead.unwrap_or(" "), amount),
            }
        } else {
            self.object(line);
            if self.phrase.is_part() {
                self.context(line);
            }
        }
        let accounts = || self.of_kind(FactKind::Account);
        if self.moves() {
            if !self.payees(line, &to) {
                line.parties(" to ", &to);
            }
        } else if is_in("Book Buy Check Order Purchase Reserve", self.first_word()) || self.ships()
        {
            // Goods that are ordered are delivered to a recipient, and come from a seller.
            let (gets, sells): (Vec<&Ranked>, Vec<&Ranked>) =
                to.iter().partition(|one| is_consignee(&one.fact.name));
            line.parties(" to ", &gets);
            line.parties(" from ", &sells);
        } else {
            // The party of a record gets nothing by it.
            line.described(&to);
        }
        let from: Vec<&Ranked> = accounts().filter(|one| gives(&one.fact.name)).collect();
        line.parties(" from ", &from);
        // The account in the path, if the document says that it pays.
        let payer = self
            .of_kind(FactKind::Target)
            .find(|one| from.is_empty() && self.moves() && is_payer(one));
        if let Some(payer) = payer {
            line.own(" from");
            line.noun(Some(&*noun_of(&payer.fact.name)).filter(|noun| !noun.is_empty()));
            line.own(" ");
            line.value(payer, VALUE_CHARS_MAX);
        }
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
                .filter(|one| payer.is_none_or(|payer| !std::ptr::eq(*one, payer)))
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
            let mut kinds = vec![
                FactKind::Quantity,
                FactKind::Date,
                FactKind::Object,
                FactKind::Other,
            ];
            if !self.moves() && !self.ships() {
                kinds.insert(2, FactKind::Recipient);
            }
            self.details(line, &kinds);
        }
    }

    /// Writes a single call that moves money: how much, to whom, and by which procedure.
    pub(crate) fn paying_call(&self, line: &mut Line, call: &str, amount: &Ranked) {
        let verb = words(call).find(|word| is_in("pay refund send transfer withdraw", word));
        line.own(&capitalized(verb.as_deref().unwrap_or("pay")));
        self.amounts(line, " ", amount);
        let gets = self.facts.iter().filter(|one| {
            matches!(one.fact.kind, FactKind::Account | FactKind::Recipient)
                && !gives(&one.fact.name)
        });
        line.parties(" to ", &gets.collect::<Vec<_>>());
        let pays = self.facts.iter().filter(|one| {
            let is_scalar = !matches!(one.fact.kind, FactKind::Amount | FactKind::Content);
            is_scalar && gives(&one.fact.name)
        });
        line.parties(" from ", &pays.collect::<Vec<_>>());
        line.own(" · ");
        line.text(call, VALUE_CHARS_MAX);
        let kinds = [
            FactKind::Object,
            FactKind::Quantity,
            FactKind::Content,
            FactKind::Date,
        ];
        self.details(line, &kinds);
    }

    /// Whether the request makes what goes to a consignee.
    fn ships(&self) -> bool {
        let noun = self
            .phrase
            .noun
            .as_deref()
            .map(singular)
            .unwrap_or_default();
        let last = noun.rsplit(' ').next().unwrap_or_default();
        is_in("delivery label parcel shipment", last)
    }

    fn first_word(&self) -> &str {
        self.phrase.verb.split(' ').next().unwrap_or_default()
    }

    /// Whether the request itself moves money to somebody: by its verb, or by the thing that it creates.
    fn moves(&self) -> bool {
        const THINGS: &str = "batch disbursement document donation file instruction order payment payout refund \
            remittance run settlement tip transaction transfer withdrawal";
        const VERBS: &str = "Disburse Remit Send Settle Wire";
        let noun = self
            .phrase
            .noun
            .as_deref()
            .map(singular)
            .unwrap_or_default();
        let verb = self.phrase.verb.strip_prefix("Bulk ").map(capitalized);
        let verb = verb.as_deref().unwrap_or(&self.phrase.verb);
        moves_money(verb)
            || is_in(VERBS, verb)
            || is_in(THINGS, noun.rsplit(' ').next().unwrap_or_default())
            || self
                .facts
                .iter()
                .any(|one| is_iban(&one.fact.value) && receives(&one.fact.name))
    }

    /// Returns the values that say who gets the money.
    fn receivers(&self) -> Vec<&Ranked> {
        let accounts = self.of_kind(FactKind::Account);
        let recipients = || self.of_kind(FactKind::Recipient);
        let to: Vec<&Ranked> = accounts
            .chain(recipients())
            .filter(|one| receives(&one.fact.name))
            .collect();
        if to.is_empty() && self.moves() {
            return recipients().filter(|one| !gives(&one.fact.name)).collect();
        }
        to
    }

    /// Returns the list whose items say who gets how much, if it is long enough to be counted.
    fn lines_of_payees(&self, to: &[&Ranked]) -> Option<&ItemList> {
        let list = self.list_of(to.first()?)?;
        let is_whole = to.iter().all(|one| self.list_of(one) == Some(list));
        (is_whole && list.count > PAYEES_WHOLE_MAX).then_some(list)
    }

    /// Appends the number of those who get the money and their names, those that differ from the others first; returns
    /// whether there are that many.
    fn payees(&self, line: &mut Line, to: &[&Ranked]) -> bool {
        let Some(list) = self.lines_of_payees(to) else {
            return false;
        };
        line.own(&format!(" to {} payees: ", list.count));
        let mut named = 0;
        let is_of = |item: &Item, one: &Ranked| {
            let rest = one.fact.location.strip_prefix(&item.location);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let amounts: Vec<&Ranked> = self.of_kind(FactKind::Amount).collect();
        let paid = |item: &Item| -> Vec<&Ranked> {
            let own = amounts.iter().filter(|one| is_of(item, one));
            own.copied().collect()
        };
        // The smallest amounts are left out.
        let mut items: Vec<&Item> = list.items.iter().collect();
        items.sort_by(|one, other| {
            let most = |item: &Item| amount_of(&paid(item)).unwrap_or_default();
            let by_amount = most(other).total_cmp(&most(one));
            other.is_odd.cmp(&one.is_odd).then(by_amount)
        });
        if list.count <= NAMED_MAX {
            items = list.items.iter().collect();
        }
        for item in items {
            let own: Vec<&Ranked> = to.iter().filter(|one| is_of(item, one)).copied().collect();
            let Some(first) = own.iter().min_by_key(|one| !is_name(one)) else {
                continue;
            };
            if named == NAMED_MAX {
                break;
            }
            line.own(if named > 0 { ", " } else { "" });
            line.value(first, VALUE_CHARS_MAX);
            // Who gets how much is read with one look if there is room for all of them.
            if let [amount] = &*paid(item)
                && (item.is_odd || list.count <= NAMED_MAX)
            {
                line.own(" (");
                line.value(amount, VALUE_CHARS_MAX);
                line.own(")");
            }
            named += 1;
        }
        if list.count > named {
            line.own(&format!(" and {} more", list.count - named));
        }
        true
    }
}
