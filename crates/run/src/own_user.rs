//! Whether a connection on the loopback interface comes from the user of this process.

use std::fs;
use std::net::{IpAddr, SocketAddr};

use rustix::process::geteuid;

/// The kernel's tables of TCP sockets. A client may use an IPv6 socket for an IPv4 address, as Java does.
const TABLES: [&str; 2] = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

/// Whether the kernel can name the user of a connection.
pub(crate) fn is_known() -> bool {
    fs::read_to_string(TABLES[0]).is_ok()
}

/// Whether the client of a connection belongs to the user of this process. `client` and `server` are the two ends.
pub(crate) fn has_opened(client: SocketAddr, server: SocketAddr) -> bool {
    let user = geteuid().as_raw();
    TABLES.iter().any(|table| {
        let table = fs::read_to_string(table).unwrap_or_default();
        owner(&table, client, server) == Some(user)
    })
}

/// Returns the user of the socket with these ends, as a table has it (`proc_net_tcp` in the documentation of Linux).
fn owner(table: &str, local: SocketAddr, remote: SocketAddr) -> Option<u32> {
    let is_same = |field: Option<&str>, address: SocketAddr| {
        field.is_some_and(|field| forms(address).iter().any(|form| form == field))
    };
    table.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let is_found = is_same(fields.next(), local) && is_same(fields.next(), remote);
        is_found.then(|| fields.nth(4)?.parse().ok())?
    })
}

/// Returns an address as the tables write it: words of four bytes in the byte order of the machine, IPv4 also as an
/// IPv6 address.
fn forms(address: SocketAddr) -> Vec<String> {
    let port = address.port();
    let bytes = match address.ip() {
        IpAddr::V4(ip) => vec![ip.octets().to_vec(), ip.to_ipv6_mapped().octets().to_vec()],
        IpAddr::V6(ip) => vec![ip.octets().to_vec()],
    };
    let word = |word: &[u8]| {
        let word = word.try_into().expect("a word has four bytes");
        format!("{:08X}", u32::from_ne_bytes(word))
    };
    bytes
        .iter()
        .map(|bytes| {
            let words: String = bytes.chunks(4).map(word).collect();
            format!("{words}:{port:04X}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_owner_is_in_the_line_with_both_ends() {
        let client = "127.0.0.1:45678".parse().unwrap();
        let server = "127.0.0.1:3128".parse().unwrap();
        let four = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                       0: 0100007F:0C38 0100007F:B26E 01 00000000:00000000 00:00000000 00000000     0        0 1 1\n\
                       1: 0100007F:B26E 0100007F:0C38 01 00000000:00000000 00:00000000 00000000  1000        0 2 1\n";
        assert_eq!(owner(four, client, server), Some(1000));
        assert_eq!(owner(four, server, client), Some(0));
        assert_eq!(owner(four, server, server), None);
        let six = "   0: 0000000000000000FFFF00000100007F:B26E 0000000000000000FFFF00000100007F:0C38 01 \
                   00000000:00000000 00:00000000 00000000  1001        0 2 1\n";
        assert_eq!(owner(six, client, server), Some(1001));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_connection_of_this_process_is_one_of_its_user() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let client = std::net::TcpStream::connect(server).unwrap();
        let client = client.local_addr().unwrap();
        assert!(is_known());
        assert!(has_opened(client, server));
        let other = SocketAddr::new(client.ip(), client.port() ^ 1);
        assert!(!has_opened(other, server));
    }
}
