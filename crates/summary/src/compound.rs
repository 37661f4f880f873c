//! Nouns of several words whose first word also reads like a verb: `payout-method`, `order-items`.

use crate::words::{is_in, participle_of, singular, words};

/// Nouns for acts: in front of another word, each is part of a noun.
const ACT_NOUNS: &str = "booking cancellation checkout donation invitation payment payout reservation subscription \
    topup transaction withdrawal";

/// Words that are verbs as well as nouns.
const EITHER: &str = "access alert archive audit backup block book build call capture charge check claim contact \
    credit debit deposit dispute email estimate exchange export feature file gift hold import invoice label lease \
    license link list loan log login mail merge message order pin price purchase quote rate refund release rent \
    report request return review route sale sample scan search share ship sign stage store stream support survey \
    tag test ticket tip token trace track trade transfer trial trust view visit vote wire work";

/// Last words of nouns whose first word is one of them.
const HEADS: &str = "address approval attempt authorization batch book case category center channel code config \
    configuration destination detail entry fee field form format group history id instruction intent item key \
    level limit line link list log method mode note option plan point policy preference profile program queue \
    reason reference request result rule schedule session set setting statement status step suite template \
    threshold type window zone";

/// Whether a segment of a path, or a name of an operation, is a noun although its first word reads like a verb.
pub(crate) fn is_noun(segment: &str) -> bool {
    let all: Vec<String> = words(segment).collect();
    let [first, .., last] = &*all else {
        return false;
    };
    let first = singular(first);
    // A standing order is not an order, and a scheduled payment pays nothing yet.
    let is_qualified = first.ends_with("ing") || participle_of(&first).is_some();
    is_qualified
        || is_in(ACT_NOUNS, &first)
        || is_in(EITHER, &first) && is_in(HEADS, &singular(last))
}

/// Whether a segment of a path is a collection of things with a name of several words: `api-keys`.
pub(crate) fn is_collection(segment: &str) -> bool {
    segment.contains(['-', '_'])
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || b"-_".contains(&byte))
        && singular(segment) != segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noun_of_several_words_is_not_a_verb_with_its_object() {
        for (segment, expected) in [
            ("payout-method", true),
            ("payoutMethods", true),
            ("order_items", true),
            ("call-logs", true),
            ("refund-requests", true),
            ("shareLink", true),
            ("standing-orders", true),
            ("scheduled_payments", true),
            ("cancel-order", false),
            ("transferFunds", false),
            ("setLabels", false),
            ("refund", false),
            ("charge-card", false),
            ("reset-password", false),
        ] {
            assert_eq!(is_noun(segment), expected, "{segment}");
        }
    }
}
