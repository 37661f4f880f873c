//! What end-to-end tests are written with: the real gateway as a process of its own, real databases,
//! upstreams on this machine, and the people and agents who use them.
//!
//! Nothing in here stands in for a part of the gateway. A test starts a [`TestGateway`] on one of the
//! [`Storage`]s, lets a [`Human`] set it up and an [`Agent`] call it, and looks at what an
//! [`EchoUpstream`], a [`Synapse`] or a [`Jupyter`] really received.

mod agent;
mod binary;
mod by_piece;
mod client;
mod database;
mod direct_database;
mod encoding;
mod eventually;
mod gateway;
mod human;
mod json;
mod jupyter;
mod mcp;
mod model;
mod node;
mod outage;
mod port;
mod process;
mod python;
mod raw;
mod reply;
pub mod scene;
mod search;
pub mod secret_search;
mod synapse;
pub mod traffic;
mod upstream;
mod wire;

pub use agent::{Agent, Held};
pub use by_piece::{Brought, PiecewiseCall, WatchedUpstream};
pub use client::{Call, Client, Response, ResponseStream};
pub use database::Storage;
pub use direct_database::DirectDatabase;
pub use encoding::Encoding;
pub use eventually::eventually;
pub use gateway::{TestGateway, TestGatewayBuilder, finish};
pub use human::{Human, Service};
pub use jupyter::Jupyter;
pub use mcp::{McpClient, McpMode, McpTransport, ToolResult};
pub use model::{
    AskedModel, MODEL_KEY, MODEL_NAME, ScriptedModel, Step, exact_comparison, harmless_description,
    harmless_reply, merged, refusal, reply_with, says, says_text,
};
pub use node::node_command;
pub use outage::Outage;
pub use port::ReservedPort;
pub use python::{python_command, python_tools};
pub use raw::raw_exchange;
pub use reply::{Gate, Reply};
pub use synapse::{MatrixUser, Synapse};
pub use upstream::EchoUpstream;
pub use wire::Received;

/// Makes one test on SQLite and one on PostgreSQL out of each `async fn name(storage: Storage)`.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::$name($crate::Storage::Sqlite).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$name($crate::Storage::Postgres).await;
            }
        })+
    };
}
