//! The use of a passkey, as a browser returns it.

/// Declares a body with the four parts of an authenticator's response, and possibly more fields. The fields are those
/// of the body itself and not of a part that is flattened into it, because `serde` does not refuse unknown fields
/// there.
macro_rules! passkey_use {
    (
        $(#[$meta:meta])*
        pub(crate) struct $name:ident {
            $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
        }
    ) => {
        #[derive(serde::Deserialize, utoipa::ToSchema)]
        $(#[$meta])*
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        pub(crate) struct $name {
            /// `rawId` in base64url.
            #[schema(value_type = String, max_length = 16384)]
            credential_id: $crate::auth::passkey::Base64Url,
            /// `response.clientDataJSON` in base64url.
            #[serde(rename = "clientDataJSON")]
            #[schema(value_type = String, max_length = 16384)]
            client_data_json: $crate::auth::passkey::Base64Url,
            /// `response.authenticatorData` in base64url.
            #[schema(value_type = String, max_length = 16384)]
            authenticator_data: $crate::auth::passkey::Base64Url,
            /// `response.signature` in base64url.
            #[schema(value_type = String, max_length = 16384)]
            signature: $crate::auth::passkey::Base64Url,
            $($(#[$field_meta])* $field: $type,)*
        }

        impl $name {
            /// Returns the use of the passkey.
            fn used(&self) -> gaiterguard_identity::PasskeyUse<'_> {
                gaiterguard_identity::PasskeyUse {
                    credential_id: &self.credential_id.0,
                    assertion: gaiterguard_webauthn::Assertion {
                        client_data_json: &self.client_data_json.0,
                        authenticator_data: &self.authenticator_data.0,
                        signature: &self.signature.0,
                    },
                }
            }
        }
    };
}

pub(crate) use passkey_use;
