//! The errors of a document's content.

use gaiterguard_apidocs::{Unreadable, asks_for_password};
use gaiterguard_domain::document::DocumentKind;
use gaiterguard_domain::field::FieldError;
use gaiterguard_domain::redact;

use crate::definition_store::DefinitionError;

/// Reports a problem of a document as an error of the field that contained it.
pub(crate) fn unusable(error: &dyn std::error::Error) -> DefinitionError {
    unusable_because(&error.to_string())
}

/// Reports a problem, which may contain text of the document's author.
pub(crate) fn unusable_because(reason: &str) -> DefinitionError {
    let message = format!("cannot be used: {reason}");
    DefinitionError::Invalid(vec![FieldError::new("content", message)])
}

/// Reports why a document cannot be read as an error of the field that causes it.
pub(crate) fn unreadable(error: &Unreadable) -> DefinitionError {
    let is_selection = matches!(
        error,
        Unreadable::NothingSelected(_) | Unreadable::NotSelectable | Unreadable::SelectionTooLarge
    );
    if is_selection {
        let message = format!("cannot be used: {error}");
        let message = redact::agent_keys(&message).into_owned();
        return DefinitionError::Invalid(vec![FieldError::new("include", message)]);
    }
    unusable(error)
}

/// An HTML page in place of an API description.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WebPage<'p> {
    /// Its text.
    pub(crate) content: &'p [u8],
    /// The URL to which redirects led.
    pub(crate) moved_to: Option<&'p str>,
    /// Where the description seems to be, and why it was not read.
    pub(crate) seems_at: Option<&'p str>,
}

impl WebPage<'_> {
    /// Refuses the page, with what it seems to be.
    pub(crate) fn refused(self, kind: Option<DocumentKind>) -> DefinitionError {
        let mut message = "is an HTML page, not an API description".to_owned();
        if asks_for_password(&String::from_utf8_lossy(self.content)) {
            message.push_str("; it asks for a password, so it is probably a login page");
        }
        if let Some(moved_to) = self.moved_to {
            message.push_str("; the URL redirects to ");
            message.push_str(&redact::agent_keys(moved_to));
        }
        match self.seems_at {
            Some(place) => {
                message.push_str("; the description seems to be at ");
                message.push_str(&redact::agent_keys(place));
            }
            None => message.push_str("; no description was found in it"),
        }
        message.push_str(match kind {
            Some(DocumentKind::Url) => "; to keep its text anyway, set allowHtml",
            _ => "; to keep its text anyway, use the type html",
        });
        DefinitionError::Invalid(vec![FieldError::new("content", message)])
    }
}
