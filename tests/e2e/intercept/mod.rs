//! Programs that cannot change their base URL, behind the proxy port.

mod authority;
mod clients;
mod other_hosts;
mod refused;
mod scene;
mod tunnels;
