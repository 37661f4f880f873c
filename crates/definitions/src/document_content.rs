//! The sealed content of a document. The content of a fetched document follows its URL and its
//! media type, on a line each.

use gaiterguard_domain::document::DocumentKind;
use gaiterguard_upstream::page::Page;
use zeroize::Zeroizing;

/// Before the URL of a document that is fetched with its service's credential. No URL in normal form begins
/// with it.
const WITH_CREDENTIAL: &str = "credential ";

/// The parts of a document's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DocumentContent<'c> {
    /// The URL that it was fetched from.
    pub(crate) address: Option<&'c str>,
    /// Whether it was fetched with the credential of its service.
    pub(crate) uses_credential: bool,
    /// The media type that the server stated.
    pub(crate) media_type: Option<&'c str>,
    /// The text to read.
    pub(crate) bytes: &'c [u8],
}

impl<'c> DocumentContent<'c> {
    /// Splits the content of a document of this kind.
    pub(crate) fn of(kind: DocumentKind, kept: &'c [u8]) -> Self {
        if kind != DocumentKind::Url {
            return Self {
                address: None,
                uses_credential: false,
                media_type: None,
                bytes: kept,
            };
        }
        let (address, rest) = line(kept);
        let (media_type, bytes) = line(rest);
        let with_credential = address.strip_prefix(WITH_CREDENTIAL);
        Self {
            address: Some(with_credential.unwrap_or(address)),
            uses_credential: with_credential.is_some(),
            media_type: Some(media_type).filter(|name| !name.is_empty()),
            bytes,
        }
    }

    /// Returns the content to keep of a page that was fetched.
    pub(crate) fn to_keep(address: &str, uses_credential: bool, page: &Page) -> Zeroizing<Vec<u8>> {
        let mark = if uses_credential { WITH_CREDENTIAL } else { "" };
        let media_type = page.media_type.as_deref().unwrap_or_default();
        let mut kept = Zeroizing::new(Vec::with_capacity(
            mark.len() + address.len() + media_type.len() + page.bytes.len() + 2,
        ));
        // Neither line can contain a line break: one is a target in normal form, the other was the value of a
        // header.
        for text in [mark, address, "\n", media_type, "\n"] {
            kept.extend_from_slice(text.as_bytes());
        }
        kept.extend_from_slice(&page.bytes);
        kept
    }
}

fn line(text: &[u8]) -> (&str, &[u8]) {
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let rest = text.get(end + 1..).unwrap_or_default();
    (std::str::from_utf8(&text[..end]).unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_comes_back_with_its_address() {
        let page = Page {
            media_type: Some("text/html".to_owned()),
            bytes: b"a\nb".to_vec(),
            moved_to: None,
        };
        for uses_credential in [false, true] {
            let kept = DocumentContent::to_keep("https://a.example/x", uses_credential, &page);
            let content = DocumentContent::of(DocumentKind::Url, &kept);
            assert_eq!(content.address, Some("https://a.example/x"));
            assert_eq!(content.uses_credential, uses_credential);
            assert_eq!(content.media_type, Some("text/html"));
            assert_eq!(content.bytes, b"a\nb");
        }
        let address_only = DocumentContent::of(DocumentKind::Url, b"https://a.example/x");
        assert_eq!(address_only.address, Some("https://a.example/x"));
        assert_eq!(address_only.bytes, b"");
        let markdown = DocumentContent::of(DocumentKind::Markdown, b"a\nb\nc");
        assert_eq!(markdown.bytes, b"a\nb\nc");
    }
}
