//! Clients that come as Node.js packages.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::python::environment_of;

/// Node.js in the environment that `scripts/node-tools.sh` makes, reading a module from standard input.
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
