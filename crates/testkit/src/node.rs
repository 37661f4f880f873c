//! Runs clients that are Node.js packages.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::python::environment_of;

/// Returns the folder of the Node.js environment that `scripts/node-tools.sh` creates.
pub fn node_tools() -> &'static Path {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| environment_of("node-tools.sh"))
}

/// Returns a Node.js command that reads a module from standard input, in that environment.
pub fn node_command() -> Command {
    let mut command = Command::new("node");
    command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name == "PATH"))
        .arg("--input-type=module")
        .current_dir(node_tools());
    command
}
