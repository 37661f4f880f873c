//! `gaiterguard audit check-proof`: checks a proof, without a database and without settings.

use std::path::Path;
use std::process::ExitCode;

use gaiterguard_console as console;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_evidence::{EndOfRequest, ProofDocument, Proven, PublicKey, check};
use gaiterguard_store::RequestOutcome;

use crate::document_file;
use crate::error::CommandError;

/// Checks the proof in a file, and prints what it shows.
pub fn run(path: &Path, key: Option<PublicKey>) -> ExitCode {
    match check_file(path, key) {
        Ok(proven) => {
            console::say(description(&proven));
            if key.is_none() {
                console::note(format_args!(
                    "compare the key with the one that `gaiterguard audit key` prints on the gateway's machine, or \
                     pass that one as --key: anyone can sign a proof with a key of their own"
                ));
            }
            ExitCode::SUCCESS
        }
        Err(error) => console::fail(&error, error.exit_code()),
    }
}

fn check_file(path: &Path, key: Option<PublicKey>) -> Result<Proven, CommandError> {
    let proof = document_file::read(path, ProofDocument::parse)?;
    Ok(check(&proof, key)?)
}

/// Describes what a proof shows, one fact a line. Texts of agents are shown as JSON strings, so that none of them can
/// look like a line of this description.
fn description(proven: &Proven) -> String {
    let request = &proven.request;
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut lines = vec![
        "the proof holds".to_owned(),
        format!(
            "request: {} (X-Request-Id {})",
            request.id, request.request_id
        ),
        format!(
            "sent: {} {}",
            quoted(&request.method),
            quoted(&request.target_url)
        ),
        format!("intent: {}", quoted(&request.intent)),
        format!(
            "decision: {} at {}, workspace {}, agent {}, service {}",
            request.decision,
            Timestamp(request.created_at),
            request.workspace_id,
            request.agent_id,
            request.service_id
        ),
    ];
    for change in &proven.changes {
        lines.push(format!(
            "{}: by {} at {}",
            change.event, change.actor, change.at
        ));
    }
    lines.push(end(proven));
    lines.push(format!(
        "checkpoint: signed at {} with the key {}",
        proven.signed_at, proven.key
    ));
    lines.join("\n")
}

fn end(proven: &Proven) -> String {
    let request = &proven.request;
    match proven.end {
        EndOfRequest::Open => "end: the request had not ended when the proof was made".to_owned(),
        EndOfRequest::NotProven => {
            "end: not part of the proof, so the columns that describe it prove nothing".to_owned()
        }
        EndOfRequest::Proven => {
            let at = request
                .completed_at
                .map_or_else(String::new, |at| format!(" at {}", Timestamp(at)));
            let outcome = request.outcome.as_deref().map(RequestOutcome::parse);
            let outcome = match outcome {
                None => "nothing was to be sent",
                Some(Some(RequestOutcome::Responded)) => "the upstream responded",
                Some(Some(RequestOutcome::NotSent)) => "nothing was sent",
                Some(Some(RequestOutcome::Broken)) => "the request may have been sent",
                Some(None) => "unknown to this version",
            };
            let status = request
                .upstream_status
                .map_or_else(String::new, |status| format!(", status {status}"));
            format!("end: {outcome}{status}{at}")
        }
    }
}
