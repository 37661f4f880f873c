//! Held requests for the cards of channels, as the engine shows them.

use std::sync::Arc;

use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::header;
use gaiterguard_domain::id::{ActionId, UserId, WorkspaceId};
use gaiterguard_domain::workspace::{Membership, Role};
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::action::{Approver, Extent, RulingRefused, ShownRequest};
use gaiterguard_notify::{HeldRequests, Reading, Unavailable, WholeRequest};
use http::header::CONTENT_ENCODING;

/// Reads held requests from the engine.
pub struct HeldRequestReader(pub Arc<Gateway>);

impl HeldRequests for HeldRequestReader {
    fn whole(&self, workspace: WorkspaceId, action: ActionId) -> Reading<'_> {
        Box::pin(self.read(workspace, action))
    }
}

impl HeldRequestReader {
    async fn read(
        &self,
        workspace: WorkspaceId,
        action: ActionId,
    ) -> Result<Option<WholeRequest>, Unavailable> {
        // Nobody: the card is for several people, whose rights are checked when they press a button.
        let reader = Approver {
            user: UserId(0),
            workspace,
            membership: Membership::of(Role::Viewer),
            press: None,
        };
        let approvals = self.0.approvals();
        let view = match approvals.get(&reader, action, Extent::Whole).await {
            Ok(view) => view,
            Err(RulingRefused::NotFound) => return Ok(None),
            Err(error) => {
                tracing::warn!(%error, action_id = %action, "a held request cannot be read for a card");
                return Err(Unavailable);
            }
        };
        let state = &view.action.state;
        let (ActionStatus::Pending, Some(expires_at)) = (state.status(), state.expires_at()) else {
            return Ok(None);
        };
        let request = view.request.as_ref();
        let headers = request
            .map(|request| &request.headers)
            .into_iter()
            .flatten();
        Ok(Some(WholeRequest {
            revision: view.action.revision,
            digest: view.action.digest,
            expires_at,
            needs_passkey: view
                .action
                .evaluation
                .approvals
                .as_ref()
                .is_some_and(|requirement| requirement.step_up.is_some()),
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), header::shown(name, value)))
                .collect(),
            body: request.and_then(text),
            method: view.action.method,
            target_url: view.action.target_url,
        }))
    }
}

/// Returns a body that is shown as it is sent.
fn text(request: &ShownRequest) -> Option<String> {
    let is_encoded = request.headers.contains_key(CONTENT_ENCODING);
    let is_whole = !request.headers_are_cut && request.body.len() as u64 == request.body_bytes;
    let text = String::from_utf8(request.body.to_vec()).ok()?;
    (is_whole && !is_encoded).then_some(text)
}
