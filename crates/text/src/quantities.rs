//! Numbers: those that an intent gives, in digits or in words, and those that a request carries, in
//! whatever unit its field has.

use crate::words::of_name;

/// Numbers written out, in the languages that intents come in.
const WRITTEN: [(&str, f64); 5] = [
    ("half demi halbe halb medio media meia", 0.5),
    ("quarter viertel quart cuarto quarto", 0.25),
    ("dozen dutzend douzaine docena dúzia", 12.0),
    ("hundred hundert cent cien ciento cem", 100.0),
    ("thousand tausend mille mil", 1000.0),
];

/// One to twelve in English, German, French, Spanish, Portuguese, Italian.
const UP_TO_TWELVE: [&str; 12] = [
    "one a an once single ein eine einen un une uno una um uma",
    "two twice both zwei beide deux dos dois duas due",
    "three drei trois tres três tre",
    "four vier quatre cuatro quatro quattro",
    "five fünf cinq cinco cinque",
    "six sechs seis sei",
    "seven sieben sept siete sete sette",
    "eight acht huit ocho oito otto",
    "nine neun neuf nueve nove",
    "ten zehn dix diez dez dieci",
    "eleven elf onze once undici",
    "twelve noon zwölf douze doce doze dodici",
];

/// Numbers above twelve, in English.
const ABOVE_TWELVE: [(&str, f64); 15] = [
    ("thirteen", 13.0),
    ("fourteen", 14.0),
    ("fifteen", 15.0),
    ("sixteen", 16.0),
    ("seventeen", 17.0),
    ("eighteen", 18.0),
    ("nineteen", 19.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("forty", 40.0),
    ("fifty", 50.0),
    ("sixty", 60.0),
    ("seventy", 70.0),
    ("eighty", 80.0),
    ("ninety", 90.0),
];

/// Words for numbers that often mean something else: articles, times, and words of another language.
const AMBIGUOUS: &str =
    "a an ein eine einen un une uno una um uma once noon single both twice due sept";

/// Returns the number that a word in lower case is, if it can be nothing else.
pub fn written(word: &str) -> Option<f64> {
    let is_one_of = |words: &str| words.split(' ').any(|known| known == word);
    if is_one_of(AMBIGUOUS) {
        return None;
    }
    let above = ABOVE_TWELVE.iter().find(|(known, _)| *known == word);
    #[expect(clippy::cast_precision_loss, reason = "it counts up to twelve")]
    let at = |at: usize| at as f64 + 1.0;
    above.map(|(_, number)| *number).or_else(|| {
        UP_TO_TWELVE
            .iter()
            .position(|words| is_one_of(words))
            .map(at)
    })
}

/// The units of a field by its name: how many of them make one of the unit that people use.
const UNITS: &[(&[&str], &[f64])] = &[
    (
        &[
            "cent", "minor", "amount", "price", "total", "unit", "value", "fee", "money",
        ],
        &[100.0],
    ),
    (
        &["ms", "milli", "millis", "milliseconds"],
        &[1000.0, 60_000.0, 3_600_000.0, 86_400_000.0],
    ),
    (
        &[
            "sec",
            "second",
            "seconds",
            "duration",
            "ttl",
            "timeout",
            "expire",
            "expires",
            "expiry",
            "expiration",
            "age",
            "time",
            "estimate",
            "spent",
            "snooze",
            "delay",
            "interval",
            "length",
            "retention",
        ],
        &[
            60.0,
            3600.0,
            86_400.0,
            604_800.0,
            1000.0,
            60_000.0,
            3_600_000.0,
            86_400_000.0,
        ],
    ),
    (&["min", "minutes", "minute"], &[60.0, 1440.0]),
    (&["hour", "hours"], &[24.0]),
    (&["day", "days", "period"], &[7.0, 30.0, 31.0, 365.0]),
    (&["month", "months", "term", "year"], &[12.0]),
    (
        &["mb", "mem", "memory", "size", "disk", "storage", "limit"],
        &[1024.0, 1000.0],
    ),
    (
        &["byte", "bytes", "size", "memory", "storage"],
        &[1_048_576.0, 1_073_741_824.0, 1e6, 1e9],
    ),
    (
        &[
            "rate",
            "percent",
            "percentage",
            "discount",
            "ratio",
            "level",
            "volume",
            "fraction",
            "weight",
            "opacity",
            "threshold",
            "progress",
        ],
        &[0.01],
    ),
    (&["micros", "micro", "nano", "nanos", "units"], &[1e6, 1e9]),
    (&["bps", "basis"], &[100.0]),
];

/// The numbers that a text gives. An intent may give a thousand, and a request may have thousands of
/// values to compare with them.
#[derive(Debug)]
pub struct Given {
    /// In ascending order.
    numbers: Vec<f64>,
    digits: Vec<Digits>,
}

/// The digits of a number.
#[derive(Debug)]
struct Digits {
    written: Vec<u8>,
    sorted: Vec<u8>,
}

impl Digits {
    fn of(number: f64) -> Self {
        let text = number.abs().to_string();
        let written: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
        let mut sorted = written.clone();
        sorted.sort_unstable();
        Self { written, sorted }
    }
}

/// The numbers of a text.
fn of_text(text: &str) -> Vec<f64> {
    let mut numbers = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(start) = bytes[at..]
        .iter()
        .position(u8::is_ascii_digit)
        .map(|n| n + at)
    {
        let mut end = start;
        while let Some(byte) = bytes.get(end) {
            let next_is_digit = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
            if byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b':' | b'\'') && next_is_digit
            {
                end += 1;
            } else {
                break;
            }
        }
        let token = &text[start..end];
        readings(token, &mut numbers);
        let after = text[end..].trim_start_matches([' ', '\u{a0}', '\u{202f}']);
        let scale = [
            ("k", 1e3),
            ("K", 1e3),
            ("M", 1e6),
            ("million", 1e6),
            ("Mio", 1e6),
            ("万", 1e4),
        ]
        .iter()
        .find(|(unit, _)| {
            after
                .strip_prefix(unit)
                .is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
        });
        if let Some((_, scale)) = scale
            && let Some(last) = numbers.last().copied()
        {
            numbers.push(last * scale);
        }
        // Thousands kept apart by a space: `3 912`.
        if end - start <= 3
            && let Some(group) = text[end..].strip_prefix([' ', '\u{a0}', '\u{202f}'])
            && group.len() >= 3
            && group.as_bytes()[..3].iter().all(u8::is_ascii_digit)
            && !group.as_bytes().get(3).is_some_and(u8::is_ascii_digit)
            && let Ok(number) = [token, &group[..3]].concat().parse()
        {
            numbers.push(number);
        }
        at = end;
    }
    for word in text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
    {
        if word.len() > 12 {
            continue;
        }
        let word = word.to_lowercase();
        let is_one_of = |words: &str| words.split(' ').any(|known| known == word);
        if let Some(number) = UP_TO_TWELVE.iter().position(|words| is_one_of(words)) {
            #[expect(clippy::cast_precision_loss, reason = "it counts up to twelve")]
            numbers.push(number as f64 + 1.0);
        }
        if let Some((_, number)) = WRITTEN.iter().find(|(words, _)| is_one_of(words)) {
            numbers.push(*number);
        }
    }
    numbers
}

/// Adds every reading of a number with a comma, a full stop or a colon.
fn readings(token: &str, numbers: &mut Vec<f64>) {
    let mut add = |spelled: &str| {
        if let Ok(number) = spelled.parse::<f64>()
            && !numbers.contains(&number)
        {
            numbers.push(number);
        }
    };
    if let Some((hours, minutes)) = token.split_once(':') {
        if let (Ok(hours), Ok(minutes)) = (hours.parse::<f64>(), minutes.parse::<f64>()) {
            numbers.push(hours * 60.0 + minutes);
            numbers.push(hours);
        }
        return;
    }
    let plain = token.replace('\'', "");
    add(&plain);
    if plain.contains([',', '.']) {
        add(&plain.replace(',', ""));
        add(&plain.replace('.', "").replace(',', "."));
    }
}

impl Given {
    /// Reads the numbers of a text.
    pub fn in_text(text: &str) -> Self {
        let mut numbers = of_text(text);
        numbers.sort_unstable_by(f64::total_cmp);
        let digits = numbers.iter().map(|number| Digits::of(*number)).collect();
        Self { numbers, digits }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Whether this very number is given.
    pub fn holds(&self, value: f64) -> bool {
        is_near(&self.numbers, |number| number, value, 1e-6)
    }

    /// Whether a number in a field of this name is one of those given, in whatever unit.
    pub fn is_given(&self, value: f64, name: &str) -> bool {
        let value = value.abs();
        let tolerance = 1e-6 * value.max(1.0);
        let in_unit = |scale: f64| is_near(&self.numbers, |one| one * scale, value, tolerance);
        in_unit(1.0)
            || UNITS.iter().any(|(names, scales)| {
                scales.iter().any(|scale| in_unit(*scale))
                    && of_name(name)
                        .any(|word| names.iter().any(|known| word.eq_ignore_ascii_case(known)))
            })
    }

    /// Whether a number is one of those given but for its decimal point: 15 for 1.5.
    pub fn is_shifted(&self, value: f64, name: &str) -> bool {
        const SHIFTS: [f64; 7] = [10.0, 0.1, 100.0, 0.01, 1000.0, 0.001, 10_000.0];
        let of_unit = UNITS.iter().filter(|(names, _)| {
            of_name(name).any(|word| names.iter().any(|known| word.eq_ignore_ascii_case(known)))
        });
        let scales = of_unit.flat_map(|(_, scales)| scales.iter().copied());
        let value = value.abs();
        let first = self.numbers.partition_point(|number| *number < 1.0);
        std::iter::once(1.0).chain(scales).any(|scale| {
            SHIFTS.iter().any(|shift| {
                let shifted = |number: f64| number * scale * shift;
                is_near(&self.numbers[first..], shifted, value, 1e-6 * value)
            })
        })
    }

    /// Whether a number has the digits of one of those given in another order: 1485 for 1458.
    pub fn is_scrambled(&self, value: f64) -> bool {
        let Digits { written, sorted } = Digits::of(value);
        written.len() >= 2
            && self
                .digits
                .iter()
                .any(|given| given.sorted == sorted && given.written != written)
    }
}

/// Whether one of these numbers comes near a value, after a change that keeps their order.
fn is_near(numbers: &[f64], change: impl Fn(f64) -> f64, value: f64, tolerance: f64) -> bool {
    // The nearest are next to the place of the value.
    let above = numbers.partition_point(|number| change(*number) < value);
    let nearest = numbers[above.saturating_sub(1)..].iter().take(2);
    nearest
        .copied()
        .any(|number| (change(number) - value).abs() <= tolerance)
}

/// Returns the amounts of money in a text: numbers next to a currency, or with two decimals.
pub fn money_in(text: &str) -> Vec<f64> {
    const SYMBOLS: [char; 8] = ['$', '€', '£', '¥', '₹', '₩', '₽', '₺'];
    let is_currency = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphabetic());
        word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase())
            || ["dollars", "euros", "euro", "pounds", "yen", "francs"].contains(&word)
    };
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let spelled = token.trim_matches(|c: char| !c.is_ascii_digit());
        let is_number = !spelled.is_empty()
            && spelled
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b",.'".contains(&byte))
            && !token.contains(['/', ':', '-', '#']);
        let before = at.checked_sub(1).map_or("", |at| tokens[at]);
        let after = tokens.get(at + 1).copied().unwrap_or_default();
        let is_marked = token.contains(SYMBOLS)
            || [before, after].iter().any(|word| {
                is_currency(word) || word.chars().all(|c| SYMBOLS.contains(&c)) && !word.is_empty()
            });
        let has_decimals = spelled
            .rsplit_once(['.', ','])
            .is_some_and(|(_, decimals)| decimals.len() == 2);
        if is_number && (is_marked || has_decimals) {
            let start = found.len();
            readings(spelled, &mut found);
            // In `3,100` a comma before three digits is one between thousands.
            let is_grouped = spelled
                .rsplit_once([',', '.', '\''])
                .is_some_and(|(_, last)| last.len() == 3);
            if is_grouped && let Some(largest) = found[start..].iter().copied().reduce(f64::max) {
                found.truncate(start);
                found.push(largest);
            }
        }
    }
    found
}

/// Whether a word of a name says that it is about money.
pub fn is_money(word: &str) -> bool {
    UNITS[0]
        .0
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_compared_with_the_nearest_numbers() {
        let given = Given::in_text("Move 1458 items and 15 boxes in 1.5 hours");
        assert!(given.holds(15.0) && !given.holds(16.0));
        assert!(given.is_given(5400.0, "duration") && !given.is_given(5400.0, "items"));
        assert!(given.is_shifted(150.0, "boxes") && !given.is_shifted(151.0, "boxes"));
        assert!(given.is_scrambled(1485.0) && !given.is_scrambled(1458.0));
        let nothing = Given::in_text("Move them");
        assert!(nothing.is_empty() && !nothing.is_given(0.0, "items"));
    }
}
