//! Sums of amounts of money.

use std::collections::BTreeMap;

use crate::amount::Money;

/// The most decimals that are added up. No currency has more than four; APIs with unit prices give more.
const DECIMALS_MAX: u32 = 12;

/// A sum of amounts in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneySum {
    /// The currency, as an ISO 4217 code.
    pub currency: String,
    /// The sum in units of the currency, as a decimal number.
    pub value: String,
    /// The number of amounts.
    pub count: u64,
}

/// Adds up amounts, each currency by itself, without rounding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MoneySums(BTreeMap<String, (Decimal, u64)>);

impl MoneySums {
    /// Adds an amount. One whose unit is not documented, or that makes the sum too large, is left out.
    pub fn add(&mut self, money: &Money) {
        let Some(amount) = Decimal::parse(&money.value).filter(|_| money.unit_is_documented) else {
            return;
        };
        let (sum, count) = self.0.entry(money.currency.clone()).or_default();
        if let Some(more) = sum.plus(amount) {
            *sum = more;
            *count += 1;
        }
    }

    /// Returns the sums, ordered by currency.
    pub fn sums(&self) -> Vec<MoneySum> {
        let sums = self.0.iter().filter(|(_, (_, count))| *count > 0);
        sums.map(|(currency, (sum, count))| MoneySum {
            currency: currency.clone(),
            value: sum.to_string(),
            count: *count,
        })
        .collect()
    }
}

/// A decimal number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// The number without its point.
    digits: i128,
    /// How many of the digits come after the point.
    decimals: u32,
}

impl Decimal {
    /// Reads a plain decimal number; `None` if it is not one, or too long to be added up.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_plain = text.strip_prefix('-').unwrap_or(text);
        let is_plain = is_plain
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        let decimals = u32::try_from(fraction.len()).ok()?;
        if !is_plain || decimals > DECIMALS_MAX {
            return None;
        }
        Some(Self {
            digits: format!("{whole}{fraction}").parse().ok()?,
            decimals,
        })
    }

    /// Returns the product with a quantity; `None` if it is too large.
    pub(crate) fn times(self, quantity: u64) -> Option<Self> {
        let digits = self.digits.checked_mul(i128::from(quantity))?;
        Some(Self { digits, ..self })
    }

    /// Returns the sum of two numbers; `None` if it is too large.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let decimals = self.decimals.max(other.decimals);
        let digits = self
            .scaled(decimals)?
            .checked_add(other.scaled(decimals)?)?;
        Some(Self { digits, decimals })
    }

    fn scaled(self, decimals: u32) -> Option<i128> {
        let factor = 10_i128.checked_pow(decimals - self.decimals)?;
        self.digits.checked_mul(factor)
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let decimals = self.decimals as usize;
        let digits = format!("{:0>1$}", self.digits.unsigned_abs(), decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(currency: &str, amount: &str) -> Money {
        Money {
            currency: currency.to_owned(),
            value: amount.to_owned(),
            unit_is_documented: true,
        }
    }

    #[test]
    fn amounts_are_added_by_currency_without_rounding() {
        let mut sums = MoneySums::default();
        for (currency, amount) in [
            ("EUR", "12500.00"),
            ("USD", "0.1"),
            ("USD", "0.2"),
            ("EUR", "-0.5"),
            ("JPY", "1250"),
            ("EUR", "1e9"),
            ("EUR", "1.2.3"),
            ("CHF", "many"),
        ] {
            sums.add(&money(currency, amount));
        }
        let sums: Vec<_> = sums
            .sums()
            .into_iter()
            .map(|sum| (money(&sum.currency, &sum.value), sum.count))
            .collect();
        assert_eq!(
            sums,
            [
                (money("EUR", "12499.50"), 2),
                (money("JPY", "1250"), 1),
                (money("USD", "0.3"), 2),
            ]
        );
    }

    #[test]
    fn a_sum_that_would_be_too_large_leaves_the_amount_out() {
        let mut sums = MoneySums::default();
        sums.add(&money("EUR", "1"));
        sums.add(&money("EUR", &i128::MAX.to_string()));
        sums.add(&money("EUR", &"9".repeat(60)));
        sums.add(&Money {
            unit_is_documented: false,
            ..money("EUR", "5")
        });
        assert_eq!(sums.sums()[0].value, "1");
    }
}
