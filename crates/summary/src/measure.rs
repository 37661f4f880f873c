//! Numbers with their units: from their names (`doseMg`), from the value next to them, and from how they are
//! written.

use gaiterguard_judge::Role;

use crate::value::Value;
use crate::words::{is_in, words};
use crate::{amount, units};

/// Last words of names that are units, each with how people write it.
const UNITS: &[(&str, &str)] = &[
    ("amps", "A"),
    ("bps", "bps"),
    ("bytes", "bytes"),
    ("celsius", "°C"),
    ("cm", "cm"),
    ("days", "days"),
    ("deg", "°"),
    ("degrees", "°"),
    ("fahrenheit", "°F"),
    ("feet", "ft"),
    ("ft", "ft"),
    ("gallons", "gallons"),
    ("gb", "GB"),
    ("ghz", "GHz"),
    ("gib", "GiB"),
    ("grams", "g"),
    ("gwh", "GWh"),
    ("hectares", "ha"),
    ("hours", "h"),
    ("hrs", "h"),
    ("hz", "Hz"),
    ("iu", "IU"),
    ("kb", "kB"),
    ("kbps", "kbps"),
    ("kelvin", "K"),
    ("kg", "kg"),
    ("khz", "kHz"),
    ("kib", "KiB"),
    ("km", "km"),
    ("kmh", "km/h"),
    ("kpa", "kPa"),
    ("kph", "km/h"),
    ("kv", "kV"),
    ("kva", "kVA"),
    ("kw", "kW"),
    ("kwh", "kWh"),
    ("lb", "lb"),
    ("lbs", "lb"),
    ("liters", "l"),
    ("litres", "l"),
    ("lux", "lx"),
    ("ma", "mA"),
    ("mah", "mAh"),
    ("mb", "MB"),
    ("mbar", "mbar"),
    ("mbps", "Mbps"),
    ("mcg", "µg"),
    ("meters", "m"),
    ("metres", "m"),
    ("mg", "mg"),
    ("mhz", "MHz"),
    ("mib", "MiB"),
    ("miles", "miles"),
    ("milliseconds", "ms"),
    ("minutes", "min"),
    ("ml", "ml"),
    ("mm", "mm"),
    ("mmhg", "mmHg"),
    ("months", "months"),
    ("mph", "mph"),
    ("ms", "ms"),
    ("mv", "mV"),
    ("mwh", "MWh"),
    ("pct", "%"),
    ("percent", "%"),
    ("percentage", "%"),
    ("ppm", "ppm"),
    ("psi", "psi"),
    ("rpm", "rpm"),
    ("seconds", "s"),
    ("tb", "TB"),
    ("tib", "TiB"),
    ("tonnes", "t"),
    ("tons", "tons"),
    ("ug", "µg"),
    ("volts", "V"),
    ("watts", "W"),
    ("weeks", "weeks"),
    ("wh", "Wh"),
    ("years", "years"),
];

/// Short units, and the words before one that make it a unit.
const SHORT_UNITS: &[(&str, &str, &str)] = &[
    ("bar", "bar", "pressure"),
    ("a", "A", "charging charge current draw limit max"),
    ("c", "°C", "temp temperature setpoint target"),
    ("f", "°F", "temp temperature setpoint target"),
    ("g", "g", "dose mass weight"),
    ("l", "l", "capacity dose volume"),
    (
        "m",
        "m",
        "altitude depth distance elevation height length radius range width",
    ),
    ("v", "V", "potential supply voltage"),
    ("w", "W", "charge export import limit load max power"),
];

/// Names of the unit of the number next to it.
const UNIT_NAMES: &str = "measure measurement_unit measurementunit unit unit_code unit_of_measure unitcode \
    unitofmeasure units uom";

/// Last words of names for numbers that have their unit next to them.
const NUMBERS: &str = "amount concentration count distance dosage dose duration height length level limit max \
    maximum min minimum number power pressure qty quantity rate size speed strength target temperature threshold \
    value volume weight width";

/// How far apart a number and its unit may be.
const NEAR: usize = 8;

/// How many decimals a millionth has.
const MICRO_DECIMALS: usize = 6;

/// How many decimals the unit of a chain has whose smallest unit is a wei.
const WEI_DECIMALS: usize = 18;

/// The longest number in hexadecimal, in digits. An address or a digest is longer.
const HEX_DIGITS_MAX: usize = 32;

/// Words in the names of values whose hexadecimal digits are a number.
const HEX_NUMBERS: &str =
    "amount balance cap fee fees gas limit price quantity supply tip value wei";

/// Takes numbers for shares that a value next to them, or around them, says are in percent: `split_by: Percentage`. Such a
/// number is not an amount of money.
pub(crate) fn recognize_shares(values: &mut [Value]) {
    let shares: Vec<usize> = (0..values.len())
        .filter(|at| is_share(*at, values))
        .collect();
    for at in shares {
        values[at].role = Role::Quantity;
    }
}

/// Whether another value says that a number is in percent.
fn is_share(at: usize, values: &[Value]) -> bool {
    let value = &values[at];
    if !is_number(value.text.trim()) || value.role == Role::Identifier {
        return false;
    }
    values.iter().any(|kind| {
        let says = is_in(
            "pct percent percentage percentual",
            &kind.text.to_ascii_lowercase(),
        );
        if !says || !value.location.starts_with(kind.parent()) {
            return false;
        }
        let mut own = words(value.name());
        let is_kind = words(kind.name())
            .last()
            .is_some_and(|last| is_in("basis by kind mode type unit", &last));
        let shares_word = words(kind.name()).any(|word| words(value.name()).any(|own| own == word));
        let is_beside =
            kind.parent() == value.parent() && own.any(|word| is_in("amount value", &word));
        is_kind && (shares_word || is_beside)
    })
}

/// Returns a number with its unit as people write it; `None` if the request gives no unit. `is_wei` is whether the interface
/// counts values in wei.
pub(crate) fn shown(at: usize, values: &[Value], is_wei: bool) -> Option<String> {
    let value = &values[at];
    if let Some(number) = hexadecimal(value) {
        let is_wei =
            is_wei || unit_near(at, values).is_some_and(|unit| unit.eq_ignore_ascii_case("wei"));
        return Some(of_hexadecimal(value, number, is_wei));
    }
    let text = value.text.trim();
    if let Some(time) = units::of_ticks(text) {
        return Some(time);
    }
    if !is_number(text) {
        return None;
    }
    let all: Vec<String> = words(value.name()).collect();
    let (last, before) = all.split_last()?;
    if last == "micros" {
        let described = amount::described(value.meaning.as_deref());
        let described = described.map_or_else(String::new, |said| format!(" {said}"));
        return Some(format!("{}{described} ({text} micros)", of_micros(text)?));
    }
    if is_share(at, values) {
        return Some(format!("{text}%"));
    }
    if let Some(unit) = unit_near(at, values) {
        return Some(format!("{text} {unit}"));
    }
    if let Some(time) = units::shown(value) {
        return Some(time);
    }
    // `rate_ml_h` and `speed_km_per_h` are rates; the price of a unit is not in that unit.
    if let Some(rate) = rate_of(last, before) {
        return Some(format!("{text} {rate}"));
    }
    if before.last().is_some_and(|word| word == "per") {
        return None;
    }
    // `week_days` are marks for the days of a week.
    let is_mask =
        all.iter().any(|word| is_in("mask week weekdays", word)) && last.starts_with("day");
    if is_mask || is_in("bitmask mask weekdays", last) {
        return of_days(text, value);
    }
    let unit = unit_of(last, before).or_else(|| documented_unit(value))?;
    let space = if matches!(unit, "%" | "°") { "" } else { " " };
    Some(format!("{text}{space}{unit}"))
}

/// Whether a value is the unit of a number next to it, and shown with that.
pub(crate) fn is_unit(at: usize, values: &[Value]) -> bool {
    names_unit(&values[at])
        && neighbors(at, values).any(|(near, _)| {
            let is_counted =
                is_number(values[near].text.trim()) || hexadecimal(&values[near]).is_some();
            is_counted && unit_near(near, values).is_some()
        })
}

/// Whether a value is an amount in hexadecimal, as those of a chain are.
pub(crate) fn is_hexadecimal_amount(value: &Value) -> bool {
    hexadecimal(value).is_some()
        && words(value.name()).all(|word| is_in("amount in value wei", &word))
}

/// Writes a number of millionths in whole units, with two decimals or more.
fn of_micros(text: &str) -> Option<String> {
    let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_whole.then(|| scaled(text, MICRO_DECIMALS, 2))
}

fn of_hexadecimal(value: &Value, number: u128, is_wei: bool) -> String {
    let text = &value.text;
    let says_wei = words(value.name()).any(|word| word == "wei");
    if says_wei || is_wei && is_hexadecimal_amount(value) {
        let whole = scaled(&number.to_string(), WEI_DECIMALS, 0);
        return format!("{whole} ETH ({text} wei)");
    }
    format!("{number} ({text})")
}

/// Returns the marks for the days of a week as a count, if the documents say that they are bits.
fn of_days(text: &str, value: &Value) -> Option<String> {
    const DAYS: u32 = 7;
    let bits: u8 = text.parse().ok().filter(|bits| *bits < 1 << DAYS)?;
    let meaning = value.meaning.as_deref()?.to_ascii_lowercase();
    let says_bits = meaning
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| word.starts_with("bit"));
    says_bits.then(|| match bits.count_ones() {
        DAYS => format!("{text} (every day)"),
        count => format!("{text} ({count} of {DAYS} days)"),
    })
}

fn hexadecimal(value: &Value) -> Option<u128> {
    let digits = value.text.strip_prefix("0x")?;
    let is_short = (1..=HEX_DIGITS_MAX).contains(&digits.len());
    let is_named = words(value.name()).any(|word| is_in(HEX_NUMBERS, &word));
    u128::from_str_radix(digits, 16)
        .ok()
        .filter(|_| is_short && is_named)
}

/// Moves the decimal point to the left, and leaves out zeros at the end.
fn scaled(digits: &str, decimals: usize, shown_min: usize) -> String {
    let padded = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    let kept = fraction.trim_end_matches('0').len().max(shown_min);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    match &fraction[..kept] {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

/// Returns the unit that a value next to a number gives.
fn unit_near(at: usize, values: &[Value]) -> Option<&str> {
    let last = words(values[at].name()).last()?;
    if !is_in(NUMBERS, &last) {
        return None;
    }
    // The ends of a range have one unit. Other numbers next to each other may have different ones.
    let is_end = |word: &str| {
        is_in(
            "from high low lower max maximum min minimum to upper value",
            word,
        )
    };
    let shares = |near: &Value| {
        let own = words(near.name()).last().unwrap_or_default();
        !is_number(near.text.trim()) || !is_in(NUMBERS, &own) || is_end(&own) && is_end(&last)
    };
    if !neighbors(at, values).all(|(_, near)| shares(near)) {
        return None;
    }
    let (_, unit) = neighbors(at, values).find(|(_, near)| names_unit(near))?;
    Some(&unit.text)
}

/// Returns the values in the same map that are close to one.
fn neighbors(at: usize, values: &[Value]) -> impl Iterator<Item = (usize, &Value)> {
    let from = at.saturating_sub(NEAR);
    let to = values.len().min(at + NEAR + 1);
    let near = values[from..to].iter().enumerate();
    near.map(move |(index, value)| (from + index, value))
        .filter(move |(index, value)| *index != at && value.parent() == values[at].parent())
}

fn names_unit(value: &Value) -> bool {
    const UNIT_CHARS_MAX: usize = 24;
    is_in(UNIT_NAMES, &value.name().to_ascii_lowercase())
        && !value.text.is_empty()
        && !is_number(&value.text)
        && value.text.chars().nth(UNIT_CHARS_MAX).is_none()
}

fn unit_of(last: &str, before: &[String]) -> Option<&'static str> {
    let known = UNITS.iter().find(|(name, _)| *name == last);
    // A name that is only a unit may be that of anything, unless it is a share.
    let is_whole = !before.is_empty() || last == "percentage";
    if let Some((_, unit)) = known.filter(|_| is_whole) {
        return Some(unit);
    }
    let (_, unit, _) = SHORT_UNITS.iter().find(|(name, _, after)| {
        *name == last && before.last().is_some_and(|word| is_in(after, word))
    })?;
    Some(unit)
}

/// Returns the unit that a description gives: `Duration in minutes`, `Hours per day`. Identifiers
/// and amounts are left alone.
fn documented_unit(value: &Value) -> Option<&'static str> {
    const LETTERS_MIN: usize = 4;
    const LEADS: &str = "in of";
    let is_plain = matches!(value.role, Role::None | Role::Quantity);
    let meaning = value.meaning.as_deref().filter(|_| is_plain)?;
    let meaning = meaning.to_ascii_lowercase();
    let all: Vec<&str> = meaning
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '%')
        .filter(|word| !word.is_empty())
        .collect();
    if all.iter().any(|word| is_in("not no per", word)) {
        return None;
    }
    let mut found = all.iter().enumerate().filter_map(|(at, word)| {
        let is_led = at == 0 || is_in(LEADS, all[at - 1]);
        let known = UNITS.iter().find(|(name, _)| name == word)?;
        (is_led && word.len() >= LETTERS_MIN).then_some(known.1)
    });
    let first = found.next()?;
    found.all(|unit| unit == first).then_some(first)
}

/// Returns the unit of a rate, as of `ml_h` or `km_per_h`.
fn rate_of(last: &str, before: &[String]) -> Option<String> {
    const TIMES: [(&str, &str); 7] = [
        ("day", "day"),
        ("h", "h"),
        ("hour", "h"),
        ("hr", "h"),
        ("min", "min"),
        ("s", "s"),
        ("sec", "s"),
    ];
    let (_, time) = TIMES.iter().find(|(name, _)| *name == last)?;
    let (own, rest) = match before.split_last()? {
        (per, rest) if per == "per" => rest.split_last()?,
        own => own,
    };
    let unit = unit_of(own, rest).or_else(|| {
        let (_, unit, _) = SHORT_UNITS.iter().find(|(name, _, _)| name == own)?;
        Some(*unit).filter(|_| !rest.is_empty())
    })?;
    Some(format!("{unit}/{time}"))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.matches('.').count() <= 1
}
