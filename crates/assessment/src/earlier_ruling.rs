//! Earlier rulings of humans on similar requests: from the same agent, to the same operation.
//!
//! Only a human can make a ruling, so an agent cannot add one. The result contains nothing that an
//! agent wrote in those requests; it says only how each compares with the current request.

use std::time::Duration;

use gaiterguard_apidocs::{Call, Catalog};
use gaiterguard_domain::action::Ruling;
use gaiterguard_domain::earlier_ruling::{EarlierRuling, Likeness};
use gaiterguard_domain::id::{AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::redact;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::target::Target;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_judge::path_template;
use gaiterguard_store::{RuledAction, RulingFilter, Store, StoreError};

/// How long a ruling counts. After a month, the people or their reasons have often changed.
const RULING_AGE_MAX: Duration = Duration::from_hours(30 * 24);

/// How many rulings on requests of one agent, service and method are read to find those on the same
/// operation. Humans rarely make more in a month, and reading them takes about a millisecond.
const RULINGS_READ_MAX: u32 = 200;

/// The most rulings that are returned. Each is a paragraph of the prompt, and the newest matter
/// most.
const RULINGS_MAX: usize = 5;

/// The request that earlier ones are compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentRequest<'a> {
    pub(crate) workspace: WorkspaceId,
    pub(crate) agent: AgentId,
    pub(crate) service: ServiceId,
    pub(crate) method: &'a str,
    pub(crate) target: &'a Target,
    pub(crate) digest: Digest,
    /// The path of the service's base URL.
    pub(crate) base_path: &'a str,
    /// The operations that the service's documents describe.
    pub(crate) catalog: Option<&'a Catalog>,
}

/// The operation of a request, by its path. All requests that are compared have the same method.
#[derive(Debug, PartialEq, Eq)]
enum Operation<'a> {
    /// The id of the documented operation.
    Documented(&'a str),
    /// The path without identifiers.
    Undocumented(String),
}

/// Returns how humans ruled on requests like this one, newest first: at most [`RULINGS_MAX`],
/// including a denial if there is one.
///
/// # Errors
///
/// If the database fails.
pub(crate) async fn earlier_rulings(
    store: &Store,
    now: Timestamp,
    current: &CurrentRequest<'_>,
) -> Result<Vec<EarlierRuling>, StoreError> {
    let filter = RulingFilter {
        workspace: current.workspace,
        agent: current.agent,
        service: current.service,
        method: current.method,
        held_since: now.before(RULING_AGE_MAX),
    };
    let ruled = store.action_rulings(filter, RULINGS_READ_MAX).await?;
    Ok(selected(current.rulings_alike(ruled)))
}

impl<'a> CurrentRequest<'a> {
    fn rulings_alike(&self, ruled: Vec<RuledAction>) -> Vec<EarlierRuling> {
        if ruled.is_empty() {
            return Vec::new();
        }
        let operation = self.operation_at(self.target);
        let address = redact::agent_keys(&self.target.to_string()).into_owned();
        let alike = |ruled: &RuledAction| {
            if ruled.digest == self.digest {
                return Some(Likeness::Request);
            }
            if ruled.target_url == address {
                return Some(Likeness::Address);
            }
            // An address in which an agent key was masked may not parse; it is not compared.
            let target = Target::parse(&ruled.target_url).ok()?;
            let is_alike =
                target.origin() == self.target.origin() && self.operation_at(&target) == operation;
            is_alike.then_some(Likeness::Operation)
        };
        let rulings = ruled.into_iter().filter_map(|ruled| {
            Some(EarlierRuling {
                likeness: alike(&ruled)?,
                action: ruled.action,
                ruling: ruled.ruling,
                decision: ruled.decision,
            })
        });
        rulings.collect()
    }

    fn operation_at(&self, target: &Target) -> Operation<'a> {
        let call = Call {
            method: self.method,
            path: target.path(),
            base_path: self.base_path,
        };
        match self.catalog.and_then(|catalog| catalog.find(&call)) {
            Some(operation) => Operation::Documented(&operation.id),
            None => Operation::Undocumented(path_template(target.path())),
        }
    }
}

/// Returns the newest rulings. An agent can collect approvals of harmless requests, so they must
/// not push out the latest denial: it takes the last position. A denial of the same request is
/// preferred.
fn selected(mut rulings: Vec<EarlierRuling>) -> Vec<EarlierRuling> {
    let denied = |ruling: &EarlierRuling| ruling.ruling == Ruling::Denied;
    let denial = rulings
        .iter()
        .position(|ruling| denied(ruling) && ruling.likeness == Likeness::Request)
        .or_else(|| rulings.iter().position(denied));
    if let Some(at) = denial
        && at >= RULINGS_MAX
    {
        rulings.swap(RULINGS_MAX - 1, at);
    }
    rulings.truncate(RULINGS_MAX);
    rulings
}

#[cfg(test)]
mod tests {
    use gaiterguard_domain::action::HumanDecision;
    use gaiterguard_domain::id::{ActionId, UserId};
    use uuid::Uuid;

    use super::*;

    const DIGEST: Digest = Digest([1; 32]);

    fn current(target: &Target) -> CurrentRequest<'_> {
        CurrentRequest {
            workspace: WorkspaceId(1),
            agent: AgentId(1),
            service: ServiceId(1),
            method: "POST",
            target,
            digest: DIGEST,
            base_path: "/v1",
            catalog: None,
        }
    }

    fn ruled(ruling: Ruling, target_url: &str, digest: Digest) -> RuledAction {
        RuledAction {
            action: ActionId(Uuid::nil()),
            ruling,
            decision: HumanDecision {
                by: UserId(1),
                at: Timestamp(0),
                note: None,
            },
            target_url: target_url.to_owned(),
            digest,
        }
    }

    #[test]
    fn only_requests_to_the_same_operation_are_alike() {
        let target =
            Target::parse("https://api.example.com/v1/charges/ch_1234/refund?a=1").unwrap();
        for (target_url, digest, likeness) in [
            (
                "https://api.example.com/v1/charges/ch_1234/refund?a=1",
                DIGEST,
                Some(Likeness::Request),
            ),
            (
                "https://api.example.com/v1/charges/ch_1234/refund?a=1",
                Digest([2; 32]),
                Some(Likeness::Address),
            ),
            (
                "https://api.example.com/v1/charges/ch_1234/refund",
                Digest([2; 32]),
                Some(Likeness::Operation),
            ),
            (
                "https://api.example.com/v1/charges/ch_9876/refund",
                Digest([2; 32]),
                Some(Likeness::Operation),
            ),
            (
                "https://api.example.com/v1/charges/ch_1234/capture",
                Digest([2; 32]),
                None,
            ),
            (
                "https://other.example.com/v1/charges/ch_9876/refund",
                Digest([2; 32]),
                None,
            ),
            ("not an address", Digest([2; 32]), None),
        ] {
            let ruled = ruled(Ruling::Approved, target_url, digest);
            let found = current(&target).rulings_alike(vec![ruled]);
            let found = found.first().map(|ruling| ruling.likeness);
            assert_eq!(found, likeness, "{target_url}");
        }
    }

    #[test]
    fn approvals_do_not_push_out_the_last_denial() {
        let target = Target::parse("https://api.example.com/v1/charges").unwrap();
        let earlier = |ruling, digest| ruled(ruling, "https://api.example.com/v1/charges", digest);
        let mut all = vec![earlier(Ruling::Approved, DIGEST); 8];
        all.push(earlier(Ruling::Denied, Digest([2; 32])));
        let select = |all: &[RuledAction]| selected(current(&target).rulings_alike(all.to_vec()));
        let found = select(&all);
        assert_eq!(found.len(), RULINGS_MAX);
        assert_eq!(found[RULINGS_MAX - 1].ruling, Ruling::Denied);

        all.push(earlier(Ruling::Denied, DIGEST));
        let found = select(&all);
        let last = &found[RULINGS_MAX - 1];
        assert_eq!(
            (last.ruling, last.likeness),
            (Ruling::Denied, Likeness::Request)
        );
        assert_eq!(found[0].ruling, Ruling::Approved);
    }
}
