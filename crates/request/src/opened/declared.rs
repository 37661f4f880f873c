//! The declared media type of a body, and the formats that it stands for.

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

pub(super) const GRAPHQL: &str = "application/graphql";

/// The `Content-Type`, in lower case.
#[derive(Default)]
pub(super) struct Declared {
    pub(super) essence: Option<String>,
    pub(super) charset: Option<String>,
    pub(super) boundary: Option<String>,
    /// Whether one of the two has two values, or one in the syntax of RFC 2231.
    pub(super) is_ambiguous: bool,
}

impl Declared {
    pub(super) fn of(value: &[u8]) -> Self {
        let value = String::from_utf8_lossy(value);
        let mut pieces = value.split(';');
        let essence = pieces.next().unwrap_or_default().trim();
        let mut declared = Self {
            essence: Some(essence.to_ascii_lowercase()),
            ..Self::default()
        };
        for piece in pieces {
            let Some((name, value)) = piece.split_once('=') else {
                continue;
            };
            let value = value.trim().trim_matches('"');
            let (place, value) = match name.trim().to_ascii_lowercase().as_str() {
                "charset" => (&mut declared.charset, value.to_ascii_lowercase()),
                "boundary" => (&mut declared.boundary, value.to_owned()),
                name => {
                    let mut extended = ["charset*", "boundary*"].into_iter();
                    declared.is_ambiguous |= extended.any(|of| name.starts_with(of));
                    continue;
                }
            };
            let is_other = place.as_ref().is_some_and(|before| *before != value);
            *place = Some(value);
            declared.is_ambiguous |= is_other;
        }
        declared
    }
}

pub(super) fn is_xml(essence: &str) -> bool {
    essence.ends_with("/xml") || essence.ends_with("+xml")
}

pub(super) fn is_json(essence: &str) -> bool {
    essence.ends_with("/json") || essence.ends_with("+json")
}

pub(super) fn is_yaml(essence: &str) -> bool {
    essence.ends_with("yaml")
}

pub(super) fn is_table(essence: &str) -> bool {
    matches!(
        essence,
        "text/csv" | "application/csv" | "text/tab-separated-values"
    )
}

pub(super) fn is_lines(essence: &str) -> bool {
    matches!(
        essence,
        "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
    )
}

/// Whether a type is one of messages whose fields have numbers or lengths instead of names.
pub(super) fn is_binary(essence: &str) -> bool {
    const BINARY: [&str; 10] = [
        "protobuf", "grpc", "msgpack", "cbor", "avro", "thrift", "bson", "parquet", "ion", "wasm",
    ];
    let (_, kind) = essence.split_once('/').unwrap_or(("", essence));
    kind.split(['.', '+', '-'])
        .any(|word| BINARY.contains(&word))
}

/// Whether bytes of this type should have been text.
pub(super) fn is_textual(essence: &str) -> bool {
    essence.starts_with("text/")
        || is_json(essence)
        || is_lines(essence)
        || is_yaml(essence)
        || essence.ends_with("xml")
        || essence == FORM
        || essence == GRAPHQL
}
