//! Promises to those who start a program with `gaiterguard run`.

mod ending;
mod environment;
mod runtimes;
mod scene;
