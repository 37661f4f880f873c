//! The documents, examples and manifests are correct.

mod api_conformance;
mod cookbook;
mod deployment;
mod examples;
mod readme;
mod reference;
mod skill;
