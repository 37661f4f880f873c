//! `money()`: an amount in units of its currency, whichever way an API writes it.

use gaiterguard_domain::currency;

use crate::failure::Cause;
use crate::number::{self, Number};
use crate::value::Value;

/// Returns an amount in units of its currency. A whole number is in the currency's smallest unit, and a number or
/// text with a decimal point is in units already. A whole text says neither, so it is refused, unless the currency
/// has no smaller unit.
pub(super) fn money<'v>(amount: &Value<'v>, currency: &Value<'v>) -> Result<Value<'v>, Cause> {
    let Value::Text(code) = currency else {
        return Err(Cause::Kind);
    };
    let decimals = currency::decimals(code).ok_or(Cause::Unreadable)?;
    let units = match amount {
        Value::Number(Number::Int(minor)) => {
            number::to_double(*minor) / f64::from(10_u32.pow(decimals))
        }
        Value::Number(Number::Double(units)) => *units,
        Value::Text(text) => match text.strip_prefix('-').unwrap_or(text).split_once('.') {
            Some((whole, fraction)) if is_digits(whole) && is_digits(fraction) => {
                text.parse().map_err(|_| Cause::Unreadable)?
            }
            None if is_digits(text) && decimals == 0 => {
                text.parse().map_err(|_| Cause::Unreadable)?
            }
            None if is_digits(text) => return Err(Cause::Unit),
            _ => return Err(Cause::Unreadable),
        },
        _ => return Err(Cause::Kind),
    };
    Ok(Value::Number(Number::Double(units)))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
