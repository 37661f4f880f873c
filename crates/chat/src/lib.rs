//! The chats that channels send to, from the side of people: they decide with the buttons of cards, and link their
//! accounts.
//!
//! A button has a token that works once, for one decision on one request as the card shows it. The chat identifies who
//! pressed it; that account must be linked to a member of the workspace, and the decision is made by the engine, by
//! the same function as in the dashboard. Slack sends what people do, or the gateway fetches it over a WebSocket;
//! from Telegram, one replica fetches it.
//!
//! This crate must never decide by itself: it holds no rule about who may approve what.

mod accounts;
mod chats;
mod listen;
mod press;
mod reader;
mod slack;
mod telegram;

pub use accounts::{LinkCode, LinkedAccount};
pub use chats::{Chats, ChatsDeps};
pub use reader::HeldRequestReader;
pub use slack::request::{SlackRefused, SlackRequest};
