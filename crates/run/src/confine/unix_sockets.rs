//! The sockets of other programs in the file system, which a network of its own does not hide.
//!
//! Some of them lead out: those of name services and containers, and the bus on which a desktop starts programs.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

/// Where programs of a machine create their sockets (Filesystem Hierarchy Standard 3.0).
const RUN: &str = "/run";

/// How many folders below [`RUN`] are read: `/run/user/1000/program/name` has three.
const DEPTH_MAX: usize = 4;

/// The columns of `/proc/net/unix` before the path, and of `/proc/self/mountinfo` before the mount point.
const COLUMNS_OF_SOCKETS: usize = 7;
const COLUMNS_OF_MOUNTS: usize = 4;

/// Returns the sockets that other programs have in the file system, except `own`: those that are in use in this
/// network, those that are mounted into this container, and those in `/run`.
pub(super) fn of_other_programs(own: &Path) -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    for (file, columns) in [
        ("/proc/self/net/unix", COLUMNS_OF_SOCKETS),
        ("/proc/self/mountinfo", COLUMNS_OF_MOUNTS),
    ] {
        let text = fs::read(file).unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n');
        found.extend(lines.filter_map(|line| path(line, columns)));
    }
    collect(Path::new(RUN), DEPTH_MAX, &mut found);
    found
        .into_iter()
        .filter(|path| path != own && is_socket(path))
        .collect()
}

/// Returns the absolute path after so many columns. Only that of a socket can contain a space: a mount point has
/// it escaped, and no program mounts a socket at such a path.
fn path(line: &[u8], columns: usize) -> Option<PathBuf> {
    let mut rest = line;
    for _ in 0..columns {
        let start = rest.iter().position(|byte| *byte != b' ')?;
        let end = rest[start..].iter().position(|byte| *byte == b' ')?;
        rest = &rest[start + end..];
    }
    let rest = rest.trim_ascii_start();
    let end = match columns {
        COLUMNS_OF_SOCKETS => None,
        _ => rest.iter().position(|byte| *byte == b' '),
    };
    let path = &rest[..end.unwrap_or(rest.len())];
    path.starts_with(b"/")
        .then(|| PathBuf::from(std::ffi::OsStr::from_bytes(path)))
}

/// Collects the sockets of a folder. The program cannot open a folder either that cannot be read here.
fn collect(folder: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_socket() => {
                found.insert(entry.path());
            }
            Ok(kind) if kind.is_dir() && depth > 0 => collect(&entry.path(), depth - 1, found),
            _ => {}
        }
    }
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_path_follows_the_columns() {
        let named = b"0000000000000000: 00000002 00000000 00010000 0001 01  1234 /run/a b.sock";
        let expected = Some(PathBuf::from("/run/a b.sock"));
        assert_eq!(path(named, COLUMNS_OF_SOCKETS), expected);
        for unnamed in [
            &b"0000000000000000: 00000002 00000000 00010000 0001 01  1234 @/abstract"[..],
            b"0000000000000000: 00000002 00000000 00010000 0001 01  1234 relative",
            b"0000000000000000: 00000003 00000000 00000000 0001 03  1234",
            b"Num       RefCount Protocol Flags    Type St Inode Path",
            b"",
        ] {
            assert_eq!(path(unnamed, COLUMNS_OF_SOCKETS), None, "{unnamed:?}");
        }
        let mount = b"36 35 98:0 /mnt1 /mnt/two rw,noatime master:1 - ext3 /dev/root rw";
        let expected = Some(PathBuf::from("/mnt/two"));
        assert_eq!(path(mount, COLUMNS_OF_MOUNTS), expected);
    }

    #[test]
    fn sockets_of_other_programs_are_found_and_the_own_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["own", "other"].map(|name| folder.path().join(name));
        let _kept = paths.clone().map(|path| UnixListener::bind(path).unwrap());
        let found = of_other_programs(&paths[0]);
        assert!(found.contains(&paths[1]), "{found:?}");
        assert!(!found.contains(&paths[0]), "{found:?}");
    }
}
