//! Checking a literal IP address in a setting when it is saved. Names are checked when they are used,
//! with the addresses that they resolve to then.

use std::net::SocketAddr;

use gaiterguard_domain::target::Origin;

use crate::AddressPolicy;

/// Returns an error if the host of this origin is an address that can never be dialed.
pub fn check(origin: &Origin, policy: &AddressPolicy) -> Result<(), String> {
    let Some(address) = origin.host.address() else {
        return Ok(());
    };
    policy
        .check(SocketAddr::new(address, origin.port))
        .map_err(|refused| {
            let remedy = refused.range_to_allow().map_or_else(String::new, |range| {
                format!("; set UPSTREAM_PRIVATE_ALLOW={range} to allow it, and restart the gateway")
            });
            format!("may not be dialed: {refused}{remedy}")
        })
}
