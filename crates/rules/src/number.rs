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
