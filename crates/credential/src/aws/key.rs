//! The key of an AWS account or role.

use gaiterguard_domain::aws_signature::PartialScope;
use secrecy::SecretString;

/// The key that signs requests, and what its signatures are valid for.
pub struct AwsKey {
    /// The public part of the key, which every signature names.
    pub access_key_id: SecretString,
    /// The key.
    pub secret_access_key: SecretString,
    /// The token of a temporary key, which is sent with every request.
    pub session_token: Option<SecretString>,
    /// The region and the service, where requests do not say them.
    pub scope: PartialScope,
}
