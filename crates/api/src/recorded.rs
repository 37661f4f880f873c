//! The effects of recorded requests, for responses that show them.

use std::sync::Arc;

use gaiterguard_assessment::effect_of_recorded;
use gaiterguard_authority::Definitions;
use gaiterguard_definitions::definition_store::DefinitionStore;
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::ledger::RequestEntry;
use gaiterguard_simulation::recorded_summary;
use gaiterguard_summary::Summary;
use gaiterguard_web::problem::Problem;

/// The recorded requests of a workspace, with the current definitions.
pub(super) struct Recorded<'g> {
    /// Access to the vault.
    pub(super) definition_store: &'g DefinitionStore,
    /// The current definitions of the workspace.
    pub(super) definitions: Option<&'g Definitions>,
}

/// The effects of a recorded request.
pub(super) struct Effects {
    /// Its most severe effect.
    pub(super) effect: Effect,
    /// Its summary, if it was held.
    pub(super) summary: Option<Summary>,
}

impl Recorded<'_> {
    /// Returns the effects of a recorded request.
    pub(super) async fn effects_of(&self, entry: &RequestEntry) -> Result<Effects, Problem> {
        let summary = recorded_summary(self.definition_store, entry).await?;
        let summarized = summary.as_ref().map(|summary| summary.effect);
        let effect = summarized.unwrap_or_else(|| {
            let service = entry.new.service;
            let definitions = self.definitions;
            let catalog = definitions.and_then(|known| known.catalog(service));
            let service = definitions.and_then(|known| known.service(service));
            let service = service.map(|service| &***service);
            effect_of_recorded(&entry.new, service, catalog.map(Arc::as_ref))
        });
        Ok(Effects { effect, summary })
    }
}
