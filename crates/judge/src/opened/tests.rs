//! Taking requests apart.
