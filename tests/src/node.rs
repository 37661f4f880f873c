//! Clients that come as Node.js packages.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Node.js in the environment that `scripts/node-tools.sh` makes, reading a module from standard input.
pub fn node_command() -> Command {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    let environment = ENVIRONMENT.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/node-tools.sh");
        let output = Command::new(script)
            .output()
            .expect("the script can be run");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
    });
    let mut command = Command::new("node");
    command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name == "PATH"))
        .arg("--input-type=module")
        .current_dir(environment);
    command
}
