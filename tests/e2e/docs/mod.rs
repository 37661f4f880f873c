//! What the documents, examples and manifests say is true.

mod api_conformance;
mod cookbook;
mod deployment;
mod examples;
mod readme;
mod reference;
mod skill;
