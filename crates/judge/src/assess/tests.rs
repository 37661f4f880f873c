//! What the assessor promises.
