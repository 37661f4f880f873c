//! Refusing an address that is written out in a setting, when it is saved. Names are judged when
//! they are used, by what they then stand for.

use std::net::SocketAddr;

use gaiterguard_domain::target;

use crate::{AddressPolicy, Host, Origin};

/// Why this origin can never be dialed, if its host is an address.
pub fn check(origin: &target::Origin, policy: &AddressPolicy) -> Result<(), String> {
    let origin = Origin::try_from(origin).map_err(|invalid| invalid.to_string())?;
    let Host::Address(address) = origin.host() else {
        return Ok(());
    };
    policy
        .check(SocketAddr::new(*address, origin.port()))
        .map_err(|refused| format!("may not be dialed: {refused}"))
}
