//! Notifications of people and programs outside of the gateway: what happens in a workspace.
//!
//! A channel is a place to send messages to, with a filter. One task reads the audit log, in which every change
//! commits an entry in its own transaction, and adds a delivery for each channel whose filter matches. Another
//! sends the deliveries, each until the receiver accepts it or two days have passed. Nothing is added to the path
//! of a request, and no receiver can delay one.
//!
//! This crate must never decide anything about a request, show a secret of a channel, or follow a redirect.

mod bot;
mod buttons;
mod card;
mod context;
mod deliver;
mod event;
mod fan_out;
mod invitation_mail;
mod message;
mod notifications;
mod push;
mod retry;
mod secrets;
mod send;
mod text;

pub mod channel;
pub mod definition;
pub mod filter;
pub mod kind;
pub mod nested;
pub mod quiet_hours;
pub mod requests;
pub mod settings;

pub use bot::Bot;
pub use channel::{Channel, ChannelGrouping, UnreadableChannel};
pub use context::Mail;
pub use definition::{ChannelChange, NewChannel};
pub use event::NotificationEvent;
pub use filter::Filter;
pub use invitation_mail::InvitationMail;
pub use kind::ChannelKind;
pub use notifications::{Notifications, NotificationsDeps, Tested};
pub use push::device::{NewPushDevice, PushDevice};
pub use push::key::PushKeyError;
pub use quiet_hours::QuietHours;
pub use requests::{HeldRequests, Reading, Unavailable, WholeRequest};
pub use settings::ChannelSettings;
