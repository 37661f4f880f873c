//! Splitting paths into words.

/// The lower-case words of a path: cut at everything that is no letter, and where a capital
/// follows a small letter, so that `/chat.postMessage` gives `chat`, `post` and `message`.
/// Segments that hold a digit are identifiers and give no words, except for API names such as
/// `v1`, which are no words either.
pub(crate) fn of_path(path: &str) -> Vec<String> {
    let decoded = percent_decode(path);
    decoded
        .split('/')
        .filter(|segment| !segment.chars().any(|c| c.is_ascii_digit()))
        .flat_map(of_segment)
        .collect()
}

fn of_segment(segment: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_small = false;
    for c in segment.chars() {
        if !c.is_alphabetic() || (after_small && c.is_uppercase()) {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            after_small = false;
        }
        if c.is_alphabetic() {
            word.extend(c.to_lowercase());
            after_small = c.is_lowercase();
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Words may be spelled with escapes; the upstream reads through them, so the judge does too.
fn percent_decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| std::str::from_utf8(tail.get(..2)?).ok())
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = escaped {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_into_its_words() {
        assert_eq!(of_path("/v1/chat.postMessage"), ["chat", "post", "message"]);
        assert_eq!(of_path("/users/u-42a/api_keys/"), ["users", "api", "keys"]);
        assert_eq!(of_path("/%64elete-all"), ["delete", "all"]);
    }
}
