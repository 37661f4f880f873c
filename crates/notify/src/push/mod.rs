//! Push notifications in the browsers of members (Web Push, RFC 8030). A browser is a channel of its own, which
//! belongs to the member who registered it.

pub(crate) mod device;
pub(crate) mod key;
pub(crate) mod recipient;
pub(crate) mod registration;
pub(crate) mod subscription;
