//! The size limit of sealed values.

/// The length limit of a plaintext, in bytes. It is far below the 64 GiB limit of AES-GCM itself, because
/// a value must fit in memory several times.
pub const PLAINTEXT_BYTES_MAX: usize = 256 << 20;
