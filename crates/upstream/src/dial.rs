//! Dials a name that has several addresses ("Happy Eyeballs", RFC 8305). A dead address delays a
//! connection by a quarter of a second, and only once in a while.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::error::NotSentReason;

/// The time after which the next address is tried as well (RFC 8305, section 5, "Connection Attempt
/// Delay").
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How long an address that did not accept a connection is tried last. Long enough that a dead one
/// costs next to nothing, short enough that the preferred one is used again soon after it recovers.
const UNREACHABLE_TIME: Duration = Duration::from_mins(5);

/// How many such addresses are remembered. Beyond that, all are forgotten, which costs one delay
/// for each.
const UNREACHABLE_MAX: usize = 10_000;

/// Opens TCP connections, and remembers which addresses did not accept one.
#[derive(Default)]
pub(crate) struct Dialer {
    unreachable: Mutex<HashMap<SocketAddr, Instant>>,
}

impl Dialer {
    /// Connects to the address that accepts first. Attempts begin one after the other, each when
    /// the one before has failed or has taken too long.
    pub(crate) async fn dial(
        &self,
        addresses: &[IpAddr],
        port: u16,
        deadline: Instant,
    ) -> Result<TcpStream, NotSentReason> {
        let mut untried = self.in_order(addresses, port, Instant::now()).into_iter();
        let mut attempts = FuturesUnordered::new();
        // The addresses of the attempts in progress, in the order in which they began.
        let mut pending: Vec<SocketAddr> = Vec::new();
        let mut last_failure = NotSentReason::ConnectTimedOut;
        loop {
            if let Some(address) = untried.next() {
                pending.push(address);
                attempts.push(async move { (address, TcpStream::connect(address).await) });
            }
            // No attempt follows the last one, so it may take all of the remaining time.
            let until = if untried.len() == 0 {
                deadline
            } else {
                deadline.min(Instant::now() + ATTEMPT_DELAY)
            };
            match timeout_at(until, attempts.next()).await {
                Ok(Some((address, Ok(stream)))) => {
                    let began_before = pending.iter().take_while(|other| **other != address);
                    self.remember(began_before.copied());
                    self.lock().remove(&address);
                    return Ok(stream);
                }
                Ok(Some((address, Err(error)))) => {
                    pending.retain(|other| *other != address);
                    self.remember([address]);
                    last_failure = NotSentReason::Connect(error.into());
                }
                Ok(None) => return Err(last_failure),
                Err(_) if until == deadline => {
                    self.remember(pending);
                    return Err(NotSentReason::ConnectTimedOut);
                }
                Err(_) => {}
            }
        }
    }

    /// Returns the addresses in the order in which they are tried: alternating between the
    /// families, and last those that did not accept a connection recently.
    fn in_order(&self, addresses: &[IpAddr], port: u16, now: Instant) -> Vec<SocketAddr> {
        let first_is_v4 = addresses.first().is_some_and(IpAddr::is_ipv4);
        let (mut preferred, mut others) = (Vec::new(), Vec::new());
        for address in addresses {
            let family = if address.is_ipv4() == first_is_v4 {
                &mut preferred
            } else {
                &mut others
            };
            family.push(SocketAddr::new(*address, port));
        }
        let mut others = others.into_iter();
        let mut ordered = Vec::with_capacity(addresses.len());
        for address in preferred {
            ordered.push(address);
            ordered.extend(others.next());
        }
        ordered.extend(others);
        let unreachable = self.lock();
        let is_unreachable = |address: &SocketAddr| {
            unreachable
                .get(address)
                .is_some_and(|since| now.duration_since(*since) < UNREACHABLE_TIME)
        };
        // The sort is stable, so the families still alternate.
        ordered.sort_by_key(is_unreachable);
        ordered
    }

    fn remember(&self, addresses: impl IntoIterator<Item = SocketAddr>) {
        let now = Instant::now();
        let mut unreachable = self.lock();
        for address in addresses {
            if unreachable.len() >= UNREACHABLE_MAX {
                unreachable.clear();
            }
            unreachable.insert(address, now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, Instant>> {
        self.unreachable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(dialer: &Dialer, addresses: &[&str], now: Instant) -> Vec<String> {
        let addresses: Vec<IpAddr> = addresses
            .iter()
            .map(|address| address.parse().unwrap())
            .collect();
        let ordered = dialer.in_order(&addresses, 80, now);
        ordered
            .iter()
            .map(|address| address.ip().to_string())
            .collect()
    }

    #[test]
    fn families_alternate_and_dead_addresses_come_last_for_some_minutes() {
        let (dialer, now) = (Dialer::default(), Instant::now());
        let addresses = [
            "192.0.2.1",
            "192.0.2.2",
            "192.0.2.3",
            "2001:db8::1",
            "2001:db8::2",
        ];
        let alternating = [
            "192.0.2.1",
            "2001:db8::1",
            "192.0.2.2",
            "2001:db8::2",
            "192.0.2.3",
        ];
        assert_eq!(order(&dialer, &addresses, now), alternating);
        assert_eq!(
            order(&dialer, &["2001:db8::1", "192.0.2.1"], now),
            ["2001:db8::1", "192.0.2.1"]
        );
        dialer.remember(["192.0.2.1:80".parse().unwrap()]);
        dialer.remember(["192.0.2.3:81".parse().unwrap()]);
        assert_eq!(
            order(&dialer, &addresses, now),
            [
                "2001:db8::1",
                "192.0.2.2",
                "2001:db8::2",
                "192.0.2.3",
                "192.0.2.1"
            ]
        );
        let later = Instant::now() + UNREACHABLE_TIME;
        assert_eq!(order(&dialer, &addresses, later), alternating);
    }
}
