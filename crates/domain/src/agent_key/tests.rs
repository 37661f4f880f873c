//! Which spellings are found, and what is not.

use proptest::prelude::*;

use super::*;

fn key() -> impl Strategy<Value = String> {
    prop::collection::vec(0_u8..=255, 32)
        .prop_map(|bytes| format!("{PREFIX}{}", hex::encode(bytes)))
}

fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for place in 0..=chunk.len() {
            let sextet = bits >> (18 - 6 * place) & 63;
            text.push(char::from(alphabet[sextet as usize]));
        }
    }
    text
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn each(text: &str, escape: impl Fn(u8) -> String) -> String {
    text.bytes().map(escape).collect()
}

fn wrapped(text: &str, line_break: &str) -> String {
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(60)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    lines.join(line_break)
}

/// Returns every supported spelling of a text.
fn spellings(text: &str) -> Vec<String> {
    let percent = each(text, |byte| format!("%{byte:02x}"));
    let base64_standard = base64(text.as_bytes(), STANDARD);
    vec![
        text.to_owned(),
        text.to_uppercase(),
        text.replace('_', "%5F"),
        text.replacen('a', "%61", 1),
        percent.replace('%', "%25"),
        percent.replace('%', "%2525"),
        percent,
        each(text, |byte| format!("\\u{byte:04X}")),
        each(text, |byte| format!("\\u{{{byte:x}}}")),
        each(text, |byte| format!("\\x{byte:02x}")),
        each(text, |byte| format!("%u{byte:04x}")),
        each(text, |byte| format!("&#{byte};")),
        each(text, |byte| format!("&#x{byte:x}")),
        each(text, |byte| format!("&amp;#{byte};")),
        text.replace('_', "&lowbar;"),
        each(text, |byte| format!("={byte:02X}")),
        wrapped(text, "=\r\n"),
        each(text, |byte| format!("{}\0", char::from(byte))),
        each(text, |byte| {
            format!(
                "\\u005c\\u0075{}",
                each(&format!("{byte:04x}"), |digit| {
                    format!("\\u{digit:04x}")
                })
            )
        }),
        wrapped(&base64_standard, "\r\n"),
        wrapped(&base64_standard, "\\n"),
        base64_standard.replace('/', "\\/"),
        base64_standard.replace('+', "%2B"),
        each(&base64_standard, |byte| format!("%{byte:02X}")),
        base64_standard,
        base64(text.as_bytes(), URL_SAFE),
        hex::encode(text),
        hex::encode_upper(text),
    ]
}

proptest! {
    #[test]
    fn a_key_is_found_in_every_spelling(
        key in key(),
        before in "[ -~]{0,7}",
        after in "[ -~]{0,7}",
        around in "[a-z =&\"{:]{0,9}",
    ) {
        // Right before the key, `%a` would make an escape of its first letter, for every reader.
        for spelling in spellings(&format!("{before} {key}{after}")) {
            let text = format!("{around} {spelling} {around}");
            prop_assert!(is_in(text.as_bytes()), "{}", text);
            prop_assert!(scan::is_in(text.as_bytes()), "in one pass: {}", text);
        }
    }

    #[test]
    fn a_text_that_ends_inside_a_key_is_detected(key in key(), share in 0.0..1.0_f64) {
        let text = format!("user:{key}");
        for spelling in spellings(&text) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a share of a short length"
            )]
            let length = (spelling.len() as f64 * (0.35 + share * 0.6)) as usize;
            let cut = &spelling.as_bytes()[..length];
            prop_assert!(may_be_at_end_of(cut), "{}", String::from_utf8_lossy(cut));
        }
    }

    #[test]
    fn other_texts_hold_no_key(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(!is_in(&bytes));
        prop_assert!(!scan::is_in(&bytes));
    }
}

/// Returns bytes that look random and are the same in every run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}

const DENSE: [&str; 6] = [
    "%25&amp;=3d\\u0025\0",
    "%61gt_0a%25&amp;=3d\\u0025\0",
    "&#0&#48&#x0&#x30",
    "\\\\u{5c}",
    "%25",
    "&amp;#x26;",
];

#[test]
fn random_bytes_are_hardly_read() {
    let read: usize = candidates(&noise(1 << 20)).map(<[u8]>::len).sum();
    assert_eq!(read, 0);
}

#[test]
fn the_work_on_a_text_full_of_escapes_is_linear() {
    for text in DENSE {
        let text = text.repeat(50_000 / text.len());
        let mut scan = scan::Scan::new(text.as_bytes());
        assert!(!scan.finds_key());
        let reads_per_byte = scan.reads.get() / text.len();
        assert!(reads_per_byte <= 40, "{text:.20}: {reads_per_byte}");
    }
}

#[test]
fn a_key_is_found_in_every_spelling_within_a_long_text() {
    let key = format!("{PREFIX}{}", "0af9".repeat(16));
    for around in DENSE
        .map(|text| text.repeat(LONG_BYTES / text.len()).into_bytes())
        .into_iter()
        .chain([noise(1 << 18)])
    {
        assert!(!is_in(&around));
        for spelling in spellings(&format!("user:{key}")) {
            let text = [&around[..], b".", spelling.as_bytes(), b".", &around[..]].concat();
            assert!(is_in(&text), "{spelling}");
        }
    }
}

#[test]
fn escapes_of_another_family_do_not_hide_a_key() {
    let digits = "0a".repeat(32);
    for text in [
        format!("q=&#xagt%5F{digits}"),
        format!("q=%u00agt\\u005f{digits}"),
        format!("=\\u006%61gt_{digits}"),
        format!("\\%61gt%255F{digits}"),
    ] {
        assert!(is_in(text.as_bytes()), "{text}");
    }
}

#[test]
fn a_text_that_only_mentions_a_key_does_not_contain_one() {
    let digits = "0a".repeat(32);
    for text in [
        "agt_".to_owned(),
        "a key begins with agt_ and has 64 digits".to_owned(),
        "agt_0a0a0a0a…".to_owned(),
        format!("sha256 {digits}"),
        format!("agt-{digits}"),
        format!("agt_{}", &digits[1..]),
        format!("agt_ {digits}"),
        format!("{{\"etag\":\"{digits}\",\"prefix\":\"agt_\"}}"),
        base64(format!("agt_{}", &digits[1..]).as_bytes(), STANDARD),
        format!("YWd0X{}", "A".repeat(100)),
    ] {
        assert!(!is_in(text.as_bytes()), "{text}");
    }
}

#[test]
fn a_text_without_the_beginning_of_a_key_ends_inside_none() {
    for text in [
        "",
        "agt",
        "data",
        "agt_0a0a.",
        "agt_0a0a, and",
        "%61gt",
        "{\"a\":1}\n",
        "YWd0X3x8",
    ] {
        assert!(!may_be_at_end_of(text.as_bytes()), "{text}");
    }
}

#[test]
fn the_encoded_prefixes_are_those_of_the_prefix() {
    for (bytes_before, (encoded, _)) in ENCODED_PREFIXES.iter().enumerate() {
        for byte in [0_u8, 0x55, 0xff] {
            let mut text = vec![byte; bytes_before];
            text.extend_from_slice(PREFIX.as_bytes());
            text.extend_from_slice(b"0f");
            let all = base64(&text, STANDARD);
            assert!(memmem::find(all.as_bytes(), encoded).is_some(), "{all}");
        }
    }
    assert_eq!(hex::encode(PREFIX).as_bytes()[..7], *HEX_PREFIX);
}
