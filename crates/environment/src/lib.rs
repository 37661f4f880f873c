//! Variables of the environment and of `.env`, read into structs that are declared with clap.
//!
//! A field of a struct that derives [`clap::Args`] names its variable with `#[arg(env = "NAME")]`. Its
//! doc comment, default and parser are clap's, so `--help` and the book describe what the code reads.
//! `hide_env_values = true` marks a secret, whose value no error shows.
//!
//! The variables are not options of the command line: every process of the machine can read that, and
//! some of them are secrets. An empty value counts as not set, so `PORT=` in a compose file means the
//! default; `num_args = 0..=1` marks a variable for which it means an empty list.

mod duration;
mod error;
mod source;
mod variable;

pub mod value;

pub use error::{InvalidEntry, SettingError};
pub use source::Source;
pub use variable::{Variable, help, read, variables, wrap};

#[cfg(test)]
mod tests;
