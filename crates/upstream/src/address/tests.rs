//! Tests of the address rules: tables, and properties of all addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use proptest::prelude::*;

use super::*;
use crate::RefusalReason::{
    LinkLocal, Loopback, Metadata, NotAHost, OwnListener, Private, Reserved, SharedNat, Tunnel,
};

fn policy(allow: &str) -> AddressPolicy {
    AddressPolicy {
        private_allow: parse_private_allow(allow).unwrap(),
        own_listeners: vec![],
    }
}

fn refusal(policy: &AddressPolicy, address: &str, port: u16) -> Option<RefusalReason> {
    let address: IpAddr = address.parse().unwrap();
    policy
        .check(SocketAddr::new(address, port))
        .err()
        .map(|refused| refused.reason)
}

#[test]
fn addresses_of_every_special_range_are_refused() {
    let cases = [
        ("0.0.0.0", NotAHost),
        ("0.1.2.3", NotAHost),
        ("10.0.0.1", Private),
        ("10.255.255.255", Private),
        ("100.64.0.1", SharedNat),
        ("100.127.255.255", SharedNat),
        ("127.0.0.1", Loopback),
        ("127.255.255.254", Loopback),
        ("169.254.1.1", LinkLocal),
        ("172.16.0.1", Private),
        ("172.31.255.255", Private),
        ("192.0.0.1", Reserved),
        ("192.0.2.1", Reserved),
        ("192.88.99.1", Tunnel),
        ("192.168.1.1", Private),
        ("198.18.0.1", Reserved),
        ("198.19.255.255", Reserved),
        ("198.51.100.1", Reserved),
        ("203.0.113.1", Reserved),
        ("224.0.0.1", NotAHost),
        ("239.255.255.255", NotAHost),
        ("240.0.0.1", Reserved),
        ("255.255.255.255", NotAHost),
        ("::", NotAHost),
        ("::1", Loopback),
        ("::2", Reserved),
        ("::ffff:127.0.0.1", Loopback),
        ("::ffff:10.0.0.1", Private),
        ("::127.0.0.1", Loopback),
        ("::8.8.8.8", Reserved),
        ("64:ff9b::127.0.0.1", Loopback),
        ("64:ff9b::10.0.0.1", Private),
        ("64:ff9b:1::8.8.8.8", Tunnel),
        ("64:ff9b:2::8.8.8.8", Reserved),
        ("100::1", Reserved),
        ("2001::1", NotAHost),
        ("2001:2::1", Reserved),
        ("2001:10::1", Reserved),
        ("2001:20::1", Reserved),
        ("2001:db8::1", Reserved),
        ("2002:7f00:1::", Loopback),
        ("2002:0808:0808::1", Tunnel),
        ("3fff::1", Reserved),
        ("4000::1", Reserved),
        ("5f00::1", Reserved),
        ("fc00::1", Private),
        ("fdff:ffff::1", Private),
        ("fe80::1", LinkLocal),
        ("febf::1", LinkLocal),
        ("fec0::1", Private),
        ("ff02::1", NotAHost),
        ("2606:4700::5efe:10.0.0.1", Private),
    ];
    for (address, reason) in cases {
        assert_eq!(
            refusal(&policy(""), address, 443),
            Some(reason),
            "{address}"
        );
    }
}

#[test]
fn public_addresses_pass() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700:4700::1111",
        "2a00::1",
        "2003::1",
    ] {
        assert_eq!(refusal(&policy(""), address, 443), None, "{address}");
    }
}

#[test]
fn allowed_ranges_allow_only_the_addresses_in_them() {
    let allow = "127.0.0.1/32:9000, 10.0.0.0/8,[fd00::/8]:8443,::1/128";
    let cases = [
        ("127.0.0.1", 9000, None),
        ("127.0.0.1", 9001, Some(Loopback)),
        ("127.0.0.2", 9000, Some(Loopback)),
        ("::ffff:127.0.0.1", 9000, None),
        ("10.1.2.3", 1, None),
        ("64:ff9b::10.1.2.3", 443, None),
        ("64:ff9b::192.168.0.1", 443, Some(Private)),
        ("192.168.0.1", 443, Some(Private)),
        ("fd00::1", 8443, None),
        ("fd00::1", 443, Some(Private)),
        ("::1", 443, None),
        ("8.8.8.8", 443, None),
    ];
    let policy = policy(allow);
    for (address, port, expected) in cases {
        assert_eq!(
            refusal(&policy, address, port),
            expected,
            "{address} {port}"
        );
    }
}

#[test]
fn metadata_is_never_allowed_in_any_embedding() {
    let policy = policy("0.0.0.0/0,::/0");
    for v4 in METADATA_V4 {
        let v4 = v4.addr();
        let [a, b, c, d] = v4.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        for spelling in [
            v4.to_string(),
            format!("::ffff:{v4}"),
            format!("::{v4}"),
            format!("64:ff9b::{v4}"),
            format!("64:ff9b:1::{v4}"),
            format!(
                "64:ff9b:1:{high:x}:{:x}:{:x}::",
                c,
                u16::from_be_bytes([d, 0])
            ),
            format!("2002:{high:x}:{low:x}::1"),
            format!("2001:0:{high:x}:{low:x}::1"),
            format!("2001:0:808:808:0:0:{:x}:{:x}", !high, !low),
            format!("2606:4700::5efe:{v4}"),
        ] {
            assert_eq!(
                refusal(&policy, &spelling, 80),
                Some(Metadata),
                "{spelling}"
            );
        }
    }
    for v6 in METADATA_V6 {
        for address in [v6.network(), v6.broadcast()] {
            let address = address.to_string();
            assert_eq!(refusal(&policy, &address, 80), Some(Metadata), "{address}");
        }
    }
}

#[test]
fn the_published_metadata_addresses_are_never_allowed() {
    let policy =
        policy("169.254.0.0/16,100.64.0.0/10,192.0.0.0/24,fd00::/8,fe80::/10,64:ff9b:1::/48");
    for address in [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "169.254.42.42",
        "169.254.0.23",
        "100.100.100.200",
        "100.96.0.96",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd00:42::42",
        "fd20:ce::254",
        "fd00:c1::a9fe:a9fe",
        "fd00:a9fe:a9fe::1",
        "fe80::a9fe:a9fe",
    ] {
        assert_eq!(refusal(&policy, address, 80), Some(Metadata), "{address}");
    }
    // A cloud may serve credentials at an address that it has not published.
    for address in [
        "169.254.0.1",
        "169.254.255.254",
        "::ffff:169.254.7.7",
        "64:ff9b::169.254.7.7",
        "64:ff9b:1::169.254.7.7",
        "2002:a9fe:707::1",
        "fe80::1",
    ] {
        assert_eq!(refusal(&policy, address, 80), Some(LinkLocal), "{address}");
    }
    for address in ["100.64.0.1", "192.0.0.1", "fd00:1::1", "fd12:3456::7"] {
        assert_eq!(refusal(&policy, address, 80), None, "{address}");
    }
}

#[test]
fn a_refusal_names_the_range_that_allows_the_address() {
    for address in ["10.0.0.5", "::ffff:10.0.0.5", "64:ff9b::10.0.0.5"] {
        let target = SocketAddr::new(address.parse().unwrap(), 443);
        let range = policy("").check(target).unwrap_err().range_to_allow();
        assert_eq!(range.unwrap().to_string(), "10.0.0.5/32", "{address}");
        assert_eq!(policy("10.0.0.5/32").check(target), Ok(()), "{address}");
    }
}

#[test]
fn no_range_allows_an_address_that_is_not_a_host() {
    for address in [
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "::",
        "ff02::1",
        "::ffff:0.0.0.0",
    ] {
        assert_eq!(
            refusal(&policy("0.0.0.0/0,::/0"), address, 80),
            Some(NotAHost),
            "{address}"
        );
    }
}

#[test]
fn own_listeners_are_refused_in_every_spelling() {
    let everywhere = |listeners: &[&str]| AddressPolicy {
        private_allow: parse_private_allow("0.0.0.0/0,::/0").unwrap(),
        own_listeners: listeners
            .iter()
            .map(|listener| listener.parse().unwrap())
            .collect(),
    };
    let loopback = everywhere(&["127.0.0.1:3000"]);
    for address in [
        "127.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "0.0.0.0",
        "::",
    ] {
        assert_eq!(
            refusal(&loopback, address, 3000),
            Some(OwnListener),
            "{address}"
        );
    }
    assert_eq!(refusal(&loopback, "127.0.0.1", 3001), None);
    assert_eq!(refusal(&loopback, "127.0.0.2", 3000), None);

    for listener in ["0.0.0.0:3000", "[::]:3000"] {
        let unspecified = everywhere(&[listener]);
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "0.0.0.0",
            "::ffff:127.0.0.1",
        ] {
            assert_eq!(
                refusal(&unspecified, address, 3000),
                Some(OwnListener),
                "{address}"
            );
        }
        assert_eq!(refusal(&unspecified, "127.0.0.1", 3001), None);
        assert_eq!(refusal(&unspecified, "8.8.8.8", 3000), None);
    }
}

#[test]
fn the_list_of_allowed_ranges_is_read_strictly() {
    let range = |net: &str, port| AllowedRange {
        net: net.parse().unwrap(),
        port,
    };
    assert_eq!(
        parse_private_allow(" 127.0.0.1/32:9000 ,10.0.0.0/8,,[fd00::/8]:1,[::1],fc00::/7,10.9.8.7"),
        Ok(vec![
            range("127.0.0.1/32", Some(9000)),
            range("10.0.0.0/8", None),
            range("fd00::/8", Some(1)),
            range("::1/128", None),
            range("fc00::/7", None),
            range("10.9.8.7/32", None),
        ])
    );
    assert_eq!(parse_private_allow(""), Ok(vec![]));
    assert_eq!(
        parse_private_allow("::ffff:10.0.0.0/104"),
        Ok(vec![range("10.0.0.0/8", None)])
    );
    for bad in [
        "10.0.0.0/33",
        "10.0.0.0/8:",
        "10.0.0.0/8:0",
        "10.0.0.0/8:70000",
        "10.0.0.0/8:+1",
        "localhost",
        "10.0.0/8",
        "[10.0.0.0/8]:80",
        "[::1",
        "[::1]80",
        "10.0.0.0/8 9000",
        "*",
    ] {
        let list = format!("10.0.0.0/8, {bad} ,fc00::/7");
        assert_eq!(parse_private_allow(&list).unwrap_err(), bad);
    }
}

proptest! {
    #[test]
    fn a_mapped_address_is_checked_as_the_address_it_maps(bits: u32, port in 1_u16..) {
        let address = Ipv4Addr::from(bits);
        let policy = policy("10.0.0.0/9,127.0.0.0/8:9000");
        let plain = policy.check((address, port).into()).map_err(|refused| refused.reason);
        let mapped = policy.check((address.to_ipv6_mapped(), port).into());
        prop_assert_eq!(plain, mapped.map_err(|refused| refused.reason));
    }

    #[test]
    fn an_address_that_embeds_a_refused_address_is_refused(bits: u32, low: u64) {
        let address = Ipv4Addr::from(bits);
        let policy = AddressPolicy::default();
        if policy.check((address, 443).into()).is_err() {
            let low = u128::from(low);
            let bits = u128::from(bits);
            for embedding in [
                bits,
                0x0064_ff9b_u128 << 96 | bits,
                0x0064_ff9b_0001_u128 << 80 | bits,
                0x2002_u128 << 112 | bits << 80 | low,
                0x2001_0000_u128 << 96 | bits << 64 | low,
            ] {
                let embedding = Ipv6Addr::from(embedding);
                prop_assert!(policy.check((embedding, 443).into()).is_err(), "{}", embedding);
            }
        }
    }

    #[test]
    fn without_ranges_only_global_unicast_and_nat64_pass(bits: u128) {
        let address = Ipv6Addr::from(bits);
        if AddressPolicy::default().check((address, 443).into()).is_ok() {
            let first = address.segments()[0];
            prop_assert!(first & 0xe000 == 0x2000 || first == 0x64 || address.to_ipv4_mapped().is_some());
        }
    }

    #[test]
    fn ranges_survive_being_written_and_read(bits: u32, prefix in 0_u8..=32, port in 1_u16..) {
        let net = Ipv4Net::new(Ipv4Addr::from(bits), prefix).unwrap();
        let read = parse_private_allow(&format!("{net}:{port}")).unwrap();
        prop_assert_eq!(read, vec![AllowedRange { net: net.into(), port: Some(port) }]);
    }
}
