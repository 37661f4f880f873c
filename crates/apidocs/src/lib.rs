//! API documentation: parses descriptions of upstream APIs, and finds the documented operation that
//! a request calls.
//!
//! Text goes in, operations and sections come out. There are no sockets, files or databases.

pub mod catalog;
pub mod document;
pub mod html;
pub mod include;
pub mod markdown;
pub mod openapi;
pub mod operation;
pub mod path;
pub mod read;
pub mod template;
pub mod unreadable;
pub mod viewer;
pub mod warning;

mod converted;
mod description;
mod discovery;
mod markup;
mod outline;
mod packed;
mod pointer;
mod postman;
mod selection;
mod stack;
mod text;
mod tree;

pub use catalog::{Call, Catalog, Found};
pub use document::{Document, Section};
pub use include::Include;
pub use markup::asks_for_password;
pub use operation::{Body, Documented, Field, Operation, Parameter, Place};
pub use packed::unpacked;
pub use read::{Format, bytes_max, read, read_any, read_part, recognize, selected};
pub use unreadable::Unreadable;
