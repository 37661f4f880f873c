//! The rules for which addresses may be dialed. They are pure functions of a socket address; nothing is
//! resolved here.
//!
//! By default only globally routable unicast addresses pass. An operator can allow private ranges, but
//! never cloud metadata services, never link-local addresses, where every cloud has such services, never
//! the gateway's own listeners, and never an address that cannot belong to a host (unspecified,
//! multicast, broadcast).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A range that the operator allowed, for every port or for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllowedRange {
    pub net: IpNet,
    pub port: Option<u16>,
}

impl AllowedRange {
    /// Returns ranges with all addresses, for the operator's own servers. Link-local and cloud metadata
    /// addresses are still refused.
    pub fn all() -> Vec<Self> {
        let any = |net| Self { net, port: None };
        vec![
            any(IpNet::V4(Ipv4Net::default())),
            any(IpNet::V6(Ipv6Net::default())),
        ]
    }

    fn covers(&self, address: IpAddr, port: u16) -> bool {
        self.net.contains(&address) && self.port.is_none_or(|allowed| allowed == port)
    }
}

/// The address rules of this gateway.
#[derive(Clone, Debug, Default)]
pub struct AddressPolicy {
    /// Allowed loopback, private and reserved ranges.
    pub private_allow: Vec<AllowedRange>,
    /// The gateway's own listeners: refused in every spelling, even inside an allowed range.
    pub own_listeners: Vec<SocketAddr>,
}

/// An address that must not be dialed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address} is {reason}")]
pub struct AddressRefused {
    pub address: IpAddr,
    pub reason: RefusalReason,
}

impl AddressRefused {
    /// Returns the range for `UPSTREAM_PRIVATE_ALLOW` that allows the address, if one does.
    pub(crate) fn range_to_allow(&self) -> Option<IpNet> {
        self.reason
            .can_be_allowed()
            .then(|| IpNet::from(self.address))
    }
}

/// Why an address must not be dialed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// One of the gateway's own listeners. Never allowed.
    OwnListener,
    /// A cloud metadata or credential service. Never allowed.
    Metadata,
    /// Unspecified, multicast or broadcast. Never allowed.
    NotAHost,
    Loopback,
    Private,
    /// 169.254.0.0/16 and `fe80::/10`. Never allowed: a cloud may serve credentials at any of them.
    LinkLocal,
    /// Shared between a provider and its customers: 100.64.0.0/10.
    SharedNat,
    /// Reserved for documentation, benchmarking, protocols or future use.
    Reserved,
    /// Reaches an address hidden inside it through a tunnel (6to4, Teredo, local NAT64).
    Tunnel,
}

impl RefusalReason {
    /// Returns whether an allowed range can permit such an address.
    fn can_be_allowed(self) -> bool {
        !matches!(
            self,
            Self::OwnListener | Self::Metadata | Self::LinkLocal | Self::NotAHost
        )
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OwnListener => "an address of this gateway itself",
            Self::Metadata => "a cloud metadata address",
            Self::NotAHost => "not the address of a host",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::SharedNat => "an address shared behind a provider's NAT",
            Self::Reserved => "a reserved address",
            Self::Tunnel => "an address behind a tunnel",
        })
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(bits: u128, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::from_bits(bits), prefix)
}

/// Services that give credentials to every process that can reach them, from the clouds' documentation.
/// Most others are in 169.254.0.0/16, which is refused as a whole.
const METADATA_V4: [Ipv4Net; 9] = [
    // The instance metadata service of AWS, Azure, Google Cloud, OCI, IBM, DigitalOcean, Hetzner,
    // OpenStack and most others.
    v4(169, 254, 169, 254, 32),
    // AWS: task roles of ECS, and EKS Pod Identity.
    v4(169, 254, 170, 2, 32),
    v4(169, 254, 170, 23, 32),
    // Scaleway.
    v4(169, 254, 42, 42, 32),
    // Tencent Cloud (metadata.tencentyun.com).
    v4(169, 254, 0, 23, 32),
    // Alibaba Cloud.
    v4(100, 100, 100, 200, 32),
    // Volcano Engine.
    v4(100, 96, 0, 96, 32),
    // Azure's WireServer.
    v4(168, 63, 129, 16, 32),
    // Oracle Cloud Infrastructure Classic.
    v4(192, 0, 0, 192, 32),
];
const METADATA_V6: [Ipv6Net; 6] = [
    // AWS: instance metadata is fd00:ec2::254, EKS Pod Identity fd00:ec2::23.
    v6(0xfd00_0ec2_0000_0000_0000_0000_0000_0000, 32),
    // Scaleway: fd00:42::42.
    v6(0xfd00_0042_0000_0000_0000_0000_0000_0000, 32),
    // Google Cloud: fd20:ce::254.
    v6(0xfd20_00ce_0000_0000_0000_0000_0000_0000, 32),
    // Oracle Cloud Infrastructure: fd00:c1::a9fe:a9fe.
    v6(0xfd00_00c1_0000_0000_0000_0000_0000_0000, 32),
    // Akamai (Linode): fd00:a9fe:a9fe::1.
    v6(0xfd00_a9fe_a9fe_0000_0000_0000_0000_0000, 48),
    // OpenStack: fe80::a9fe:a9fe.
    v6(0xfe80_0000_0000_0000_0000_0000_a9fe_a9fe, 128),
];

/// The IANA registry of special-purpose IPv4 addresses, without the globally reachable ones.
const REFUSED_V4: [(Ipv4Net, RefusalReason); 15] = [
    (v4(0, 0, 0, 0, 8), RefusalReason::NotAHost),
    (v4(10, 0, 0, 0, 8), RefusalReason::Private),
    (v4(100, 64, 0, 0, 10), RefusalReason::SharedNat),
    (v4(127, 0, 0, 0, 8), RefusalReason::Loopback),
    (v4(169, 254, 0, 0, 16), RefusalReason::LinkLocal),
    (v4(172, 16, 0, 0, 12), RefusalReason::Private),
    (v4(192, 0, 0, 0, 24), RefusalReason::Reserved),
    (v4(192, 0, 2, 0, 24), RefusalReason::Reserved),
    (v4(192, 88, 99, 0, 24), RefusalReason::Tunnel),
    (v4(192, 168, 0, 0, 16), RefusalReason::Private),
    (v4(198, 18, 0, 0, 15), RefusalReason::Reserved),
    (v4(198, 51, 100, 0, 24), RefusalReason::Reserved),
    (v4(203, 0, 113, 0, 24), RefusalReason::Reserved),
    (v4(224, 0, 0, 0, 4), RefusalReason::NotAHost),
    (v4(240, 0, 0, 0, 4), RefusalReason::Reserved),
];

impl AddressPolicy {
    /// Checks whether this address and port may be dialed. If an IPv6 address embeds an IPv4 address,
    /// both are checked.
    pub fn check(&self, target: SocketAddr) -> Result<(), AddressRefused> {
        let address = target.ip().to_canonical();
        let port = target.port();
        let refused = |reason| Err(AddressRefused { address, reason });

        let embedded = Embedded::of(address);
        for spelling in embedded.iter().chain([address]) {
            if is_metadata(spelling) {
                return refused(RefusalReason::Metadata);
            }
            if classify(spelling) == Some(RefusalReason::LinkLocal) {
                return refused(RefusalReason::LinkLocal);
            }
            if self.is_own_listener(spelling, port) {
                return refused(RefusalReason::OwnListener);
            }
        }
        for spelling in embedded.certain().chain([address]) {
            if let Some(reason) = classify(spelling)
                && !self.is_allowed(spelling, port, reason)
            {
                // The address that the operator would have to allow.
                return Err(AddressRefused {
                    address: spelling,
                    reason,
                });
            }
        }
        Ok(())
    }

    fn is_allowed(&self, address: IpAddr, port: u16, reason: RefusalReason) -> bool {
        reason.can_be_allowed()
            && self
                .private_allow
                .iter()
                .any(|range| range.covers(address, port))
    }

    fn is_own_listener(&self, address: IpAddr, port: u16) -> bool {
        self.own_listeners
            .iter()
            .filter(|listener| listener.port() == port)
            .any(|listener| {
                let bound = listener.ip().to_canonical();
                // Dialing the unspecified address reaches the loopback interface.
                address == bound
                    || address.is_unspecified()
                    || (bound.is_unspecified() && is_local(address))
            })
    }
}

/// Returns whether the address belongs to this machine, because only then can a socket be bound to it.
/// Called only for ports that the gateway itself listens on.
fn is_local(address: IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => METADATA_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => METADATA_V6.iter().any(|net| net.contains(&address)),
    }
}

fn classify(address: IpAddr) -> Option<RefusalReason> {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> Option<RefusalReason> {
    if address.is_broadcast() {
        return Some(RefusalReason::NotAHost);
    }
    REFUSED_V4
        .iter()
        .find(|(net, _)| net.contains(&address))
        .map(|(_, reason)| *reason)
}

fn classify_v6(address: Ipv6Addr) -> Option<RefusalReason> {
    let segments = address.segments();
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        // The well-known NAT64 prefix is how an IPv6-only network reaches IPv4 hosts, so such an
        // address is exactly as safe as the IPv4 address that it embeds.
        None
    } else if address.is_unspecified() || address.is_multicast() {
        Some(RefusalReason::NotAHost)
    } else if address.is_loopback() {
        Some(RefusalReason::Loopback)
    } else if segments[0] & 0xfe00 == 0xfc00 || segments[0] & 0xffc0 == 0xfec0 {
        // Unique local, and the site-local addresses that came before them.
        Some(RefusalReason::Private)
    } else if segments[0] & 0xffc0 == 0xfe80 {
        Some(RefusalReason::LinkLocal)
    } else if segments[..3] == [0x64, 0xff9b, 1]
        || segments[0] == 0x2002
        || segments[..2] == [0x2001, 0]
    {
        Some(RefusalReason::Tunnel)
    } else if segments[0] & 0xe000 != 0x2000
        || (segments[0] == 0x2001 && segments[1] < 0x0200)
        || segments[..2] == [0x2001, 0xdb8]
        || (segments[0] == 0x3fff && segments[1] < 0x1000)
    {
        // Outside global unicast (IPv4-compatible addresses among them), protocol assignments
        // and benchmarking (2001::/23), documentation (2001:db8::/32, 3fff::/20).
        Some(RefusalReason::Reserved)
    } else {
        None
    }
}

/// The IPv4 addresses that an IPv6 address embeds in one of the known formats.
#[derive(Default)]
struct Embedded {
    addresses: [Option<Ipv4Addr>; 2],
    /// Whether every reader finds these addresses, rather than only some.
    is_certain: bool,
}

impl Embedded {
    fn of(address: IpAddr) -> Self {
        let IpAddr::V6(address) = address else {
            return Self::default();
        };
        let octets = address.octets();
        let four = |[a, b, c, d]: [usize; 4]| {
            Some(Ipv4Addr::new(octets[a], octets[b], octets[c], octets[d]))
        };
        let tail = four([12, 13, 14, 15]);
        let certain = |addresses| Self {
            addresses,
            is_certain: true,
        };
        match address.segments() {
            // The loopback and unspecified addresses look IPv4-compatible, but embed nothing.
            [0, 0, 0, 0, 0, 0, 0, _] => Self::default(),
            // IPv4-compatible, NAT64 with the well-known prefix, ISATAP interface identifiers.
            [0, 0, 0, 0, 0, 0, ..]
            | [0x64, 0xff9b, 0, 0, 0, 0, ..]
            | [_, _, _, _, 0 | 0x0200, 0x5efe, ..] => certain([tail, None]),
            // Local NAT64: a network uses the whole /48, and the address then straddles the reserved
            // octet, or it carves a /96 out of it. This cannot be known from outside.
            [0x64, 0xff9b, 1, ..] => Self {
                addresses: [tail, four([6, 7, 9, 10])],
                is_certain: false,
            },
            [0x2002, ..] => certain([four([2, 3, 4, 5]), None]),
            // Teredo: the server as it is, the client with every bit inverted.
            [0x2001, 0, ..] => {
                let client = tail.map(|turned| Ipv4Addr::from(!u32::from(turned)));
                certain([four([4, 5, 6, 7]), client])
            }
            _ => Self::default(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.into_iter().flatten().map(IpAddr::V4)
    }

    fn certain(&self) -> impl Iterator<Item = IpAddr> {
        self.iter().filter(|_| self.is_certain)
    }
}

/// Parses comma-separated `CIDR` or `CIDR:PORT`. IPv6 with a port needs brackets (`[fd00::/8]:9000`). A
/// single address is a range of one.
///
/// The error is the invalid entry.
pub fn parse_private_allow(text: &str) -> Result<Vec<AllowedRange>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(|entry| parse_allowed_range(entry).ok_or_else(|| entry.to_owned()))
        .collect()
}

fn parse_allowed_range(entry: &str) -> Option<AllowedRange> {
    if let Some(rest) = entry.strip_prefix('[') {
        let (net, after) = rest.split_once(']')?;
        let net @ IpNet::V6(_) = parse_net(net)? else {
            return None;
        };
        let port = match after {
            "" => None,
            _ => Some(parse_port(after.strip_prefix(':')?)?),
        };
        return Some(AllowedRange {
            net: unmapped(net)?,
            port,
        });
    }
    if let Some(net) = parse_net(entry) {
        return Some(AllowedRange {
            net: unmapped(net)?,
            port: None,
        });
    }
    let (net, port) = entry.rsplit_once(':')?;
    let net @ IpNet::V4(_) = parse_net(net)? else {
        return None;
    };
    Some(AllowedRange {
        net,
        port: Some(parse_port(port)?),
    })
}

fn parse_net(text: &str) -> Option<IpNet> {
    IpNet::from_str(text)
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn parse_port(text: &str) -> Option<u16> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain
        .then(|| text.parse().ok())
        .flatten()
        .filter(|port| *port != 0)
}

/// Converts a range of IPv4-mapped addresses to the IPv4 range, because addresses are checked in their
/// canonical form. A range wider than the mapped addresses is kept as it is.
fn unmapped(net: IpNet) -> Option<IpNet> {
    let IpNet::V6(range) = net else {
        return Some(net);
    };
    match (
        range.addr().to_ipv4_mapped(),
        range.prefix_len().checked_sub(96),
    ) {
        (Some(address), Some(prefix)) => Ipv4Net::new(address, prefix).ok().map(IpNet::V4),
        _ => Some(net),
    }
}

#[cfg(test)]
mod tests;
