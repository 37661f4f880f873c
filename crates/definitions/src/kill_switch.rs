//! The kill switch of a workspace.

use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::text::Text;
use gaiterguard_domain::workspace::KillSwitch;
use gaiterguard_domain::{all, body};
use serde_json::json;

use crate::definition_store::{DefinitionError, DefinitionStore, Editor};

body! {
    /// New state of the kill switch.
    pub struct KillSwitchChange {
        /// Whether all requests from agents in the workspace are refused.
        active "active": bool as bool,
        /// Reason for the change.
        reason "reason": Option<Text> as Option<Text>,
    }
}

/// Returns the state of a workspace's kill switch.
pub async fn get(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
) -> Result<KillSwitch, DefinitionError> {
    definitions
        .store()
        .kill_switch_get(workspace)
        .await?
        .ok_or(DefinitionError::NotFound("workspace"))
}

/// Activates or releases the kill switch. Activation revokes every pending action.
pub async fn set(
    definitions: &DefinitionStore,
    editor: Editor,
    change: KillSwitchChange,
) -> Result<KillSwitch, DefinitionError> {
    let KillSwitchChange { active, reason } = change;
    let (active, reason) = all!(active, reason)?;
    let reason = reason.and_then(Text::into_filled);
    let at = definitions.now();
    let switch = if active {
        KillSwitch::Active {
            by: editor.user,
            at,
            reason: reason.clone(),
        }
    } else {
        KillSwitch::Off
    };
    let entry = editor.entry(
        at,
        Event::KillSwitchChanged,
        Subject::Workspace(editor.workspace),
        json!({ "active": switch.is_active(), "reason": reason }),
    );
    definitions
        .store()
        .kill_switch_set(editor.workspace, &switch, at, entry)
        .await?;
    Ok(switch)
}
