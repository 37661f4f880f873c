//! The reasons why a target is rejected.

use thiserror::Error;

/// The length limit of a target, in bytes. Common servers accept 8 KiB, some 16; a longer target would fail at the
/// upstream.
pub const TARGET_BYTES_MAX: usize = 16 * 1024;

/// The reason why a target is rejected. The message names the problem and never repeats the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TargetRefused {
    /// Longer than [`TARGET_BYTES_MAX`].
    #[error("the target is longer than {TARGET_BYTES_MAX} bytes")]
    TooLong,
    /// It does not start with `http://` or `https://`.
    #[error("the target must begin with http:// or https://")]
    Scheme,
    /// The path does not begin with a slash.
    #[error("the path must begin with a slash")]
    Relative,
    /// It contains a user name or password.
    #[error("the target must not contain a user name or password")]
    UserInfo,
    /// The host is missing, not ASCII, or neither a name nor a canonical address.
    #[error(
        "the host must be an ASCII name, a dotted IPv4 address, or an IPv6 address in brackets"
    )]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// It contains a `#`.
    #[error("the target must not contain a fragment")]
    Fragment,
    /// It contains a query where none is allowed.
    #[error("a base URL must not contain a query")]
    Query,
    /// It contains a character outside printable ASCII.
    #[error("the target must be printable ASCII without spaces; encode anything else as %XX")]
    Character,
    /// It contains an ASCII character that must be percent-encoded where it is.
    #[error("the target contains {0:?}, which must be percent-encoded: write %{code:02X}", code = u32::from(*.0))]
    Unencoded(char),
    /// It contains a `\`, or its path contains a `%5c`.
    #[error("the target must not contain a backslash; in a query, write %5C")]
    Backslash,
    /// It contains a `%` that is not followed by two hexadecimal digits.
    #[error("the target contains a % that is not followed by two hexadecimal digits")]
    Escape,
    /// The path contains an encoded control character.
    #[error("the path must not contain an encoded control character")]
    Control,
    /// The path contains a character in more bytes of UTF-8 than necessary, such as `%c0%ae` for a dot.
    #[error("the path must not contain overlong UTF-8")]
    Overlong,
    /// The path contains a segment of dots, or of dots and spaces, in any spelling and encoding depth.
    #[error("the path must not contain dot segments, raw or encoded")]
    DotSegment,
    /// The path contains consecutive slashes, in any spelling and encoding depth.
    #[error("the path must not contain empty segments")]
    EmptySegment,
}
