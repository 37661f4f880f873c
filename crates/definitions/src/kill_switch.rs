//! The kill switch of a workspace.

use gaiterguard_domain::field::FieldReader;
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::workspace::KillSwitch;
use serde_json::{Map, Value, json};

use crate::desk::{DefinitionError, Desk, Editor};

/// The longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 2000;

/// Whether anything may leave a workspace.
pub async fn get(desk: &Desk, workspace: WorkspaceId) -> Result<KillSwitch, DefinitionError> {
    desk.store()
        .kill_switch_get(workspace)
        .await?
        .ok_or(DefinitionError::NotFound("workspace"))
}

/// Throws or releases it: `{active, reason?}`. Thrown, it takes back everything that waits.
pub async fn set(
    desk: &Desk,
    editor: Editor,
    fields: &Map<String, Value>,
) -> Result<KillSwitch, DefinitionError> {
    let mut reader = FieldReader::new(fields);
    if reader.value("active").is_none() {
        reader.refuse("active", "is required");
    }
    let active = reader.boolean("active");
    let reason = reader.text("reason", REASON_CHARS_MAX);
    reader.finish()?;
    let at = desk.now();
    let switch = match active {
        Some(true) => KillSwitch::Active {
            by: editor.user,
            at,
            reason: reason.clone(),
        },
        Some(false) => KillSwitch::Off,
        None => return Err(DefinitionError::Invalid(Vec::new())),
    };
    let entry = editor.entry(
        at,
        "kill_switch.changed",
        format!("workspace:{}", editor.workspace),
        json!({ "active": switch.is_active(), "reason": reason }),
    );
    desk.store()
        .kill_switch_set(editor.workspace, &switch, at, entry)
        .await?;
    Ok(switch)
}
