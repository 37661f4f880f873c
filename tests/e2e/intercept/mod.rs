//! Programs that cannot change their base URL, behind the proxy port.

mod authority;
mod clients;
mod grpc;
mod http2;
mod other_hosts;
mod refused;
mod scene;
mod tunnels;
