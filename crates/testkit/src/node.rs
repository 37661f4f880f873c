//! Runs clients that are Node.js packages.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::python::environment_of;

/// Returns a Node.js command that reads a module from standard input, in the environment that
/// `scripts/node-tools.sh` creates.
pub fn node_command() -> Command {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    let environment = ENVIRONMENT.get_or_init(|| environment_of("node-tools.sh"));
    let mut command = Command::new("node");
    command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name == "PATH"))
        .arg("--input-type=module")
        .current_dir(environment);
    command
}
