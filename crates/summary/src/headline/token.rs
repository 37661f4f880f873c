//! The sentence of a headline for a transaction that calls a token.

use super::{DETAILS, Headline};
use crate::fact::FactKind;
use crate::line::{Line, VALUE_CHARS_MAX};

impl Headline<'_> {
    /// Writes a transaction that calls a token; returns whether it does.
    pub(super) fn token_call(&self, line: &mut Line) -> bool {
        let Some(call) = self.token_call.filter(|_| self.calls.count <= 1) else {
            return false;
        };
        let argument = |wanted: &str| {
            let found = call.arguments.iter().find(|(name, _, _)| *name == wanted);
            found.map(|(_, _, text)| &**text).unwrap_or_default()
        };
        let place = call
            .location
            .rsplit_once('/')
            .map_or("", |(place, _)| place);
        let next_to_it = |wanted: &str| {
            let location = format!("{place}/{wanted}");
            self.facts.iter().find(|one| one.fact.location == location)
        };
        let value = |line: &mut Line, lead: &str, text: &str| {
            line.own(lead);
            line.text(text, VALUE_CHARS_MAX);
        };
        match call.function {
            "approve" | "increaseAllowance" => {
                value(line, "Let ", argument("spender"));
                value(line, " spend ", argument("allowance"));
                line.own(" of the token");
            }
            "setApprovalForAll" => {
                let is_on = argument("approved") == "true";
                line.own(if is_on { "Let" } else { "No longer let" });
                value(line, " ", argument("operator"));
                line.own(" move every piece of the token");
            }
            "transferOwnership" => {
                line.own("Transfer ownership of the contract");
            }
            _ => {
                line.own("Transfer ");
                match argument("amount") {
                    "" => value(line, "piece ", argument("token id")),
                    amount => line.text(amount, VALUE_CHARS_MAX),
                }
                line.own(" of the token");
            }
        }
        if let Some(token) = next_to_it("to") {
            line.own(" ");
            line.value(token, VALUE_CHARS_MAX);
        }
        match argument("recipient") {
            "" => {}
            recipient => value(line, " to ", recipient),
        }
        match argument("new owner") {
            "" => {}
            owner => value(line, " to ", owner),
        }
        match (argument("sender"), next_to_it("from")) {
            ("", Some(from)) => {
                line.own(" from ");
                line.value(from, VALUE_CHARS_MAX);
            }
            ("", None) => {}
            (sender, _) => value(line, " from ", sender),
        }
        if let Some(ether) = self.first(FactKind::Amount) {
            line.detail(ether);
        }
        self.details(line, DETAILS);
        true
    }
}
