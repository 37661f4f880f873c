//! Promises to those who start a program with `gaiterguard run`.

#[cfg(target_os = "linux")]
mod confine;
mod ending;
mod environment;
mod runtimes;
mod scene;
