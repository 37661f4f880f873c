//! Tests of what is hidden, what is not, and that pieces make no difference.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use futures_util::StreamExt;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, StreamBody};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::*;

/// Everything but the unreserved characters of a URL.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn masker(secret: &str) -> Masker {
    Masker::new(&[MaskedSecret::Value(secret.as_bytes())])
}

fn masked(secret: &str, text: &str) -> String {
    String::from_utf8(masker(secret).mask_bytes(text.as_bytes()).into_owned()).unwrap()
}

fn stars(count: usize) -> String {
    "*".repeat(count)
}

/// The spellings that must be hidden whole, base64's padding aside.
fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap();
    let json = json[1..json.len() - 1].to_owned();
    let percent = utf8_percent_encode(secret, RESERVED).to_string();
    let escaped =
        |escape: &dyn Fn(u16) -> String| -> String { secret.encode_utf16().map(escape).collect() };
    vec![
        secret.to_owned(),
        json.replace('/', "\\/"),
        json,
        escaped(&|unit| format!("\\u{unit:04x}")),
        escaped(&|unit| format!("\\u{unit:04X}")),
        percent.replace("%20", "+"),
        percent_lower(&percent),
        percent,
        percent_encode_all(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        hex::encode(secret),
        hex::encode_upper(secret),
        of_bytes(secret, |byte| format!("\\x{byte:02x}")),
        of_bytes(secret, |byte| format!("\\{byte:03o}")),
        of_bytes(secret, |byte| format!("={byte:02X}")),
        of_bytes(secret, |byte| format!("%25{byte:02X}")),
        of_bytes(secret, |byte| format!("%2525{byte:02x}")),
        of_bytes(secret, |byte| format!("\\u005Cx{byte:02X}")),
        of_characters(secret, |character| format!("&#{character};")),
        of_characters(secret, |character| format!("&#X{character:x};")),
        of_characters(secret, |character| format!("&amp;#{character};")),
        of_characters(secret, |character| format!("\\u{{{character:x}}}")),
        of_characters(secret, |character| format!("\\U{character:08X}")),
        mixed(secret),
    ]
}

fn of_bytes(secret: &str, escape: impl Fn(u8) -> String) -> String {
    secret.bytes().map(escape).collect()
}

fn of_characters(secret: &str, escape: impl Fn(u32) -> String) -> String {
    secret.chars().map(u32::from).map(escape).collect()
}

/// Spells each character in another way.
fn mixed(secret: &str) -> String {
    let mut ways = [
        |byte: u8| format!("%{byte:02x}"),
        |byte: u8| format!("\\x{byte:02X}"),
        |byte: u8| format!("%5Cx{byte:02X}"),
        |byte: u8| format!("={byte:02X}"),
    ]
    .into_iter()
    .cycle();
    secret
        .bytes()
        .filter_map(|byte| Some(ways.next()?(byte)))
        .collect()
}

fn percent_encode_all(secret: &str) -> String {
    let encoded: Vec<&str> = secret
        .bytes()
        .map(percent_encoding::percent_encode_byte)
        .collect();
    percent_lower(&encoded.concat())
}

fn percent_lower(percent: &str) -> String {
    let mut lower = String::new();
    let mut rest = percent;
    while let Some(at) = rest.find('%') {
        lower.push_str(&rest[..at]);
        lower.push_str(&rest[at..at + 3].to_ascii_lowercase());
        rest = &rest[at + 3..];
    }
    lower + rest
}

#[test]
fn every_spelling_is_hidden_and_no_length_changes() {
    for secret in [
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "p\u{e4}ss\u{2713}w\u{1f511}rd \"quoted\" \\ / + % = \n\t",
        "%25%32%35",
        "\\u0041\\\\",
        "abab",
        "????>>>>~~~~",
    ] {
        for spelling in spellings(secret) {
            let text = format!("{{\"echo\": \"{spelling}\", \"n\": 1}}");
            let expected = format!("{{\"echo\": \"{}\", \"n\": 1}}", stars(spelling.len()));
            assert_eq!(masked(secret, &text), expected, "{spelling}");
        }
    }
}

#[test]
fn encodings_of_encodings_in_urls_and_json_are_hidden() {
    let secret = "~~~???";
    let base64 = STANDARD_NO_PAD.encode(secret);
    assert!(base64.contains('/') && base64.contains('+'), "{base64}");
    for spelling in [
        utf8_percent_encode(&base64, RESERVED).to_string(),
        base64.replace('/', "\\/"),
        base64.replace('+', "\\u002B"),
    ] {
        assert_eq!(
            masked(secret, &spelling),
            stars(spelling.len()),
            "{spelling}"
        );
    }
}

#[test]
fn a_secret_inside_a_longer_base64_text_is_hidden() {
    let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc~?>~";
    for before in ["", "a", "ab", "Authorization: Bearer "] {
        for after in ["", "\r", "\r\nAccept: */*\r\n"] {
            let text = format!("{before}{secret}{after}");
            for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                let masked = masked(secret, &encoded);
                // At each end, at most one character that a neighboring byte also determines is left.
                let hidden = masked.matches('*').count();
                assert!(hidden + 2 >= secret.len() * 4 / 3, "{masked}");
            }
        }
    }
}

/// Breaks the text into lines of this length.
fn in_lines(text: &str, length: usize, end: &str) -> String {
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(length)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    lines.join(end)
}

#[test]
fn a_secret_in_base64_in_lines_is_hidden() {
    let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc~?>~";
    for before in 0..80 {
        let text = format!("{}{secret}", "x".repeat(before));
        for encoded in [STANDARD_NO_PAD.encode(&text), hex::encode(&text)] {
            let length = encoded.len() - encoded.len() * before / text.len();
            for end in [
                "\n",
                "\r\n",
                "\r\n  ",
                "\\n",
                "\\r\\n",
                "&#13;&#10;",
                "%0A",
                "=\n",
            ] {
                for width in [4, 20, 64, 76] {
                    let masked = masked(secret, &in_lines(&encoded, width, end));
                    let hidden = masked.matches('*').count();
                    // At the beginning, fewer than three characters may be left before a line break.
                    assert!(hidden + 4 >= length, "{before} {end:?} {width}: {masked}");
                }
            }
        }
    }
}

#[test]
fn a_paragraph_ends_base64() {
    let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
    let encoded = STANDARD_NO_PAD.encode(secret);
    let text = in_lines(&encoded, 20, "\n\n");
    assert_eq!(masked(secret, &text), text);
}

#[test]
fn a_secret_in_wide_characters_is_hidden() {
    for secret in ["sk_live_4eC39HqLyj", "p\u{e4}ssw\u{1f511}rd"] {
        let text = format!("it is {secret}!");
        let characters = || text.chars().map(u32::from);
        let units = || text.encode_utf16();
        for (encoded, width) in [
            (units().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(), 2),
            (units().flat_map(u16::to_be_bytes).collect(), 2),
            (characters().flat_map(u32::to_le_bytes).collect(), 4),
            (characters().flat_map(u32::to_be_bytes).collect(), 4),
        ] {
            let masked = masker(secret).mask_bytes(&encoded).into_owned();
            let longest = masked.split(|byte| *byte != MASK).map(<[u8]>::len).max();
            let length = secret.chars().count() * width;
            assert!(longest.unwrap() + width > length, "{longest:?} of {length}");
        }
    }
    let escaped = "\\u0073k_live_\\u0034eC39HqLyj";
    let wide: Vec<u8> = escaped.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let masked = masker("sk_live_4eC39HqLyj").mask_bytes(&wide).into_owned();
    assert!(masked[..wide.len() - 1].iter().all(|byte| *byte == MASK));
}

#[test]
fn a_secret_in_utf_16_is_hidden() {
    let secret = "sk_live_4eC39HqLyj";
    let text = format!("it is {secret}!");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for encoded in [little, big] {
        let masked = masker(secret).mask_bytes(&encoded).into_owned();
        let longest = masked.split(|byte| *byte != MASK).map(<[u8]>::len).max();
        assert_eq!(longest, Some(2 * secret.len() - 1));
    }
}

#[test]
fn a_secret_in_a_page_is_hidden() {
    let secret = "p<a>&\"q'x";
    for spelling in [
        "p&lt;a&gt;&amp;&quot;q&#39;x",
        "p&lt;a&gt;&amp;&#34;q&#039;x",
        "p&lt;a&gt;&amp;&quot;q&#x27;x",
        "p&#60;a&gt;&amp;amp;&#x0022q&apos;x",
        "p&#00000060;a&#x0000003e;&amp;&#00000034q&#x00000027x",
        "p&#00000060;a&#x0000003e;&amp;&quot;q&amp;#0000039;x",
    ] {
        assert_eq!(masked(secret, spelling), stars(spelling.len()));
    }
}

#[test]
fn a_secret_with_a_character_of_six_digits_is_hidden_in_three_layers() {
    let spelling = "&amp;amp;#97;b&amp;amp;#128273;&amp;amp;#99;d";
    assert_eq!(masked("ab\u{1f511}cd", spelling), stars(spelling.len()));
}

#[test]
fn an_encoded_secret_may_continue_after_a_line_break_with_an_escape_in_an_escape() {
    let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
    let encoded = STANDARD_NO_PAD.encode(secret);
    // The letter after the break has three digits, so there are five readings with different bytes.
    let (line, rest) = encoded.split_at(6);
    let spelling = format!("{line}\n%26#{};{}", rest.as_bytes()[0], &rest[1..]);
    assert_eq!(masked(secret, &spelling), stars(spelling.len()));
}

#[test]
fn other_text_is_not_changed() {
    let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
    for text in [
        "",
        "sk_live_4eC39HqLyjWDarjtT1zdp7d",
        "SK_LIVE_4EC39HQLYJWDARJTT1ZDP7DC",
        "sk_live_%zz4eC39HqLyjWDarjtT1zdp7dc",
        "\\n\\n %20 \\u0073k_live_x %73k_",
        "sk_live_4eC39HqLyj WDarjtT1zdp7dc",
    ] {
        assert!(
            matches!(masker(secret).mask_bytes(text.as_bytes()), Cow::Borrowed(_)),
            "{text}"
        );
    }
}

#[test]
fn overlapping_occurrences_are_hidden_whole() {
    assert_eq!(masked("abcdabcd", "xabcdabcdabcdx"), "x************x");
    assert_eq!(masked("aaaaaaaa", "aaaaaaaaaaa"), "***********");
    let two = Masker::new(&[
        MaskedSecret::Value(b"hello w"),
        MaskedSecret::Value(b"lo world"),
    ]);
    assert_eq!(&*two.mask_bytes(b"hello world!"), b"***********!");
}

#[test]
fn short_values_are_hidden_only_as_basic_authentication_sends_them() {
    let short = masker("abc");
    assert!(short.is_empty());
    assert_eq!(&*short.mask_bytes(b"abcdef"), b"abcdef");

    let basic = Masker::new(&[MaskedSecret::Value(b"abc"), MaskedSecret::Value(b"me:abc")]);
    assert_eq!(
        &*basic.mask_bytes(b"abc Basic bWU6YWJj"),
        b"abc Basic ********"
    );

    let exact = Masker::new(&[MaskedSecret::Exact(b"Og=="), MaskedSecret::Exact(b"")]);
    assert_eq!(&*exact.mask_bytes(b"Basic Og==, Og"), b"Basic ****, Og");
    assert_eq!(&*exact.mask_bytes(b"Og%3D%3D"), b"********");
}

#[test]
fn header_values_are_masked_in_place() {
    let mut headers = HeaderMap::new();
    headers.insert("x-echo", HeaderValue::from_static("Bearer secret-token-1"));
    headers.append("set-cookie", HeaderValue::from_static("a=1"));
    headers.append("set-cookie", HeaderValue::from_static("t=secret-token-1"));
    masker("secret-token-1").mask_headers(&mut headers);
    assert_eq!(headers["x-echo"], "Bearer **************");
    let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "t=**************"]);
}

#[test]
fn debug_output_shows_nothing_of_the_secret() {
    assert_eq!(
        format!("{:?}", masker("sk_live_1234")),
        "Masker(6 patterns)"
    );
}

#[test]
fn only_a_possible_beginning_of_a_secret_is_held_back() {
    let cases: [(&str, &str); 15] = [
        ("data: hello\n\n", ""),
        ("data: secre", "secre"),
        ("data: s", "s"),
        ("secret-toke", "secret-toke"),
        ("secret-tokx", ""),
        ("x %73%6", "%73%6"),
        ("x %74", ""),
        ("x \\u00", "\\u00"),
        ("x \\u26", "\\u26"),
        ("x \\u26AB", ""),
        ("data: c2V", "c2V"),
        ("data: c2V\n", "c2V\n"),
        ("data: c2V\n\n", ""),
        ("data: c\n", ""),
        ("x \\", "\\"),
    ];
    for (text, held) in cases {
        let mut pieces = PieceMasker::new(masker("secret-token"));
        let passed = pieces.push(Bytes::from_static(text.as_bytes()), false);
        assert_eq!(passed, text[..text.len() - held.len()], "{text}");
        assert_eq!(pieces.push(Bytes::new(), true), held, "{text}");
    }
}

#[test]
fn a_secret_inside_held_back_text_hides_only_itself() {
    let masker = Masker::new(&[
        MaskedSecret::Exact(b"xabcdefgh"),
        MaskedSecret::Exact(b"bcde"),
    ]);
    let mut pieces = PieceMasker::new(masker);
    assert_eq!(pieces.push(Bytes::from_static(b"-xabcde"), false), "-");
    assert_eq!(pieces.push(Bytes::from_static(b"ZZ"), true), "xa****ZZ");
}

fn pieces_of(pieces: Vec<&'static [u8]>) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
    let frames = pieces
        .into_iter()
        .map(|piece| Ok(Frame::data(Bytes::from_static(piece))));
    StreamBody::new(futures_util::stream::iter(frames))
}

#[tokio::test]
async fn a_body_is_masked_across_its_pieces() {
    let inner = pieces_of(vec![
        b"echo: secr",
        b"et-t",
        b"",
        b"oken and secret-",
        b"tok",
    ]);
    let body = MaskedBody::new(inner, masker("secret-token"));
    let bytes = body.collect().await.unwrap().to_bytes();
    assert_eq!(bytes, "echo: ************ and secret-tok");
}

/// Returns in how many turns a body is forwarded, and its length.
fn turns_and_bytes(pieces: Vec<&'static [u8]>, secret: &str) -> (usize, usize) {
    let mut body = MaskedBody::new(pieces_of(pieces), masker(secret));
    let (mut turns, mut bytes) = (1, 0);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match Pin::new(&mut body).poll_frame(&mut context) {
            Poll::Pending => turns += 1,
            Poll::Ready(Some(frame)) => bytes += frame.unwrap().into_data().unwrap().len(),
            Poll::Ready(None) => return (turns, bytes),
        }
    }
}

#[test]
fn a_long_body_gives_other_tasks_their_turns() {
    let piece: &'static [u8] = &[b'a'; 16 * 1024];
    let forwarded = turns_and_bytes(vec![piece; 40], "secret-token");
    assert_eq!(forwarded, (11, 40 * piece.len()));
}

#[test]
fn what_is_searched_again_counts_for_the_turns_as_well() {
    // Each byte continues the secret, so all bytes before it are searched again.
    let mut pieces: Vec<&'static [u8]> = vec![b"a"; 1000];
    pieces[0] = b"x";
    let secret = format!("x{}", "a".repeat(1000));
    assert_eq!(turns_and_bytes(pieces, &secret), (8, 1000));
}

#[tokio::test]
async fn a_known_length_stays_known() {
    let inner = http_body_util::Full::new(Bytes::from_static(b"a secret-token and secret-"));
    let mut body = MaskedBody::new(inner, masker("secret-token"));
    assert_eq!(body.size_hint().exact(), Some(26));
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "a ************ and secret-");
    assert!(body.is_end_stream());
}

#[tokio::test]
async fn held_back_text_is_dropped_when_the_body_fails() {
    let frames = futures_util::stream::iter([
        Ok(Frame::data(Bytes::from_static(b"x secret-"))),
        Err("cut"),
    ]);
    let mut body = MaskedBody::new(StreamBody::new(frames), masker("secret-token"));
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "x "
    );
    assert_eq!(body.frame().await.unwrap().unwrap_err(), "cut");
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn trailers_are_dropped() {
    let frames = futures_util::stream::iter([
        Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"x"))),
        Ok(Frame::trailers(HeaderMap::new())),
    ]);
    let body = MaskedBody::new(StreamBody::new(frames), masker("secret-token"));
    let seen: Vec<_> = body.into_data_stream().collect().await;
    assert_eq!(seen, [Ok(Bytes::from_static(b"x"))]);
}

/// Texts that are likely to hold secrets, parts of secrets and escapes.
fn text_with(secrets: &[String]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let mut fragments: Vec<String> = secrets.iter().flat_map(|s| spellings(s)).collect();
    fragments.extend(["%", "\\", "\\u", "\\u00", "%2", "+", "a", " "].map(str::to_owned));
    fragments.extend(["&", "&#", "=", "\n", "\r", "\\n", "\0", "\n\n"].map(str::to_owned));
    for secret in secrets {
        let encoded = STANDARD_NO_PAD.encode(secret);
        fragments.extend(["\n", "\r\n ", "\\n"].map(|end| in_lines(&encoded, 2, end)));
        fragments.extend(["\r\n", "\\n"].map(|end| in_lines(&encoded, 5, end)));
        fragments.push(secret.chars().flat_map(|one| [one, '\0']).collect());
    }
    let fragment = (0..fragments.len(), 0.0..=1.0_f64, any::<bool>());
    prop::collection::vec(fragment, 0..8).prop_map(move |choices| {
        let mut text = Vec::new();
        for (index, share, whole) in choices {
            let bytes = fragments[index].as_bytes();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a share of a short length"
            )]
            let length = (bytes.len() as f64 * share) as usize;
            text.extend_from_slice(if whole { bytes } else { &bytes[..length] });
        }
        text
    })
}

fn secret() -> impl Strategy<Value = String> {
    // Without `*`, because a masked text could then look like a secret.
    prop_oneof![
        "[a-c%\\\\/+ ]{4,8}",
        "[!-)+-~]{4,24}",
        "[ab\u{e4}\u{1f511}\"]{4,6}"
    ]
}

fn secrets_and_text() -> impl Strategy<Value = (Vec<String>, Vec<u8>)> {
    prop::collection::vec(secret(), 1..3).prop_flat_map(|secrets| {
        let text = text_with(&secrets);
        (Just(secrets), text)
    })
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        (secrets, text) in secrets_and_text(),
        cuts in prop::collection::vec(0_usize..64, 0..24),
    ) {
        let values: Vec<_> = secrets.iter().map(|s| MaskedSecret::Value(s.as_bytes())).collect();
        let masker = Masker::new(&values);
        let whole = masker.mask_bytes(&text).into_owned();
        let mut pieces = PieceMasker::new(masker);
        let mut passed = Vec::new();
        let mut rest = Bytes::from(text.clone());
        for cut in cuts {
            let piece = rest.split_to(cut.min(rest.len()));
            passed.extend_from_slice(&pieces.push(piece, false));
        }
        passed.extend_from_slice(&pieces.push(rest, true));
        prop_assert_eq!(passed, whole);
    }

    #[test]
    fn no_spelling_remains((secrets, text) in secrets_and_text()) {
        let values: Vec<_> = secrets.iter().map(|s| MaskedSecret::Value(s.as_bytes())).collect();
        let masked = Masker::new(&values).mask_bytes(&text).into_owned();
        prop_assert_eq!(masked.len(), text.len());
        // A short word may remain in a longer one.
        for secret in secrets.iter().filter(|secret| is_hidden_everywhere(secret.as_bytes())) {
            for spelling in spellings(secret) {
                prop_assert!(
                    memchr::memmem::find(&masked, spelling.as_bytes()).is_none(),
                    "{} in {:?}", spelling, String::from_utf8_lossy(&masked)
                );
            }
        }
    }

    #[test]
    fn masking_changes_nothing_but_hidden_bytes((secrets, text) in secrets_and_text()) {
        let values: Vec<_> = secrets.iter().map(|s| MaskedSecret::Value(s.as_bytes())).collect();
        let masked = Masker::new(&values).mask_bytes(&text).into_owned();
        for (before, after) in text.iter().zip(&masked) {
            prop_assert!(before == after || *after == MASK);
        }
    }
}

#[test]
fn a_header_named_by_a_secret_is_removed() {
    let mut headers = HeaderMap::new();
    for name in [
        "x-token-abcdef42-y",
        "token%2dabcdef42",
        "x-token-abcdef4",
        "content-type",
    ] {
        headers.append(name, HeaderValue::from_static("1"));
    }
    masker("Token-Abcdef42").mask_headers(&mut headers);
    let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-type", "x-token-abcdef4"]);

    // A short one names ordinary headers.
    masker("content").mask_headers(&mut headers);
    assert_eq!(headers.len(), 2);
}

#[test]
fn a_short_secret_is_hidden_by_itself_and_not_inside_a_word() {
    for (text, expected) in [
        (r#"{"role":"admin"}"#, r#"{"role":"*****"}"#),
        ("password=admin&x=1", "password=*****&x=1"),
        (
            r#"{"path":"/administration"}"#,
            r#"{"path":"/administration"}"#,
        ),
        ("contradmin", "contradmin"),
        (r#"{"admin_id":"admin-17"}"#, r#"{"admin_id":"admin-17"}"#),
        (r"a\nadmin\n", r"a\n*****\n"),
        ("a%20admin%20b", "a%20*****%20b"),
        ("a%2520admin", "a%2520*****"),
        (r"\u0022admin\u0022", r"\u0022*****\u0022"),
        ("&quot;admin&quot;", "&quot;*****&quot;"),
        ("a=0Aadmin=0A", "a=0A*****=0A"),
        ("%61dmin", "*******"),
        ("x%61dmin", "x%61dmin"),
    ] {
        assert_eq!(masked("admin", text), expected, "{text}");
    }
    assert_eq!(
        masked("administrator", "xadministratorx"),
        format!("x{}x", stars(13))
    );
}

#[test]
fn a_short_secret_is_found_however_a_response_is_cut() {
    let text = "admin administration \\nadmin\\n contest-admin admin";
    let whole = masked("admin", text);
    for first in 0..text.len() {
        for second in first..text.len() {
            let mut pieces = PieceMasker::new(masker("admin"));
            let mut out = Vec::new();
            for (piece, is_last) in [
                (&text[..first], false),
                (&text[first..second], false),
                (&text[second..], true),
            ] {
                out.extend_from_slice(&pieces.push(Bytes::from_static(piece.as_bytes()), is_last));
            }
            assert_eq!(String::from_utf8(out).unwrap(), whole, "{first} {second}");
        }
    }
}
