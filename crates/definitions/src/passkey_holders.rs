//! The people who can approve with a passkey, and the warning about a rule that requires more of them.

use gaiterguard_domain::approvals::{Approvals, ApproverRole, Exclusion};
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::rule::Rule;
use gaiterguard_domain::step_up::StepUp;
use gaiterguard_domain::workspace::Role;

use crate::definition_store::{DefinitionError, DefinitionStore};

/// The owners and approvers of a workspace who have a passkey.
pub struct PasskeyHolders(Vec<(UserId, ApproverRole)>);

impl PasskeyHolders {
    /// Reads the holders of a workspace.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn of(
        definitions: &DefinitionStore,
        workspace: WorkspaceId,
    ) -> Result<Self, DefinitionError> {
        let found = definitions.store().passkey_approvers(workspace).await?;
        let holders = found.into_iter().filter_map(|(user, membership)| {
            let role = match membership.role {
                Role::Owner => ApproverRole::Owner,
                Role::Approver => ApproverRole::Approver,
                _ => return None,
            };
            Some((user, role))
        });
        Ok(Self(holders.collect()))
    }

    /// Returns the warning about a stored rule, if it needs one.
    pub fn warning_about(&self, rule: &Rule) -> Option<String> {
        self.warning(rule.step_up, rule.approvals.as_ref(), rule.author)
    }

    /// Returns the warning about a rule by this author that requires this step-up for these approvals, if too few
    /// people can give them. Limits of approvers to services and effects are not taken into account.
    pub fn warning(
        &self,
        step_up: Option<StepUp>,
        approvals: Option<&Approvals>,
        author: Option<UserId>,
    ) -> Option<String> {
        let StepUp::Passkey = step_up?;
        let any = Approvals::default();
        let approvals = approvals.unwrap_or(&any);
        let excludes_author = approvals.exclude.contains(&Exclusion::RuleAuthor);
        let can_approve = |(user, role): &&(UserId, ApproverRole)| {
            approvals.from.contains(role) && !(excludes_author && Some(*user) == author)
        };
        let found = self.0.iter().filter(can_approve).count();
        let needed = approvals.count;
        if found == 0 {
            return Some(
                "nobody who may approve has a passkey, so the requests that this rule holds can only be denied; \
                 passkeys are added in the settings of each person's account"
                    .to_owned(),
            );
        }
        (found < needed as usize).then(|| {
            format!(
                "{needed} people must approve, but only {found} of those who may {} a passkey, so the requests that \
                 this rule holds can only be denied",
                if found == 1 { "has" } else { "have" }
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_too_few_people_can_approve_is_warned_about() {
        let (ann, bob) = (UserId(1), UserId(2));
        let nobody = PasskeyHolders(Vec::new());
        let both = PasskeyHolders(vec![
            (ann, ApproverRole::Owner),
            (bob, ApproverRole::Approver),
        ]);
        let passkey = Some(StepUp::Passkey);
        let asks = |count, from: &[ApproverRole], exclude: &[Exclusion]| Approvals {
            count,
            from: from.iter().copied().collect(),
            exclude: exclude.iter().copied().collect(),
        };
        let all = &ApproverRole::ALL;
        let no_author = &[Exclusion::RuleAuthor];
        assert_eq!(nobody.warning(None, None, None), None);
        assert!(
            nobody
                .warning(passkey, None, None)
                .unwrap()
                .starts_with("nobody")
        );
        assert_eq!(both.warning(passkey, None, Some(ann)), None);
        for (approvals, begins) in [
            (asks(2, all, &[]), None),
            (asks(3, all, &[]), Some("3 people must approve, but only 2")),
            (
                asks(2, all, no_author),
                Some("2 people must approve, but only 1 of those who may has"),
            ),
            (asks(1, &[ApproverRole::Owner], &[]), None),
            (asks(1, &[ApproverRole::Owner], no_author), Some("nobody")),
        ] {
            let warning = both.warning(passkey, Some(&approvals), Some(ann));
            match begins {
                None => assert_eq!(warning, None, "{approvals:?}"),
                Some(begins) => assert!(warning.unwrap().starts_with(begins), "{approvals:?}"),
            }
        }
    }
}
