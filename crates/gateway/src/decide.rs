//! Decides prepared requests, with the history of their agent.

use std::sync::Arc;

use gaiterguard_assessment::{Assessed, Assessor};
use gaiterguard_domain::request::Intent;
use gaiterguard_domain::verdict::Evaluation;
use gaiterguard_history::History;
use gaiterguard_intake::BigBodies;
use gaiterguard_provenance::{AgentHistory, Provenance};

use crate::prepare::Prepared;
use crate::refusal::Refusal;

/// How many times a request is decided at most, if the definitions change each time before the
/// decision is recorded. The limit ends the loop in a workspace that changes without pause.
pub(crate) const REDECIDE_MAX: usize = 8;

/// Decides prepared requests.
pub(crate) struct Decider {
    assessor: Arc<Assessor>,
    provenance: Arc<Provenance>,
    big_bodies: BigBodies,
}

impl Decider {
    pub(crate) fn new(
        assessor: Assessor,
        provenance: Arc<Provenance>,
        big_bodies: BigBodies,
    ) -> Self {
        Self {
            assessor: Arc::new(assessor),
            provenance,
            big_bodies,
        }
    }

    /// Applies the rules and the built-in assessor. A big body waits for its turn.
    pub(crate) async fn assess(
        &self,
        prepared: &Prepared,
        intent: &Intent,
    ) -> Result<Assessed, Refusal> {
        let history = prepared.history(&self.provenance).await;
        let (assessor, intent) = (Arc::clone(&self.assessor), intent.clone());
        prepared
            .examine(&self.big_bodies, move |prepared| {
                assess(&assessor, prepared, &intent, history.as_ref())
            })
            .await
    }

    /// Whether a language model must be asked, and there is one.
    pub(crate) fn needs_model(&self, assessed: &Assessed) -> bool {
        self.assessor.needs_model(assessed)
    }

    /// Returns the decision on a request for which no language model is asked.
    pub(crate) fn evaluate_without_model(
        &self,
        assessed: Assessed,
        prepared: &Prepared,
    ) -> Evaluation {
        let method = &prepared.request.method;
        self.assessor.evaluate_without_model(assessed, method)
    }

    /// Returns the decision on a request after a language model assessed it.
    ///
    /// # Errors
    ///
    /// If the body has not arrived: a model must see all of it.
    pub(crate) async fn evaluate_with_model(
        &self,
        assessed: Assessed,
        prepared: &Prepared,
        intent: &Intent,
    ) -> Result<Evaluation, Refusal> {
        let digest = prepared.known_digest()?;
        let considered = prepared.considered(intent);
        let evaluation = self
            .assessor
            .evaluate_with_model(assessed, considered, digest);
        Ok(evaluation.await)
    }

    /// Returns the decision on a request. A language model is asked if it must be.
    pub(crate) async fn evaluate(
        &self,
        prepared: &Prepared,
        intent: &Intent,
    ) -> Result<Evaluation, Refusal> {
        let assessed = self.assess(prepared, intent).await?;
        if self.needs_model(&assessed) {
            self.evaluate_with_model(assessed, prepared, intent).await
        } else {
            Ok(self.evaluate_without_model(assessed, prepared))
        }
    }

    /// Returns the decision on a request whose body has not arrived, if rules decide it whatever the body
    /// contains.
    pub(crate) fn evaluate_head(&self, prepared: &Prepared, intent: &Intent) -> Option<Evaluation> {
        let considered = prepared.considered(intent);
        self.assessor
            .evaluate_head(considered, || prepared.history_here(&self.provenance))
    }
}

fn assess(
    assessor: &Assessor,
    prepared: &Prepared,
    intent: &Intent,
    history: Option<&AgentHistory>,
) -> Assessed {
    let history = history.map(|history| history as &dyn History);
    assessor.assess(prepared.considered(intent), history)
}
