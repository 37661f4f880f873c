//! Resolving names: the operator's own entries first, then DNS, cached while the result is valid.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use gaiterguard_domain::host::Host;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ResolverBuilder, TokioResolver};

/// The shortest and the longest time for which a DNS result is used, whatever its TTL. A second keeps a
/// TTL of zero from causing a query for each request; a minute bounds how long a changed record is missed.
const RESOLUTION_AGE_MIN: Duration = Duration::from_secs(1);
const RESOLUTION_AGE_MAX: Duration = Duration::from_mins(1);
/// How many names are cached. Beyond that the cache is cleared, which costs one query per name.
const REMEMBERED_NAMES_MAX: usize = 10_000;

/// The name could not be resolved: it may not exist, or the DNS query failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the name {name} could not be resolved: {detail}")]
pub struct ResolveError {
    pub name: String,
    pub detail: String,
}

/// The addresses that a name resolves to.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The addresses, in the order in which they are to be tried; at least one.
    pub addresses: Vec<IpAddr>,
    /// The time until which they may be used.
    pub valid_until: Instant,
}

/// The boundary to DNS, which tests replace.
pub trait Resolver: Send + Sync + 'static {
    /// Returns all addresses of a name (ASCII, lower case), of both families. A name with a final dot is
    /// absolute.
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Resolution, ResolveError>>;
}

/// DNS as this machine is configured. If that configuration cannot be read, every name fails, and the
/// gateway still starts, because the operator's own entries do not need it.
pub(crate) struct SystemResolver(Result<TokioResolver, String>);

impl SystemResolver {
    pub(crate) fn from_system() -> Self {
        Self::from_builder(TokioResolver::builder_tokio())
    }

    pub(crate) fn from_builder(
        builder: Result<ResolverBuilder<TokioRuntimeProvider>, NetError>,
    ) -> Self {
        let resolver = builder.and_then(|mut builder| {
            // Both families are queried, because a name with any refused address is refused. IPv4 is tried
            // first, because most hosts can reach it.
            builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
            builder.build()
        });
        Self(resolver.map_err(|error| format!("the system's DNS settings: {error}")))
    }
}

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Resolution, ResolveError>> {
        let failed = move |detail: String| ResolveError {
            name: name.into(),
            detail,
        };
        Box::pin(async move {
            let resolver = self.0.as_ref().map_err(|detail| failed(detail.clone()))?;
            let found = resolver
                .lookup_ip(name)
                .await
                .map_err(|error| failed(error.to_string()))?;
            let addresses: Vec<IpAddr> = found.iter().collect();
            if addresses.is_empty() {
                return Err(failed("it has no address".into()));
            }
            Ok(Resolution {
                addresses,
                valid_until: found.valid_until(),
            })
        })
    }
}

/// Resolves and caches names.
pub(crate) struct Names {
    overrides: HashMap<Box<str>, Arc<[IpAddr]>>,
    resolver: Arc<dyn Resolver>,
    remembered: Mutex<HashMap<Box<str>, Remembered>>,
}

struct Remembered {
    addresses: Arc<[IpAddr]>,
    valid_until: Instant,
}

impl Names {
    /// Creates a resolver that prefers `pairs`. A name that repeats has several addresses.
    pub(crate) fn new(pairs: Vec<(String, IpAddr)>, resolver: Arc<dyn Resolver>) -> Self {
        let mut overrides: HashMap<Box<str>, Vec<IpAddr>> = HashMap::new();
        for (name, address) in pairs {
            overrides
                .entry(normal_name(&name).into())
                .or_default()
                .push(address);
        }
        Self {
            overrides: overrides
                .into_iter()
                .map(|(name, addresses)| (name, addresses.into()))
                .collect(),
            resolver,
            remembered: Mutex::default(),
        }
    }

    /// Returns the addresses of a host, at least one.
    pub(crate) async fn addresses(&self, host: &Host) -> Result<Arc<[IpAddr]>, ResolveError> {
        if let Some(address) = host.address() {
            return Ok(Arc::new([address]));
        }
        let name = host.as_str();
        if let Some(addresses) = self.overrides.get(name) {
            return Ok(Arc::clone(addresses));
        }
        let absolute;
        let name = if host.is_absolute() {
            absolute = format!("{name}.");
            &absolute
        } else {
            name
        };
        let now = Instant::now();
        if let Some(addresses) = self.recall(name, now) {
            return Ok(addresses);
        }
        let resolution = self.resolver.resolve(name).await?;
        let addresses: Arc<[IpAddr]> = resolution.addresses.into();
        if addresses.is_empty() {
            return Err(ResolveError {
                name: name.into(),
                detail: "it has no address".into(),
            });
        }
        let valid_until = resolution
            .valid_until
            .clamp(now + RESOLUTION_AGE_MIN, now + RESOLUTION_AGE_MAX);
        self.remember(
            name,
            Remembered {
                addresses: Arc::clone(&addresses),
                valid_until,
            },
        );
        Ok(addresses)
    }

    fn recall(&self, name: &str, now: Instant) -> Option<Arc<[IpAddr]>> {
        let remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let entry = remembered
            .get(name)
            .filter(|entry| now < entry.valid_until)?;
        Some(Arc::clone(&entry.addresses))
    }

    fn remember(&self, name: &str, entry: Remembered) {
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_NAMES_MAX {
            remembered.clear();
        }
        remembered.insert(name.into(), entry);
    }
}

/// A pair applies to its name with and without a final dot.
fn normal_name(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Parses comma-separated `name=IP` pairs. A name may repeat; IPv6 may have brackets.
///
/// The error is the invalid entry.
pub fn parse_upstream_hosts(text: &str) -> Result<Vec<(String, IpAddr)>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(|entry| parse_pair(entry).ok_or_else(|| entry.to_owned()))
        .collect()
}

fn parse_pair(entry: &str) -> Option<(String, IpAddr)> {
    let (name, address) = entry.split_once('=')?;
    let host = Host::parse(name.trim()).ok()?;
    if host.address().is_some() {
        return None;
    }
    let address = address.trim();
    let bare = address
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    Some((host.to_string(), bare.unwrap_or(address).parse().ok()?))
}

#[cfg(test)]
mod tests;
