//! User instructions per request, counted by callgrind: a figure without noise. Two runs that differ
//! only in the number of requests cancel out start and stop.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time;

use crate::{
    BenchResult,
    gateway::{Gateway, GatewaySettings},
    load, scenario,
};

const CONNECTIONS: usize = crate::goals::CONNECTIONS;
const FEW_REQUESTS: usize = 640;
const MANY_REQUESTS: usize = 3200;
const RUN_TIMEOUT: Duration = Duration::from_mins(5);

/// Returns the path of valgrind, if it is installed.
pub fn find_valgrind() -> Option<PathBuf> {
    ["/usr/bin/valgrind", "/usr/local/bin/valgrind"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())
}

/// Returns the user instructions for each GET that rules decide, on `SQLite`.
///
/// `settings.data` must contain a gateway that is set up, and `agent_key` must belong to one of its
/// agents. Also returns the path in `directory` of the profile of the longer run.
pub async fn measure(
    settings: &GatewaySettings,
    agent_key: &str,
    directory: &Path,
) -> BenchResult<(f64, PathBuf)> {
    let (few, _) = count_instructions(settings, agent_key, FEW_REQUESTS, directory).await?;
    let (many, profile) = count_instructions(settings, agent_key, MANY_REQUESTS, directory).await?;
    let instructions = u32::try_from(many.saturating_sub(few))?;
    Ok((
        f64::from(instructions) / load::count(MANY_REQUESTS - FEW_REQUESTS),
        profile,
    ))
}

async fn count_instructions(
    settings: &GatewaySettings,
    agent_key: &str,
    requests: usize,
    directory: &Path,
) -> BenchResult<(u64, PathBuf)> {
    let valgrind = find_valgrind().ok_or("there is no valgrind")?;
    let profile = directory.join(format!("callgrind.{requests}.out"));
    let mut settings = settings.clone();
    settings.wrapper = vec![
        valgrind.display().to_string(),
        "--tool=callgrind".to_owned(),
        // Schedule threads in turn, not in the order in which they acquire valgrind's lock.
        "--fair-sched=yes".to_owned(),
        format!("--callgrind-out-file={}", profile.display()),
    ];
    let mut gateway = Gateway::start(&settings).await?;
    let target = scenario::proxied_get(gateway.address, vec![agent_key.to_owned()])?;
    time::timeout(RUN_TIMEOUT, load::send(&target, CONNECTIONS, requests)).await??;
    gateway.daemon.stop();
    let text = fs::read_to_string(&profile)?;
    Ok((total(&text).ok_or("the profile has no total")?, profile))
}

/// The instructions of all parts of a profile.
fn total(profile: &str) -> Option<u64> {
    let line = profile
        .lines()
        .rev()
        .find(|line| line.starts_with("totals:"))?;
    line.strip_prefix("totals:")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_off_the_last_line() {
        assert_eq!(
            total("events: Ir\nfn=(1) main\n1 2\n\ntotals: 12345\n"),
            Some(12_345)
        );
        assert_eq!(total("events: Ir\n"), None);
    }
}
