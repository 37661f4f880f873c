//! API documentation: parses descriptions of upstream APIs, and finds the documented operation that a
//! request calls.
//!
//! Text goes in, operations and sections come out. There are no sockets, files or databases.

pub mod catalog;
pub mod document;
pub mod html;
pub mod markdown;
pub mod openapi;
pub mod operation;
pub mod path;
pub mod read;
pub mod template;
pub mod warning;

mod markup;
mod outline;
mod stack;
mod text;
mod tree;

pub use catalog::{Call, Catalog, Found};
pub use document::{Document, Section};
pub use markup::asks_for_password;
pub use operation::{Body, Documented, Field, Operation, Parameter, Place};
pub use read::{Format, Unreadable, read, read_any, recognize};
