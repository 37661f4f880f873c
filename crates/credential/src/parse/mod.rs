//! Parsing a credential as an operator enters it. A value that could not be sent is refused here, with
//! the field's name and never with its value.

mod authorization;
mod aws;
mod oauth;

use gaiterguard_domain::field::{Checked, FieldError, KEY_NOT_STORED, refused};
use gaiterguard_domain::header::is_hop_by_hop;
use gaiterguard_domain::placeholder::Placeholder;
use gaiterguard_domain::redact;
use gaiterguard_domain::service::AuthType;
use gaiterguard_upstream::AddressPolicy;
use http::{HeaderName, HeaderValue};
use secrecy::SecretString;

use crate::credential::Credential;
use crate::fields::CredentialFields;

/// The longest value of a credential, in bytes. Many servers refuse a header section over 8 KiB, so a
/// longer value could not be sent anyway.
const CREDENTIAL_VALUE_BYTES_MAX: usize = 8 * 1024;

/// The most headers that one credential sets. APIs use one or two; the limit bounds the work per request.
const CREDENTIAL_HEADERS_MAX: usize = 16;

/// The header of an `api_key` credential that does not name one.
const DEFAULT_HEADER: &str = "X-API-Key";

/// The longest name of a query parameter, in bytes. APIs use a word or two; the name is part of every target.
const PARAM_BYTES_MAX: usize = 256;

/// Headers that frame a message or are set by the gateway itself. Like hop-by-hop headers, they cannot be a
/// credential: it would break the request or never arrive.
const FORBIDDEN_HEADERS: &[&str] = &[
    "accept-encoding",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "http2-settings",
];

impl Credential {
    /// Parses the credential of a service of this type. Null fields count as absent.
    pub fn parse(
        auth_type: AuthType,
        fields: &CredentialFields,
        policy: &AddressPolicy,
    ) -> Checked<Self> {
        let mut reader = Reader {
            fields,
            known: Vec::new(),
            errors: Vec::new(),
        };
        let credential = match auth_type {
            AuthType::None => {
                return refused(
                    "credentials",
                    "a service with authType none takes no credentials",
                );
            }
            AuthType::Bearer => reader
                .header_value("token")
                .map(|token| Self::Bearer { token }),
            AuthType::Basic => reader.basic(),
            AuthType::ApiKey => reader.api_key(),
            AuthType::Query => reader.query(),
            AuthType::Path => reader.path(),
            AuthType::Oauth2 => reader.oauth2(policy),
            AuthType::AwsSigv4 => reader.aws_key(),
        };
        reader.finish()?;
        // A method that returns `None` has recorded an error.
        credential.map_or_else(|| refused("credentials", "is incomplete"), Ok)
    }
}

struct Reader<'a> {
    fields: &'a CredentialFields,
    known: Vec<&'a str>,
    errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    fn basic(&mut self) -> Option<Credential> {
        let username = self.text_that_may_be_empty("username");
        let password = self.text_that_may_be_empty("password");
        let (username, password) = (username?, password?);
        if username.contains(':') {
            self.refuse(
                "username",
                "must not contain a colon, which ends a user name",
            );
            return None;
        }
        if username.is_empty() && password.is_empty() {
            self.refuse("password", "must not be empty if the user name is");
            return None;
        }
        Some(Credential::Basic {
            username: username.into(),
            password: password.into(),
        })
    }

    /// Reads `{header?, value}`, or header names with their values.
    fn api_key(&mut self) -> Option<Credential> {
        let fields = self.fields;
        if fields.contains("value") || fields.contains("header") || fields.is_empty() {
            self.known.extend(["header", "value"]);
            let spelled = if fields.has_value("header") {
                self.any_text("header")
            } else {
                Some(DEFAULT_HEADER)
            };
            let name = spelled.and_then(|spelled| self.header_name("header", spelled));
            let value = self.header_value("value");
            return Some(Credential::ApiKey {
                headers: vec![(name?, value?)],
            });
        }
        if fields.names().len() > CREDENTIAL_HEADERS_MAX {
            self.refuse(
                "credentials",
                format!("must be at most {CREDENTIAL_HEADERS_MAX} headers"),
            );
            self.known.extend(fields.names());
            return None;
        }
        let mut headers: Vec<(HeaderName, SecretString)> = Vec::with_capacity(fields.names().len());
        let mut complete = true;
        for spelled in fields.names() {
            let name = self.header_name(spelled, spelled);
            let value = self.header_value(spelled);
            let (Some(name), Some(value)) = (name, value) else {
                complete = false;
                continue;
            };
            if headers
                .iter()
                .any(|(other, _)| is_same_header(other, &name))
            {
                self.refuse(spelled, "repeats another header of this credential");
                complete = false;
            }
            headers.push((name, value));
        }
        complete.then_some(Credential::ApiKey { headers })
    }

    fn query(&mut self) -> Option<Credential> {
        let param = self.text("param");
        let value = self.text("value");
        let (param, value) = (param?, value?);
        if self.holds_agent_key("param", param) {
            return None;
        }
        if param.len() > PARAM_BYTES_MAX {
            self.refuse(
                "param",
                format!("must be at most {PARAM_BYTES_MAX} bytes long"),
            );
            return None;
        }
        Some(Credential::Query {
            param: param.to_owned(),
            value: value.into(),
        })
    }

    fn path(&mut self) -> Option<Credential> {
        let placeholder = self.text("placeholder");
        let value = self.text("value");
        let (placeholder, value) = (placeholder?, value?);
        // Its dots would be a segment that leads elsewhere.
        if value.bytes().all(|byte| byte == b'.') {
            self.refuse("value", "must not consist of dots");
            return None;
        }
        if self.holds_agent_key("placeholder", placeholder) {
            return None;
        }
        match Placeholder::parse(placeholder) {
            Ok(placeholder) => Some(Credential::Path {
                placeholder,
                value: value.into(),
            }),
            Err(invalid) => {
                self.refuse("placeholder", invalid.to_string());
                None
            }
        }
    }

    /// Refuses an agent key in a part of the credential that is stored unsealed. Returns whether it did.
    fn holds_agent_key(&mut self, field: &str, text: &str) -> bool {
        let is_held = redact::holds_agent_key(text.as_bytes());
        if is_held {
            self.refuse(field, KEY_NOT_STORED);
        }
        is_held
    }

    /// Reads the name of a header that a credential may set.
    fn header_name(&mut self, field: &str, spelled: &str) -> Option<HeaderName> {
        if self.holds_agent_key(field, spelled) {
            return None;
        }
        let Ok(name) = HeaderName::try_from(spelled) else {
            self.refuse(field, "must be a valid header name");
            return None;
        };
        let dashed = name.as_str().replace('_', "-");
        if FORBIDDEN_HEADERS.contains(&dashed.as_str()) || is_hop_by_hop(&dashed) {
            self.refuse(field, "must be a header that a credential may set");
            return None;
        }
        Some(name)
    }

    /// Reads a value that can be sent in a header unchanged.
    fn header_value(&mut self, field: &'a str) -> Option<SecretString> {
        let text = self.text(field)?;
        if let Some(message) = header_value_trouble(text) {
            self.refuse(field, message);
            return None;
        }
        Some(text.into())
    }

    /// Reads a required text that is not empty.
    fn text(&mut self, field: &'a str) -> Option<&'a str> {
        let text = self.text_that_may_be_empty(field)?;
        if text.is_empty() {
            self.refuse(field, "must not be empty");
            return None;
        }
        Some(text)
    }

    /// Reads an optional text.
    fn optional_text(&mut self, field: &'a str) -> Option<&'a str> {
        self.known.push(field);
        if !self.fields.has_value(field) {
            return None;
        }
        self.text(field)
    }

    fn text_that_may_be_empty(&mut self, field: &'a str) -> Option<&'a str> {
        self.known.push(field);
        // A value may itself look like an agent key, because an upstream may be another gateway. It
        // is sealed.
        let text = self.any_text(field)?;
        if text.len() > CREDENTIAL_VALUE_BYTES_MAX {
            self.refuse(
                field,
                format!("must be at most {CREDENTIAL_VALUE_BYTES_MAX} bytes long"),
            );
            return None;
        }
        if text.chars().any(char::is_control) {
            self.refuse(field, "must not contain control characters or line breaks");
            return None;
        }
        Some(text)
    }

    /// Returns the text of a required field, unchecked.
    fn any_text(&mut self, field: &str) -> Option<&'a str> {
        match self.fields.text(field) {
            Ok(text) => Some(text),
            Err(message) => {
                self.refuse(field, message);
                None
            }
        }
    }

    /// Records an error.
    fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }

    /// Returns the recorded errors, plus one for every unknown field.
    fn finish(mut self) -> Checked<()> {
        for field in self.fields.names() {
            if !self.known.contains(&field) {
                self.refuse(field, "unknown field for this type of credential");
            }
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors)
        }
    }
}

/// Returns why a text cannot be sent in a header unchanged; `None` if it can.
pub(crate) fn header_value_trouble(text: &str) -> Option<&'static str> {
    if !text.is_ascii() {
        Some("must be ASCII, because it is sent in a header")
    } else if text.starts_with([' ', '\t']) || text.ends_with([' ', '\t']) {
        Some("must not begin or end with a space, which would be lost in a header")
    } else if HeaderValue::try_from(text).is_err() || text.contains('\t') {
        Some("must not contain control characters or line breaks")
    } else {
        None
    }
}

/// Returns whether two names mean the same header to a server that reads `_` as `-`.
pub(crate) fn is_same_header(one: &HeaderName, other: &HeaderName) -> bool {
    one == other || one.as_str().replace('_', "-") == other.as_str().replace('_', "-")
}

#[cfg(test)]
mod tests;
