//! A network of its own, without privileges: a user namespace gives this process the right to create it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::sched::{CloneFlags, unshare};
use rustix::mount::mount_bind;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, sendto, socket};
use rustix::process::{getegid, geteuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities,
};

/// Settings of the kernel that prevent namespaces: a file, the value that prevents them, and the reason to show.
const SETTINGS: [(&str, &str, &str); 3] = [
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "kernel.unprivileged_userns_clone is 0",
    ),
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "user.max_user_namespaces is 0",
    ),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor allows them to selected programs only (kernel.apparmor_restrict_unprivileged_userns is 1)",
    ),
];

/// Messages of netlink (linux/rtnetlink.h, linux/netlink.h), and the flags of one.
const RTM_NEWLINK: u16 = 16;
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST_ACK: u16 = 0x5;
/// The interface is up (linux/if.h).
const IFF_UP: u32 = 1;
/// The index of the loopback interface, which is the first one of every network.
const LOOPBACK_INDEX: i32 = 1;

/// Moves this process, which must have one thread, to a network that contains nothing but a loopback interface. The
/// sockets at `hidden` can no longer be reached by their paths.
///
/// # Errors
///
/// If the kernel, its settings or a container do not allow it, with the reason.
pub(super) fn enter(hidden: &[PathBuf]) -> Result<(), String> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
    unshare(flags).map_err(|error| refused("unshare", &error.into()))?;
    // The program has the same user as before, which is the only one in its namespace.
    for (file, text) in [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/gid_map", format!("{group} {group} 1")),
        ("/proc/self/uid_map", format!("{user} {user} 1")),
    ] {
        fs::write(file, text).map_err(|error| refused(file, &error))?;
    }
    enable_loopback().map_err(|error| refused("the loopback interface", &error))?;
    for path in hidden {
        hide(path).map_err(|error| refused(&path.display().to_string(), &error))?;
    }
    Ok(())
}

/// Gives up the rights in the namespace, and with them the way back to the hidden sockets, also for programs that
/// root starts.
pub(super) fn give_up_rights() -> Result<(), String> {
    let nothing = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    let given_up = remove_capability_from_bounding_set(CapabilitySet::SYS_ADMIN)
        .and_then(|()| set_capabilities(None, nothing));
    given_up.map_err(|error| refused("capabilities", &error.into()))
}

/// Returns why a program cannot be confined.
fn refused(step: &str, error: &io::Error) -> String {
    let has_value = |file: &str, value: &str| {
        let text = fs::read_to_string(file);
        text.is_ok_and(|text| text.trim() == value)
    };
    let setting = SETTINGS
        .iter()
        .find(|(file, value, _)| has_value(file, value));
    let reason = match setting {
        Some((_, _, reason)) => (*reason).to_owned(),
        None if Path::new("/.dockerenv").exists() => {
            "the seccomp profile of this container may not allow them".to_owned()
        }
        None => "the kernel or a security module does not allow them".to_owned(),
    };
    format!(
        "--confine needs user and network namespaces, and this machine refuses them: {reason} ({step}: {error})"
    )
}

/// Mounts an empty file over a socket. One that has ended, or in a folder that this user cannot open, is out of reach
/// anyway.
fn hide(path: &Path) -> io::Result<()> {
    let hidden = mount_bind("/dev/null", path);
    match hidden {
        Err(_) if fs::symlink_metadata(path).is_err() => Ok(()),
        hidden => hidden.map_err(io::Error::from),
    }
}

/// Enables the loopback interface, which is down in a new network.
fn enable_loopback() -> io::Result<()> {
    // Without a protocol, netlink is about routes and interfaces.
    let socket = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    // The head of a message, and `ifinfomsg`: family, type, index, flags, and which flags change.
    let mut message = Vec::with_capacity(32);
    message.extend_from_slice(&32_u32.to_ne_bytes());
    message.extend_from_slice(&RTM_NEWLINK.to_ne_bytes());
    message.extend_from_slice(&NLM_F_REQUEST_ACK.to_ne_bytes());
    message.extend_from_slice(&[0; 12]);
    message.extend_from_slice(&LOOPBACK_INDEX.to_ne_bytes());
    message.extend_from_slice(&IFF_UP.to_ne_bytes());
    message.extend_from_slice(&IFF_UP.to_ne_bytes());
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&socket, &message, SendFlags::empty(), &kernel)?;
    let mut response = [0; 1024];
    let (length, _) = recv(&socket, &mut response, RecvFlags::empty())?;
    acknowledged(&response[..length])
}

/// Reads the response of the kernel: the error is negative, and zero if there is none.
fn acknowledged(response: &[u8]) -> io::Result<()> {
    let kind = response.get(4..6).and_then(|it| it.try_into().ok());
    let error = response.get(16..20).and_then(|it| it.try_into().ok());
    match (kind.map(u16::from_ne_bytes), error.map(i32::from_ne_bytes)) {
        (Some(NLMSG_ERROR), Some(0)) => Ok(()),
        (Some(NLMSG_ERROR), Some(error)) => Err(io::Error::from_raw_os_error(-error)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_acknowledges_with_an_error_of_zero() {
        let response = |error: i32| {
            let mut bytes = vec![0; 36];
            bytes[4..6].copy_from_slice(&NLMSG_ERROR.to_ne_bytes());
            bytes[16..20].copy_from_slice(&error.to_ne_bytes());
            bytes
        };
        assert!(acknowledged(&response(0)).is_ok());
        let refused = acknowledged(&response(-1)).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(1));
        assert!(acknowledged(&[]).is_err());
    }
}
