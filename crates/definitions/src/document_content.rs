//! The sealed content of a document. The content of a fetched document follows its URL and its media
//! type, on a line each. If only a part of a document is read, the first line says which.

use gaiterguard_apidocs::Include;
use gaiterguard_domain::document::DocumentKind;
use zeroize::Zeroizing;

/// Before the URL of a document that is fetched with its service's credential. No URL in normal form begins
/// with it.
const WITH_CREDENTIAL: &str = "credential ";

/// Before the selection of the part to read, as JSON. No API description and no URL begins with it.
const INCLUDE: &str = "include ";

/// The parts of a document's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DocumentContent<'c> {
    /// The part to read, if not all.
    pub(crate) include: Option<Include>,
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
    /// Splits the content of a document of this kind; without a kind, of one whose format is not known yet.
    pub(crate) fn of(kind: Option<DocumentKind>, kept: &'c [u8]) -> Self {
        let (include, kept) = match kind {
            Some(DocumentKind::Markdown | DocumentKind::Html) => (None, kept),
            None | Some(DocumentKind::Openapi | DocumentKind::Url) => split_include(kept),
        };
        if kind != Some(DocumentKind::Url) {
            return Self {
                include,
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
            include,
            address: Some(with_credential.unwrap_or(address)),
            uses_credential: with_credential.is_some(),
            media_type: Some(media_type).filter(|name| !name.is_empty()),
            bytes,
        }
    }

    /// Returns the content to keep.
    pub(crate) fn to_keep(&self) -> Zeroizing<Vec<u8>> {
        let mut head = String::new();
        if let Some(include) = &self.include {
            // JSON of texts has no line breaks, and writing it does not fail.
            let include = serde_json::to_string(include).unwrap_or_default();
            head.extend([INCLUDE, &include, "\n"]);
        }
        if let Some(address) = self.address {
            let mark = if self.uses_credential {
                WITH_CREDENTIAL
            } else {
                ""
            };
            // Neither line can contain a line break: one is a target in normal form, the other was the
            // value of a header.
            head.extend([
                mark,
                address,
                "\n",
                self.media_type.unwrap_or_default(),
                "\n",
            ]);
        }
        let mut kept = Zeroizing::new(Vec::with_capacity(head.len() + self.bytes.len()));
        kept.extend_from_slice(head.as_bytes());
        kept.extend_from_slice(self.bytes);
        kept
    }
}

fn split_include(kept: &[u8]) -> (Option<Include>, &[u8]) {
    let include = kept.strip_prefix(INCLUDE.as_bytes()).and_then(|rest| {
        let (include, rest) = line(rest);
        Some((serde_json::from_str(include).ok()?, rest))
    });
    include.map_or((None, kept), |(include, rest)| (Some(include), rest))
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
    fn a_page_comes_back_with_its_address_and_its_selection() {
        let include = Include {
            tags: vec!["a\nb".to_owned()],
            paths: Vec::new(),
        };
        for include in [None, Some(include)] {
            for uses_credential in [false, true] {
                let content = DocumentContent {
                    include: include.clone(),
                    address: Some("https://a.example/x"),
                    uses_credential,
                    media_type: Some("text/html"),
                    bytes: b"a\nb",
                };
                let kept = content.to_keep();
                assert_eq!(DocumentContent::of(Some(DocumentKind::Url), &kept), content);
            }
            let content = DocumentContent {
                include,
                address: None,
                uses_credential: false,
                media_type: None,
                bytes: b"openapi: 3.0.0\n",
            };
            let kept = content.to_keep();
            for kind in [Some(DocumentKind::Openapi), None] {
                assert_eq!(DocumentContent::of(kind, &kept), content);
            }
        }
        let kind = Some(DocumentKind::Url);
        let address_only = DocumentContent::of(kind, b"https://a.example/x");
        assert_eq!(address_only.address, Some("https://a.example/x"));
        assert_eq!(address_only.bytes, b"");
        let text = b"include {\"tags\":[\"a\"]}\nb";
        let markdown = DocumentContent::of(Some(DocumentKind::Markdown), text);
        assert_eq!((markdown.include, markdown.bytes), (None, &text[..]));
    }
}
