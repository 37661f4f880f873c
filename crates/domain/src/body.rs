//! Request bodies of operators: structs whose fields are checked one by one.

use serde_json::{Map, Value};

use crate::field::{Checked, FieldError};

/// A request body, read from the members of a JSON object.
pub trait Body: Sized {
    /// Takes the body's fields out of `members`. Errors stay in the fields that have them.
    fn take(members: &mut Map<String, Value>) -> Self;

    /// Reads the body. Fails if `members` has fields that the body does not have.
    fn read(mut members: Map<String, Value>) -> Checked<Self> {
        let body = Self::take(&mut members);
        if members.is_empty() {
            return Ok(body);
        }
        let unknown = members.keys();
        Err(unknown
            .map(|name| FieldError::new(name, "unknown field"))
            .collect())
    }
}

/// Declares a request body: a struct that is parsed and documented from one declaration.
///
/// A field is written `field "name": Type as Schema`, with its name in JSON, a
/// [`FieldValue`](crate::field::FieldValue) type, and the type that the OpenAPI document shows. Its
/// type in the struct is [`Checked<Type>`](crate::field::Checked).
#[macro_export]
macro_rules! body {
    (
        $(#[$attribute:meta])*
        pub struct $body:ident {
            $(
                $(#[$field_attribute:meta])*
                $field:ident $name:literal: $type:ty as $schema:ty
            ),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $body {
            $(
                $(#[$field_attribute])*
                #[schema(rename = $name, value_type = $schema)]
                pub $field: $crate::field::Checked<$type>,
            )+
        }

        impl $crate::body::Body for $body {
            fn take(members: &mut serde_json::Map<String, serde_json::Value>) -> Self {
                Self {
                    $($field: <$type as $crate::field::FieldValue>::read(
                        $name,
                        members.shift_remove($name),
                    ),)+
                }
            }
        }
    };
}

/// Returns the values of all [`Checked`](crate::field::Checked) variables as a tuple, or the errors
/// of all of them.
#[macro_export]
macro_rules! all {
    ($($checked:ident),+ $(,)?) => {{
        let mut errors: Vec<$crate::field::FieldError> = Vec::new();
        $(let $checked = $checked.map_err(|found| errors.extend(found));)+
        match ($($checked,)+) {
            ($(Ok($checked),)+) => Ok(($($checked,)+)),
            _ => Err(errors),
        }
    }};
}

#[cfg(test)]
mod tests {
    use crate::field::{Checked, refused};

    #[test]
    fn every_error_is_reported_together() {
        let (one, two): (Checked<u8>, Checked<bool>) = (Ok(1), Ok(true));
        assert_eq!(all!(one, two), Ok((1, true)));
        let (one, two): (Checked<u8>, Checked<bool>) = (refused("a", "x"), refused("b", "y"));
        let three: Checked<u8> = Ok(1);
        let fields: Vec<String> = all!(one, three, two)
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(fields, ["a", "b"]);
    }
}
