//! Processes that the bench starts, and what the operating system accounts to a process: its time
//! on the processor and its memory, both read from `/proc`.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::BenchResult;

const START_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// A process that ends with this value: asked to first, killed when it does not listen.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    name: String,
    stop_signal: &'static str,
}

impl Daemon {
    /// Starts `command` with no input, and with its output in `log`.
    pub fn spawn(name: &str, mut command: Command, log: &Path) -> BenchResult<Self> {
        let out = fs::File::create(log)?;
        let err = out.try_clone()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|error| format!("{name} does not start: {error}"))?;
        Ok(Self {
            child,
            name: name.to_owned(),
            stop_signal: "TERM",
        })
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the process to end with `signal` (`INT`) and not with SIGTERM.
    pub fn set_stop_signal(&mut self, signal: &'static str) {
        self.stop_signal = signal;
    }

    /// Waits until something listens at `address`.
    pub fn wait_for_port(&mut self, address: SocketAddr) -> BenchResult<()> {
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            self.check_running()?;
            if began.elapsed() > START_TIMEOUT {
                return Err(format!("{} does not listen at {address}", self.name).into());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// An error once the process has ended.
    pub fn check_running(&mut self) -> BenchResult<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(format!("{} ended with {status}", self.name).into()),
        }
    }

    /// Asks the process to end and waits for it.
    pub fn stop(&mut self) {
        if let Ok(Some(_)) = self.child.try_wait() {
            return;
        }
        let signal = format!("-{}", self.stop_signal);
        let asked = Command::new("kill")
            .arg(signal)
            .arg(self.child.id().to_string())
            .status();
        let began = Instant::now();
        while asked.is_ok() && began.elapsed() < STOP_TIMEOUT {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An address on the loopback that nothing listens at now.
pub fn free_address() -> BenchResult<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// User and system time of a process with all its threads, of its children alive, and of its
/// children that ended.
pub fn cpu_time(pid: u32) -> BenchResult<Duration> {
    let ticks_per_second = ticks_per_second()?;
    let ticks = tree_ticks(pid)?;
    Ok(Duration::from_millis(ticks * 1000 / ticks_per_second))
}

/// Raises the limit on open files of this process, and of those it starts, to `descriptors`.
///
/// # Errors
///
/// If the limit cannot be raised so far.
pub fn raise_descriptor_limit(descriptors: u64) -> BenchResult<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If the limit was not raised, the check below reports the limit that applies.
    let _ = setrlimit(Resource::Nofile, limit);
    match getrlimit(Resource::Nofile).current {
        Some(current) if current < descriptors => Err(format!(
            "the limit on open files is {current}, and {descriptors} are needed: raise it (ulimit -n)"
        )
        .into()),
        _ => Ok(()),
    }
}

/// The most memory the process has had resident, in bytes (`VmHWM`).
pub fn peak_memory(pid: u32) -> BenchResult<u64> {
    status_bytes(pid, "VmHWM:")
}

/// The memory the process has resident now, in bytes (`VmRSS`).
pub fn resident_memory(pid: u32) -> BenchResult<u64> {
    status_bytes(pid, "VmRSS:")
}

fn status_bytes(pid: u32, field: &str) -> BenchResult<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    parse_status_bytes(&status, field).ok_or_else(|| format!("no {field} for {pid}").into())
}

fn parse_status_bytes(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(field))?;
    let kilobytes: u64 = line[field.len()..]
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()?;
    Some(kilobytes * 1024)
}

fn ticks_per_second() -> BenchResult<u64> {
    static TICKS: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    if let Some(ticks) = TICKS.get() {
        return Ok(*ticks);
    }
    let output = Command::new("getconf").arg("CLK_TCK").output()?;
    let ticks = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(*TICKS.get_or_init(|| ticks))
}

fn tree_ticks(pid: u32) -> BenchResult<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let mut ticks = parse_stat_ticks(&stat).ok_or("an unreadable /proc/PID/stat")?;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let children = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            // A child may end between the listing and the reading; its time is then its parent's.
            ticks += tree_ticks(child.parse()?).unwrap_or_default();
        }
    }
    Ok(ticks)
}

/// utime, stime, cutime and cstime together. The process name may hold spaces and brackets, so the
/// fields are counted from the last bracket.
fn parse_stat_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    fields
        .get(11..15)?
        .iter()
        .map(|field| field.parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_counted_from_the_last_bracket() {
        let stat = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 100 20 3 4 20 0 5 0 999";
        assert_eq!(parse_stat_ticks(stat), Some(127));
        assert_eq!(parse_stat_ticks("42 (short) S 1 2"), None);
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1024 kB\n";
        assert_eq!(parse_status_bytes(status, "VmHWM:"), Some(2 * 1024 * 1024));
        assert_eq!(parse_status_bytes(status, "VmSwap:"), None);
    }

    #[test]
    fn this_process_has_time_and_memory() {
        let pid = std::process::id();
        let began = Instant::now();
        while cpu_time(pid).unwrap() == Duration::ZERO {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "no time was accounted"
            );
        }
        // Memory grows while it is looked at: the peak must be read last.
        let resident = resident_memory(pid).unwrap();
        assert!(peak_memory(pid).unwrap() >= resident);
    }
}
