//! Numbers as JSON spells them and as CEL counts them.

use std::cmp::Ordering;

/// 2^63 as a double: the first that no `i64` reaches.
const BEYOND_INT: f64 = 9_223_372_036_854_775_808.0;

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    Double(f64),
}

/// Reads a number as JSON spells it: whole where it is and fits, else a double. None where no
/// double holds it.
pub(crate) fn read(spelled: &str) -> Option<Number> {
    if let Ok(int) = spelled.parse::<i64>() {
        return Some(Number::Int(int));
    }
    let double = spelled.parse::<f64>().ok().filter(|d| d.is_finite())?;
    Some(whole(double).map_or(Number::Double(double), Number::Int))
}

/// The longest text that is read as a number without being asked to, in digits. A double holds each of these exactly,
/// so servers with other kinds of numbers read the same.
const DIGITS_MAX: usize = 15;

/// The integer that a text is to every server: ASCII digits after at most a `-`, without a zero at the beginning,
/// which some servers read as a base of 8. Other spellings, such as `5.0`, `1e9`, `0x10`, `+5` and ` 5`, are numbers to
/// some servers and not to others.
pub(crate) fn certain(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_canonical = text == "0" || !matches!(digits.as_bytes(), [] | [b'0', ..]);
    let are_digits = digits.len() <= DIGITS_MAX && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_canonical && are_digits).then(|| text.parse().ok())?
}

/// The integer that a double is, if it is one.
pub(crate) fn whole(double: f64) -> Option<i64> {
    (double.fract() == 0.0).then(|| truncate(double)).flatten()
}

/// A double without its fraction, where an `i64` holds it.
pub(crate) fn truncate(double: f64) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked, and losing the fraction is the point"
    )]
    (-BEYOND_INT..BEYOND_INT)
        .contains(&double)
        .then_some(double as i64)
}

/// A double near an integer.
pub(crate) fn to_double(int: i64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "CEL converts to the nearest double"
    )]
    let double = int as f64;
    double
}

/// Compares exactly, whatever the kinds. Returns `None` for NaN.
pub(crate) fn compare(left: Number, right: Number) -> Option<Ordering> {
    match (left, right) {
        (Number::Int(left), Number::Int(right)) => Some(left.cmp(&right)),
        (Number::Double(left), Number::Double(right)) => left.partial_cmp(&right),
        (Number::Int(int), Number::Double(double)) => compare_mixed(int, double),
        (Number::Double(double), Number::Int(int)) => {
            compare_mixed(int, double).map(Ordering::reverse)
        }
    }
}

fn compare_mixed(int: i64, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    let Some(whole) = truncate(double) else {
        return Some(if double > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        });
    };
    Some(int.cmp(&whole).then_with(|| {
        double
            .fract()
            .partial_cmp(&0.0)
            .map_or(Ordering::Equal, Ordering::reverse)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_whole_where_it_is_and_fits() {
        for (spelled, number) in [
            ("5", Number::Int(5)),
            ("-0", Number::Int(0)),
            ("5.0", Number::Int(5)),
            ("1e4", Number::Int(10_000)),
            ("9223372036854775807", Number::Int(i64::MAX)),
            ("9223372036854775808", Number::Double(BEYOND_INT)),
            ("-9223372036854775808", Number::Int(i64::MIN)),
            ("0.5", Number::Double(0.5)),
        ] {
            assert_eq!(read(spelled), Some(number), "{spelled}");
        }
        assert_eq!(read("1e999"), None);
    }

    #[test]
    fn a_text_is_certainly_a_number_in_one_spelling_alone() {
        for (text, number) in [
            ("0", 0),
            ("5", 5),
            ("-17", -17),
            ("999999999999999", 999_999_999_999_999),
        ] {
            assert_eq!(certain(text), Some(number), "{text}");
        }
        for text in [
            "",
            "-",
            "-0",
            "00",
            "05",
            "+5",
            " 5",
            "5 ",
            "5.0",
            "5.",
            "1e9",
            "0x10",
            "1_000",
            "1,000",
            "--5",
            "1000000000000000",
            "\u{664}",
            "\u{ff15}",
            "Infinity",
            "NaN",
            "five",
        ] {
            assert_eq!(certain(text), None, "{text}");
        }
    }

    #[test]
    fn integers_and_doubles_are_compared_exactly() {
        let mixed = |int, double| compare(Number::Int(int), Number::Double(double));
        assert_eq!(mixed(i64::MAX, BEYOND_INT), Some(Ordering::Less));
        assert_eq!(mixed(i64::MIN, -BEYOND_INT), Some(Ordering::Equal));
        assert_eq!(
            mixed(9_007_199_254_740_993, 9_007_199_254_740_992.0),
            Some(Ordering::Greater)
        );
        assert_eq!(mixed(1, 1.5), Some(Ordering::Less));
        assert_eq!(mixed(-1, -1.5), Some(Ordering::Greater));
        assert_eq!(mixed(1, f64::NAN), None);
        assert_eq!(mixed(1, f64::NEG_INFINITY), Some(Ordering::Greater));
    }
}
