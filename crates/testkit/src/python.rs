//! Runs servers and checkers that are Python packages.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Returns the folder of the Python environment that `scripts/python-tools.sh` creates.
pub fn python_tools() -> &'static Path {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| environment_of("python-tools.sh"))
}

/// Runs one of the project's scripts and returns the folder that it prints.
pub(crate) fn environment_of(script: &str) -> PathBuf {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts");
    let output = Command::new(scripts.join(script))
        .output()
        .expect("the script can be run");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// Returns a command for one of the environment's programs, with `home` as its home, temporary and working
/// folder, so that it reads no settings of the user and leaves no files.
pub fn python_command(program: &str, home: &Path) -> Command {
    let mut command = Command::new(python_tools().join("bin").join(program));
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("HOME", home)
        .env("TMPDIR", home)
        .env("PYTHONUNBUFFERED", "1")
        .current_dir(home);
    command
}
