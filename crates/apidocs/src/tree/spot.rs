//! The position of a value in a document.

use crate::pointer;

/// The position of a value in a document, which determines what may be skipped in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// The document itself. Only some of its operations are wanted.
    Selected,
    /// The paths of such a document.
    Paths,
    /// One of these paths.
    Path,
    /// Its keys are keywords of the specification.
    Described,
    /// Its keys are names that the author chose: a property may be called `example`.
    Named,
    /// A list of maps whose keys are names: the security requirements, by scheme.
    Requirements,
    /// Only a scalar is needed: a default or an example.
    Scalar,
}

impl Spot {
    /// Returns the position of a key's value; `None` if it is skipped.
    pub(super) fn of(self, key: &str) -> Option<Self> {
        match self {
            Self::Selected if key == "paths" => return Some(Self::Paths),
            Self::Paths => return Some(Self::Path),
            Self::Selected | Self::Path | Self::Described => {}
            _ => return Some(Self::Described),
        }
        match key {
            // The last two are the responses and scripts of a Postman collection.
            "responses" | "examples" | "callbacks" | "webhooks" | "links" | "xml"
            | "externalDocs" | "response" | "event" => None,
            "example" | "x-example" | "default" | "x-multi-segment" => Some(Self::Scalar),
            "security" => Some(Self::Requirements),
            "paths"
            | "properties"
            | "patternProperties"
            | "definitions"
            | "schemas"
            | "parameters"
            | "requestBodies"
            | "securitySchemes"
            | "securityDefinitions"
            | "$defs"
            | "pathItems"
            | "variables"
            | "mapping"
            | "resources"
            | "methods"
            | "content"
            | "dependentSchemas" => Some(Self::Named),
            _ if key.starts_with("x-") => None,
            _ => Some(Self::Described),
        }
    }

    /// Returns the position of the value of a key that is skipped unless a reference leads to it or below it.
    pub(super) fn of_wanted(self, key: &str, is_end: bool) -> Self {
        match self.of(key) {
            Some(spot) => spot,
            None if is_end && key != "responses" => Self::Described,
            None => Self::Named,
        }
    }
}

/// Returns whether a pointer may lead through a part that is skipped.
pub(super) fn may_be_skipped(json_pointer: &str) -> bool {
    pointer::parts(json_pointer).any(|part| {
        let spot = Spot::Described.of(&part);
        spot.is_none() || spot == Some(Spot::Scalar)
    })
}
