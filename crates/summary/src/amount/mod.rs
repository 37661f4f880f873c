//! Amounts of money, written as people write them.
//!
//! APIs give amounts in major units (`"12.50"`) or in minor ones (`1250`). Only the documents, the
//! field's name or the spelling say which. If none of them does, the number is shown as it is, because a
//! wrong guess would be wrong by a factor of one hundred.

use std::cmp::Ordering;

use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::Role;
use serde::{Deserialize, Serialize};

use crate::fact::{Fact, FactKind};
use crate::value::Value;
use crate::values::Values;
use crate::words::{is_in, words};

/// Currencies whose smallest unit is not a hundredth (ISO 4217), with the number of their decimals.
const DECIMALS: &[(&str, usize)] = &[
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("PYG", 0),
    ("RWF", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
    ("BHD", 3),
    ("IQD", 3),
    ("JOD", 3),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("TND", 3),
];

/// Currencies that people know better by their symbol than by their code. Other dollars are written
/// with their code, so that they cannot be taken for US dollars.
const SYMBOLS: &[(&str, &str)] = &[
    ("EUR", "€"),
    ("GBP", "£"),
    ("USD", "$"),
    ("INR", "₹"),
    ("JPY", "¥"),
];

/// How many amounts are read for their currencies: a list of more has the same ones.
const CURRENCIES_READ_MAX: usize = 32;

/// The unit that an amount is given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// Euros, dollars.
    Major,
    /// Cents, pence.
    Minor,
    /// Not known.
    Unknown,
}

/// An amount of money whose currency is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Money {
    /// The currency, as an ISO 4217 code.
    #[cfg_attr(feature = "schema", schema(example = "EUR"))]
    pub currency: String,
    /// The amount, as a decimal number.
    #[cfg_attr(feature = "schema", schema(example = "12500.00"))]
    pub value: String,
    /// Whether `value` is in units of the currency, such as euros. If false, the service's documents
    /// do not state the unit, and `value` is the number in the request.
    pub unit_is_documented: bool,
}

impl Money {
    /// Compares two amounts; `None` if they are not in the same currency and unit.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        let is_alike =
            self.currency == other.currency && self.unit_is_documented == other.unit_is_documented;
        let (own, other) = (Decimal::of(&self.value)?, Decimal::of(&other.value)?);
        is_alike.then(|| own.cmp(&other))
    }
}

/// A decimal number of any length.
#[derive(PartialEq, Eq)]
struct Decimal<'a> {
    is_negative: bool,
    /// The digits before the point, without leading zeros.
    whole: &'a str,
    /// The digits after it, without trailing zeros.
    fraction: &'a str,
}

impl<'a> Decimal<'a> {
    fn of(text: &'a str) -> Option<Self> {
        if !is_decimal(text) {
            return None;
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        Some(Self {
            is_negative: digits.len() < text.len() && !(whole.is_empty() && fraction.is_empty()),
            whole,
            fraction,
        })
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = |one: &Self, other: &Self| {
            let length = one.whole.len().cmp(&other.whole.len());
            length
                .then_with(|| one.whole.cmp(other.whole))
                .then_with(|| one.fraction.cmp(other.fraction))
        };
        match (self.is_negative, other.is_negative) {
            (false, false) => magnitude(self, other),
            (true, true) => magnitude(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Returns the amount of money of a request; `None` if it contains none, if the currency is not known,
/// or if it contains several, so that none of them is taken for the whole.
pub(crate) fn only(values: &Values) -> Option<Money> {
    let mut amounts = values.kept.iter().filter(|value| is_amount(value));
    let amount = amounts.next()?;
    let is_only = amounts.next().is_none() && !amount.is_cut() && values.dropped == 0;
    if is_only {
        money(amount, &values.kept)
    } else {
        None
    }
}

/// Returns the currency of an amount, and whether its unit is known. Only amounts in the same one may be added up.
pub(crate) fn unit(amount: &Value, values: &Values) -> Option<(String, bool)> {
    let money = money(amount, &values.kept)?;
    Some((money.currency, money.unit_is_documented))
}

/// Returns an amount in its currency; `None` if the currency is not known.
fn money(amount: &Value, others: &[Value]) -> Option<Money> {
    let currency = currency_of(amount, others)?;
    let in_units = match unit_of(amount) {
        Unit::Major => Some(amount.text.clone()),
        Unit::Minor => decimals(&currency).and_then(|decimals| from_minor(&amount.text, decimals)),
        // A currency without smaller units has only one.
        Unit::Unknown if decimals(&currency) == Some(0) => Some(amount.text.clone()),
        Unit::Unknown if has_alike_with_decimals(amount, others) => Some(amount.text.clone()),
        Unit::Unknown => None,
    };
    Some(Money {
        currency,
        unit_is_documented: in_units.is_some(),
        value: in_units.unwrap_or_else(|| amount.text.clone()),
    })
}

/// Whether another amount with the same name has decimals, so that all of them are in units of the currency.
fn has_alike_with_decimals(amount: &Value, others: &[Value]) -> bool {
    amount.meaning.is_none()
        && others.iter().any(|other| {
            other.text.contains('.') && is_amount(other) && other.names == amount.names
        })
}

/// The words for an amount in the smallest unit of a currency that is not known.
const SMALLEST: &str = " in the smallest unit (usually ";

/// Shortens the amounts after the first one that is in the smallest unit: it has said the unit.
pub(crate) fn say_unit_once<'a>(facts: impl Iterator<Item = &'a mut Fact>) {
    let of_unit =
        facts.filter(|fact| fact.kind == FactKind::Amount && fact.value.contains(SMALLEST));
    for fact in of_unit.skip(1) {
        fact.value = fact.value.replace(SMALLEST, " (");
    }
}

/// Returns an amount with its currency, as people write it.
pub(crate) fn shown(amount: &Value, values: &Values, effect: Effect) -> String {
    let Some(money) = money(amount, &values.kept) else {
        let in_hundredths = from_minor(&amount.text, 2).filter(|_| unit_of(amount) == Unit::Minor);
        if let Some(whole) = in_hundredths.as_deref().and_then(grouped) {
            return format!("{}{SMALLEST}{whole})", amount.text);
        }
        if let Some(units) = documented_units(amount) {
            let number = grouped(&amount.text).unwrap_or_else(|| amount.text.clone());
            let is_short = number
                .split_once('.')
                .is_some_and(|(_, fraction)| fraction.len() == 1);
            return format!("{number}{} {units}", if is_short { "0" } else { "" });
        }
        return if effect == Effect::Pay && is_without_currency(amount, values) {
            format!("{} (no currency given)", readable(&amount.text))
        } else {
            amount.text.clone()
        };
    };
    let Money {
        currency, value, ..
    } = &money;
    match grouped(value).filter(|_| money.unit_is_documented) {
        Some(number) => with_currency(&number, currency),
        None => format!(
            "{} {currency} (unit not documented)",
            readable(&amount.text)
        ),
    }
}

/// Returns the units that the documents give an amount in without a code of a currency, such as dollars.
fn documented_units(amount: &Value) -> Option<&'static str> {
    const UNITS: [&str; 6] = ["dollars", "euros", "francs", "kronor", "pounds", "yen"];
    let meaning = amount.meaning.as_deref()?.to_lowercase();
    let mut found = UNITS.into_iter().filter(|unit| {
        meaning.contains(&format!("in {unit}")) || meaning.contains(&format!("whole {unit}"))
    });
    found
        .next()
        .filter(|_| found.next().is_none() && unit_of(amount) != Unit::Unknown)
}

/// Returns what the documents say about a number that is an amount: in which currency it is, and for how long.
pub(crate) fn described(meaning: Option<&str>) -> Option<String> {
    const PERIODS: [(&str, &str); 5] = [
        ("hourly", "an hour"),
        ("daily", "a day"),
        ("weekly", "a week"),
        ("monthly", "a month"),
        ("yearly", "a year"),
    ];
    /// How many words are between the article and the currency: `the account's local currency`.
    const WORDS_MAX: usize = 3;
    let meaning = meaning?.to_lowercase();
    let currency = meaning.split("in the ").skip(1).find_map(|after| {
        let (which, _) = after.split_once("currency")?;
        let is_short = which.split_whitespace().count() <= WORDS_MAX;
        (is_short && !which.contains(['.', ','])).then(|| format!("in the {which}currency"))
    });
    let says = |word: &str| {
        let mut said = meaning.split(|c: char| !c.is_alphanumeric());
        said.any(|one| one == word)
    };
    let period = PERIODS
        .iter()
        .find(|(word, period)| {
            says(word)
                || meaning.contains(&period.replacen("an ", "per ", 1).replacen("a ", "per ", 1))
        })
        .map(|(_, period)| (*period).to_owned());
    let all: Vec<String> = currency.into_iter().chain(period).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// Returns a long number with marks between its thousands, and any other one as it is.
fn readable(number: &str) -> String {
    const DIGITS_MIN: usize = 5;
    let whole = number.split('.').next().unwrap_or_default();
    let is_long = whole.trim_start_matches('-').len() >= DIGITS_MIN;
    grouped(number)
        .filter(|_| is_long)
        .unwrap_or_else(|| number.to_owned())
}

/// Whether a request certainly does not say which currency an amount is in, and the documents neither.
fn is_without_currency(amount: &Value, values: &Values) -> bool {
    const PLAIN: &str = "amount balance charge deposit fee gross money net order payment payout price refund \
        subtotal sum total transfer value withdrawal";
    const UNITS: &str = "asset ccy coin crypto currency denom denomination instrument iso market money pair \
        security symbol ticker token unit";
    let names_unit = |value: &Value| {
        let mut names = value.names.iter();
        names.any(|name| words(name).any(|word| is_in(UNITS, &word)))
    };
    amount.meaning.is_none()
        && values.dropped == values.framing
        && !values.is_unread
        && words(amount.name()).all(|word| is_in(PLAIN, &word))
        && !values.kept.iter().any(names_unit)
}

/// Whether a value is the amount of a request that moves money.
pub(crate) fn is_amount(value: &Value) -> bool {
    // The identifier of a price is not an amount.
    let is_identifier = words(value.name())
        .last()
        .is_some_and(|last| is_in("id ids", &last));
    value.role == Role::Amount
        && is_decimal(&value.text)
        && !is_rate(value.name())
        && !is_identifier
}

/// Whether a name is that of a rate, which is not what is paid: `feeRateSatPerByte`.
fn is_rate(name: &str) -> bool {
    words(name).any(|word| is_in("multiplier rate ratio", &word))
}

/// Takes values for amounts that are certainly ones: `amount_to_capture`, and the only number next to a
/// currency if no other value is an amount.
pub(crate) fn recognize(values: &mut [Value]) {
    for value in values.iter_mut() {
        let mut own = words(value.name()).collect::<Vec<_>>().into_iter();
        let first = own.next().unwrap_or_default();
        // `{"amount": {"minorUnits": 4500}}`.
        let is_in_minor_units =
            first == "minor" && own.all(|word| is_in("unit units amount value", &word));
        // ISO 20022 abbreviates it: `InstdAmt`.
        let is_abbreviated = words(value.name()).any(|word| word == "amt");
        let says_amount = first == "amount" || is_in_minor_units || is_abbreviated;
        let written = written(&value.text);
        let is_number = written.is_some() || is_decimal(&value.text);
        if says_amount && value.role != Role::Identifier && is_number {
            value.role = Role::Amount;
        }
        if value.role == Role::Amount
            && !value.is_cut()
            && let Some((number, currency)) = written
        {
            value.text = number;
            value.currency = currency;
        }
    }
    let mut currencies = values.iter().filter(|value| is_currency(value));
    let (Some(currency), None) = (currencies.next(), currencies.next()) else {
        return;
    };
    let parent = currency.parent().to_owned();
    if values.iter().any(is_amount) {
        return;
    }
    // A price for each day or piece is not what is paid.
    let is_partial = |value: &Value| {
        const PARTIAL: &str = "adults bags beds children count daily days guests hourly hours items kg monthly months \
            nights number people per percent persons pieces points qty quantity rate ratio rooms seats tickets units \
            version weekly yearly years";
        words(value.name()).any(|word| is_in(PARTIAL, &word))
    };
    let mut numbers = values.iter_mut().filter(|value| {
        value.parent() == parent
            && value.role == Role::None
            && is_decimal(&value.text)
            && !is_partial(value)
    });
    if let (Some(only), None) = (numbers.next(), numbers.next()) {
        only.role = Role::Amount;
    }
}

/// Reads an amount that is written for people: `4120 EUR`, `€1,250.50`, `5,00`. Returns its number and its currency;
/// `None` for a plain number, and for anything else.
fn written(text: &str) -> Option<(String, Option<String>)> {
    let text = text.trim();
    let is_digit = |c: char| c.is_ascii_digit();
    let start = text.find(|c: char| is_digit(c) || c == '-')?;
    let end = text.rfind(is_digit)? + 1;
    let (before, after) = (text[..start].trim(), text.get(end..)?.trim());
    let currency = match (before, after) {
        ("", "") => None,
        (mark, "") | ("", mark) => Some(currency_mark(mark)?),
        _ => return None,
    };
    let number = text.get(start..end)?;
    if currency.is_none() && is_decimal(number) {
        return None;
    }
    Some((ungrouped(number)?, currency))
}

/// Returns the code of a currency that is written next to a number.
fn currency_mark(mark: &str) -> Option<String> {
    const CODES: &str = "AED ARS AUD BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR JPY KES KRW \
        MXN MYR NGN NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR";
    let upper = mark.to_ascii_uppercase();
    let of_symbol = SYMBOLS.iter().find(|(_, symbol)| *symbol == mark);
    of_symbol
        .map(|(code, _)| (*code).to_owned())
        .or_else(|| is_in(CODES, &upper).then_some(upper))
}

/// Returns a number without the marks between its thousands, and with a point before its decimals. A comma before
/// anything but two or three digits may be either.
fn ungrouped(number: &str) -> Option<String> {
    if is_decimal(number) {
        return Some(number.to_owned());
    }
    let is_grouped = |whole: &str, mark: char| {
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let mut parts = digits.split(mark);
        let first = parts.next().unwrap_or_default();
        (1..=3).contains(&first.len()) && parts.all(|part| part.len() == 3)
    };
    let plain = |whole: &str, mark: char| whole.replace(mark, "");
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let found = if number.contains(',') && !fraction.contains(',') && is_grouped(whole, ',') {
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{}{point}{fraction}", plain(whole, ','))
    } else {
        let (whole, fraction) = number.rsplit_once(',')?;
        if fraction.len() != 2 || !is_grouped(whole, '.') {
            return None;
        }
        format!("{}.{fraction}", plain(whole, '.'))
    };
    is_decimal(&found).then_some(found)
}

/// Whether a value names a currency.
pub(crate) fn is_currency(value: &Value) -> bool {
    let name = value.name().to_ascii_lowercase();
    (name.contains("currency") || name == "ccy") && code(&value.text).is_some()
}

/// Returns the currencies that the amounts of a request are written with.
pub(crate) fn currencies(values: &Values) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let amounts = values.kept.iter().filter(|value| is_amount(value));
    for currency in amounts
        .take(CURRENCIES_READ_MAX)
        .filter_map(|amount| currency_of(amount, &values.kept))
    {
        if !found.contains(&currency) {
            found.push(currency);
        }
    }
    found
}

fn currency_of(amount: &Value, others: &[Value]) -> Option<String> {
    if amount.currency.is_some() {
        return amount.currency.clone();
    }
    let currencies = || others.iter().filter(|other| is_currency(other));
    let sibling = currencies().find(|other| other.parent() == amount.parent());
    let found = sibling.or_else(|| {
        // A currency elsewhere counts only if there is no other.
        let mut all = currencies();
        all.next()
            .filter(|first| all.all(|other| other.text == first.text))
    });
    if let Some(found) = found {
        return code(&found.text);
    }
    // As in `amount_usd`. Only common codes count: any three letters would also match `amount_net`.
    let name = amount.name().to_ascii_lowercase();
    let last = name.rsplit(['_', '-']).next()?;
    SYMBOLS
        .iter()
        .map(|(code, _)| (*code).to_owned())
        .chain(["CHF", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN"].map(str::to_owned))
        .find(|code| code.eq_ignore_ascii_case(last))
}

fn code(text: &str) -> Option<String> {
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code.then(|| text.to_ascii_uppercase())
}

fn unit_of(amount: &Value) -> Unit {
    // ISO 20022 gives decimal numbers.
    let is_of_message = words(amount.name()).any(|word| word == "amt");
    if amount.currency.is_some() || is_of_message {
        return Unit::Major;
    }
    let is_minor_word = |word: &str| is_in("cent cents minor pence", word);
    if words(amount.name()).any(|word| is_minor_word(&word)) {
        return Unit::Minor;
    }
    let meaning = amount.meaning.as_deref().unwrap_or_default().to_lowercase();
    let said = || meaning.split(|c: char| !c.is_alphanumeric());
    // "In dollars, not in cents" says both, and only a reader knows which applies.
    let is_negated = said().any(|word| is_in("not no without never instead rather unlike", word));
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| meaning.contains(phrase));
    let is_minor = said().any(is_minor_word)
        || says(&[
            "minor unit",
            "smallest currency unit",
            "smallest unit",
            "subunit",
        ]);
    let is_major = says(&["major unit", "in dollars", "in euros"]);
    if amount.text.contains('.') {
        // Cents have no decimals: the number and the document contradict each other.
        return if is_minor && !is_negated {
            Unit::Unknown
        } else {
            Unit::Major
        };
    }
    match (is_minor, is_major) {
        _ if is_negated => Unit::Unknown,
        (true, false) => Unit::Minor,
        (false, true) => Unit::Major,
        _ => Unit::Unknown,
    }
}

/// Returns the number of decimals of a currency; `None` if APIs do not agree on it.
fn decimals(currency: &str) -> Option<usize> {
    // Not in ISO 4217: their smallest units have six to eighteen decimals.
    const CRYPTO: &str = "ADA BCH BNB BTC DOT ETH LTC SOL TRX XBT XLM XMR XRP";
    // ISO 4217 gives them none, but large payment APIs take hundredths.
    if is_in("ISK UGX", currency) || is_in(CRYPTO, currency) {
        return None;
    }
    let known = DECIMALS.iter().find(|(code, _)| *code == currency);
    Some(known.map_or(2, |(_, decimals)| *decimals))
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(fraction)
}

/// Moves the decimal point of a whole number to the left.
fn from_minor(text: &str, decimals: usize) -> Option<String> {
    if text.contains('.') {
        return None;
    }
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |digits| ("-", digits));
    if decimals == 0 {
        return Some(text.to_owned());
    }
    let padded = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    Some(format!("{sign}{whole}.{fraction}"))
}

/// Separates the thousands of a number by commas.
fn grouped(number: &str) -> Option<String> {
    if !is_decimal(number) {
        return None;
    }
    let (sign, digits) = number
        .strip_prefix('-')
        .map_or(("", number), |digits| ("-", digits));
    let (whole, fraction) = digits
        .split_once('.')
        .map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut shown = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if let Some(fraction) = fraction {
        shown.push('.');
        shown.push_str(fraction);
    }
    Some(shown)
}

fn with_currency(number: &str, currency: &str) -> String {
    match SYMBOLS.iter().find(|(code, _)| *code == currency) {
        Some((_, symbol)) => match number.strip_prefix('-') {
            Some(number) => format!("-{symbol}{number}"),
            None => format!("{symbol}{number}"),
        },
        None => format!("{currency} {number}"),
    }
}

#[cfg(test)]
mod tests;
