//! The reasons why a document cannot be read.

use std::borrow::Cow;

use gaiterguard_domain::document::{DOCUMENT_BYTES_MAX, SELECTED_BYTES_MAX};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::text;
use crate::tree::Broken;

/// The reason why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Unreadable {
    /// It is too large.
    #[error(
        "it is larger than {DOCUMENT_BYTES_MAX} bytes; a part of it can be read from its URL, if it is \
         OpenAPI or Swagger of at most {SELECTED_BYTES_MAX} bytes: set `include` to tags or paths"
    )]
    TooLarge,
    /// It is too large, also if only a part of it is read.
    #[error("it is larger than {SELECTED_BYTES_MAX} bytes: use a smaller description, or split it")]
    MuchTooLarge,
    /// The selected part is too large.
    #[error(
        "the selected part is larger than {DOCUMENT_BYTES_MAX} bytes: select fewer tags or paths"
    )]
    SelectionTooLarge,
    /// Nothing is selected. The names are those of the document's tags, up to a limit.
    #[error("no operation of the document is selected{}", named(.0))]
    NothingSelected(Vec<String>),
    /// A part is selected of a document that has no operations.
    #[error("it is not an API description, so no part of it can be selected")]
    NotSelectable,
    /// It is not text.
    #[error("it is not text")]
    NoText,
    /// It is compressed.
    #[error("it is {0}-compressed: unzip it first{hint}", hint = if .0 == "gzip" {
        ", or send it base64-encoded"
    } else {
        ""
    })]
    Compressed(Cow<'static, str>),
    /// It is damaged gzip.
    #[error("it is gzip-compressed, but damaged")]
    BrokenGzip,
    /// It is neither JSON nor YAML, or exceeds a limit.
    #[error("{}{trouble}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Broken {
        /// The line, counted from 1, if it is known.
        line: Option<u64>,
        /// The problem.
        trouble: String,
    },
    /// It is JSON or YAML, but does not describe an API.
    #[error(
        "it has no `openapi`, `swagger` or `paths`, and is neither Google Discovery nor a Postman \
         collection, so it describes no API"
    )]
    NoOpenApi,
    /// It is a Postman collection of version 1.
    #[error("it is a Postman collection of version 1: export it as version 2.1")]
    OldCollection,
    /// It is an HTML page.
    #[error("it is a web page, not an API description")]
    WebPage,
}

/// Returns the names of a document's tags, as the end of a sentence.
fn named(tags: &[String]) -> String {
    if tags.is_empty() {
        return ": tags are compared exactly, and paths by whole segments".to_owned();
    }
    format!("; its tags are {}", tags.join(", "))
}

/// The length limit of the description of a problem, in characters. A parser may quote a line of any length.
const TROUBLE_CHARS_MAX: usize = 300;

impl From<Broken> for Unreadable {
    fn from(broken: Broken) -> Self {
        Self::Broken {
            line: broken.line,
            trouble: text::cut(&broken.trouble, TROUBLE_CHARS_MAX),
        }
    }
}
