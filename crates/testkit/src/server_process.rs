//! A server process of a test. Its output is kept, and it never outlives the test.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running process whose standard output and error go to one file.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    name: String,
    child: Child,
    log: PathBuf,
}

impl ServerProcess {
    /// Starts `command` and appends its output to the file `log`.
    pub(crate) fn start(name: &str, mut command: Command, log: PathBuf) -> Self {
        let output = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .expect("a log file");
        let errors = output.try_clone().expect("a second handle of the log file");
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} did not start: {error}"));
        Self {
            name: name.to_owned(),
            child,
            log,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns everything that it has printed.
    pub(crate) fn logs(&self) -> String {
        let bytes = std::fs::read(&self.log).expect("the log file exists");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Returns the last lines of its output, as many as a failed test should show.
    pub(crate) fn last_logs(&self) -> String {
        const LINES: usize = 60;
        let logs = self.logs();
        let lines: Vec<&str> = logs.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }

    /// Panics with its output if it has ended.
    pub(crate) fn assert_running(&mut self) {
        if let Some(status) = self.exited() {
            panic!("{} ended with {status}:\n{}", self.name, self.last_logs());
        }
    }

    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// Sends SIGKILL and waits for the process to end.
    pub(crate) fn kill(&mut self) -> ExitStatus {
        // It may have ended by itself already.
        let _ = self.child.kill();
        self.child.wait().expect("a child can be waited for")
    }

    /// Sends SIGTERM without waiting.
    pub(crate) fn signal_terminate(&self) {
        let sent = Command::new("kill")
            .arg("-TERM")
            .arg(self.child.id().to_string())
            .status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "{} could not be signaled",
            self.name
        );
    }

    /// Waits for the process to end. Panics if it does not within `limit`.
    pub(crate) async fn wait(&mut self, limit: Duration) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.exited() {
                return status;
            }
            assert!(
                started.elapsed() < limit,
                "{} did not end within {limit:?}:\n{}",
                self.name,
                self.last_logs()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for ServerProcess {
    #[expect(
        clippy::print_stderr,
        reason = "a failed test shows the output of its servers"
    )]
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- output of {} ---\n{}", self.name, self.last_logs());
        }
    }
}
