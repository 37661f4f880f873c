//! A browser that gets push notifications, as its member registers and sees it.

use gaiterguard_domain::body;
use gaiterguard_domain::id::ChannelId;
use gaiterguard_domain::text::Name;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::StoredChannel;

use crate::push::subscription::{Endpoint, NewPushKeys, PushKeys};

body! {
    /// A browser to register: its subscription at a push service, made for the gateway's key.
    pub struct NewPushDevice {
        /// Name by which the member recognizes it.
        name "name": Name as Name,
        /// URL at which the push service accepts messages for the browser. It is subject to the address rules of
        /// upstreams, and is never returned.
        #[schema(max_length = 2048, pattern = "^https://")]
        endpoint "endpoint": Endpoint as String,
        /// Keys of the browser.
        keys "keys": PushKeys as NewPushKeys,
    }
}

/// A browser that gets push notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushDevice {
    /// The id of its channel.
    pub id: ChannelId,
    /// The name that the member recognizes it by.
    pub name: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When its push service last accepted a message.
    pub last_delivered_at: Option<Timestamp>,
    /// The error of the latest attempt, if that failed.
    pub last_error: Option<String>,
    /// When that attempt failed.
    pub last_error_at: Option<Timestamp>,
}

impl From<StoredChannel> for PushDevice {
    fn from(stored: StoredChannel) -> Self {
        Self {
            id: stored.id,
            name: stored.name,
            created_at: stored.created_at,
            last_delivered_at: stored.last_delivered_at,
            last_error: stored.last_error,
            last_error_at: stored.last_error_at,
        }
    }
}
