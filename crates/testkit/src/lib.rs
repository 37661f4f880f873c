//! Helpers for tests: the real gateway as a process, real databases, upstreams on this machine, and the humans
//! and agents who use them.
//!
//! Nothing here replaces a part of the gateway. A test starts a [`TestGateway`] with one kind of [`Storage`], lets
//! a [`Human`] set it up and an [`Agent`] call it, and checks which requests an [`EchoUpstream`], a [`Synapse`], a
//! [`Jupyter`] or a [`PythonUpstream`] received. Most tests start with a [`scene::Scene`].

pub mod scene;
pub mod secret_search;
pub mod traffic;

mod agent;
mod binary;
mod client;
mod database;
mod database_outage;
mod direct_database;
mod echo_upstream;
mod encoding;
mod eventually;
mod gateway;
mod http2_upstream;
mod human;
mod json;
mod jupyter;
mod mcp_client;
mod node;
mod piecewise_call;
mod python;
mod python_upstream;
mod raw_exchange;
mod received;
mod reply;
mod reserved_port;
mod scripted_model;
mod server_process;
mod synapse;
mod watched_upstream;

pub use agent::{Agent, Held};
pub use client::{Call, Client, Response, ResponseStream};
pub use database::{Storage, TestDatabase};
pub use database_outage::DatabaseOutage;
pub use direct_database::DirectDatabase;
pub use echo_upstream::EchoUpstream;
pub use encoding::Encoding;
pub use eventually::eventually;
pub use gateway::{TestGateway, TestGatewayBuilder, finish};
pub use http2_upstream::Http2Upstream;
pub use human::{Human, Service};
pub use jupyter::Jupyter;
pub use mcp_client::{McpClient, McpMode, McpTransport, ToolResult};
pub use node::{node_command, node_tools};
pub use piecewise_call::PiecewiseCall;
pub use python::{python_command, python_tools};
pub use python_upstream::PythonUpstream;
pub use raw_exchange::raw_exchange;
pub use received::Received;
pub use reply::{Gate, Reply};
pub use reserved_port::ReservedPort;
pub use scripted_model::{
    AskedModel, MODEL_KEY, MODEL_NAME, ScriptedModel, Step, exact_comparison, harmless_description,
    harmless_reply, merged, refusal, reply_with, says, says_text,
};
pub use synapse::{MatrixUser, Synapse};
pub use watched_upstream::{ReceivedBytes, WatchedUpstream};

/// Turns each `async fn name(storage: Storage)` into a test on SQLite and a test on PostgreSQL.
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
