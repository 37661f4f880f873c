//! Parsing the fields of a key that signs requests to AWS.

use gaiterguard_domain::aws_signature::{PartialScope, is_part};
use secrecy::SecretString;

use super::{Reader, header_value_trouble};
use crate::aws::AwsKey;
use crate::credential::Credential;

impl<'a> Reader<'a> {
    pub(super) fn aws_key(&mut self) -> Option<Credential> {
        let access_key_id = self.access_key_id();
        let secret_access_key = self.header_value("secret_access_key");
        let session_token = self.session_token();
        let region = self.scope_part("region", "eu-central-1");
        let service = self.scope_part("service", "s3");
        Some(Credential::AwsSigv4(Box::new(AwsKey {
            access_key_id: access_key_id?,
            secret_access_key: secret_access_key?,
            session_token,
            scope: PartialScope { region, service },
        })))
    }

    /// Reads the public part of the key, which a signature names between separators.
    fn access_key_id(&mut self) -> Option<SecretString> {
        const FIELD: &str = "access_key_id";
        let text = self.text(FIELD)?;
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"/,".contains(&byte))
        {
            self.refuse(
                FIELD,
                "must be letters and digits, such as AKIAIOSFODNN7EXAMPLE",
            );
            return None;
        }
        Some(text.into())
    }

    /// Reads the token of a temporary key.
    fn session_token(&mut self) -> Option<SecretString> {
        const FIELD: &str = "session_token";
        let text = self.optional_text(FIELD)?;
        if let Some(message) = header_value_trouble(text) {
            self.refuse(FIELD, message);
        }
        Some(text.into())
    }

    /// Reads the region or the service.
    fn scope_part(&mut self, field: &'a str, example: &str) -> Option<String> {
        let text = self.optional_text(field)?;
        if !is_part(text) {
            let message = format!("must be letters, digits and dashes, such as {example}");
            self.refuse(field, message);
        }
        Some(text.to_owned())
    }
}
