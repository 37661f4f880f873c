//! `gaiterguard audit prove`: prints a proof that a request was recorded as it is stored.

use std::process::ExitCode;

use gaiterguard_console as console;
use gaiterguard_domain::id::{RequestEntryId, RequestId};
use gaiterguard_evidence::ProveError;
use uuid::Uuid;

use crate::error::CommandError;
use crate::json;
use crate::offline_database::{self, Missing};

/// How a request is named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestName {
    /// By its row.
    Entry(RequestEntryId),
    /// By the `X-Request-Id` of its response.
    Header(RequestId),
}

impl RequestName {
    /// Parses a number or a UUID.
    ///
    /// # Errors
    ///
    /// If the text is neither.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Entry(RequestEntryId(id)));
        }
        Uuid::try_parse(text)
            .map(|id| Self::Header(RequestId(id)))
            .map_err(|_| "must be the ID of a request in the history, or the X-Request-Id of its response")
    }
}

/// Prints the proof as JSON.
pub fn run(request: RequestName) -> ExitCode {
    offline_database::run(Missing::Fail, async |database| {
        let request = match request {
            RequestName::Entry(id) => id,
            RequestName::Header(id) => {
                let found = database.store.request_find(id).await?;
                found.ok_or(CommandError::Prove(ProveError::NotFound))?
            }
        };
        let checkpoints = database.checkpoints().await?;
        let proof = checkpoints.prove(request, None).await?;
        console::say(json::pretty(&proof));
        Ok(())
    })
}
