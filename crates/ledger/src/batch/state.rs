//! The state that the steps of a batch share.

use std::collections::{BTreeMap, HashMap};

use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::ledger::{ByteBudget, StoredResponse};
use gaiterguard_rows::covered::CoveredEnd;

use crate::batch::response_room::ResponseRoom;
use crate::command::{Command, CommandResult};

/// The index of a command in its batch.
pub(super) type Index = usize;

/// A batch that is being written.
pub(super) struct Batch<'b> {
    pub commands: &'b [Command],
    /// The replica that owns new claims and executions.
    pub owner: String,
    pub response_budget: ByteBudget,
    /// The room for the responses to completions, as the transaction found it.
    pub response_room: ResponseRoom,
    /// The current versions of the workspaces whose definitions the batch was decided on.
    pub versions: HashMap<WorkspaceId, i64>,
    /// The result of each command, as far as it is known.
    pub results: Vec<Option<CommandResult>>,
    /// How requests ended whose end has no audit entry of its own.
    pub ended: BTreeMap<WorkspaceId, Vec<CoveredEnd>>,
}

/// A response as the columns that store it.
pub(super) struct ResponseColumns<'r> {
    pub status: Option<i64>,
    pub data_key: Option<i64>,
    pub bytes: Option<&'r [u8]>,
}

impl<'r> ResponseColumns<'r> {
    /// Returns the columns of a response. Its content is left out if the budget has no room for it.
    pub(super) fn of(response: Option<&'r StoredResponse>, has_room: bool) -> Self {
        let content = response.and_then(|response| response.content.as_ref());
        let content = content.filter(|_| has_room);
        Self {
            status: response.map(|response| i64::from(response.status)),
            data_key: content.map(|sealed| sealed.data_key.0),
            bytes: content.map(|sealed| sealed.bytes.as_slice()),
        }
    }
}
