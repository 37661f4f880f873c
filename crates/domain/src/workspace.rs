//! A workspace, the owner of every other object: its kill switch, and what its members may do.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::effect::Effect;
use crate::field::{FieldValue, one_of};
use crate::id::{ServiceId, UserId, WorkspaceId};
use crate::time::Timestamp;

/// A member's role in a workspace. Everyone who registers owns a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Role {
    /// Has every permission in the workspace.
    Owner,
    /// Defines services, agents, and rules, and may stop agents, but does not decide on actions: the
    /// author of a rule does not also approve the requests that it holds.
    Operator,
    /// Decides on actions, possibly only those of some services and effects, and may stop agents.
    Approver,
    /// Reads everything and changes nothing.
    Viewer,
}

impl Role {
    /// Every role, the one with the most permissions first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Operator, Self::Approver, Self::Viewer];

    /// Returns the word for this role in JSON and in database rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Viewer => "viewer",
        }
    }

    /// Parses such a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether members with this role have a permission.
    pub fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::Account | Permission::Read => true,
            Permission::Decide => matches!(self, Self::Owner | Self::Approver),
            Permission::Stop => self != Self::Viewer,
            Permission::Define => matches!(self, Self::Owner | Self::Operator),
            Permission::Manage => self == Self::Owner,
        }
    }
}

impl FieldValue for Role {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        one_of(value, &Self::ALL, Self::as_str)
    }
}

/// A right in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Permission {
    /// Use the own account: its password, its sessions, its workspaces.
    Account,
    /// Read everything in the workspace except invitations.
    Read,
    /// Decide on held actions.
    Decide,
    /// Activate the kill switch and block agents.
    Stop,
    /// Change services, agents, rules, documents, and channels, send test calls, and release what was
    /// stopped.
    Define,
    /// Manage members and invitations.
    Manage,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 6] = [
        Self::Account,
        Self::Read,
        Self::Decide,
        Self::Stop,
        Self::Define,
        Self::Manage,
    ];

    /// Returns the word for this permission in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Read => "read",
            Self::Decide => "decide",
            Self::Stop => "stop",
            Self::Define => "define",
            Self::Manage => "manage",
        }
    }

    /// Returns the meaning, as a phrase in Markdown.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Account => "manage their own account: its password, sessions, and workspaces",
            Self::Read => "read everything in the workspace except invitations",
            Self::Decide => "decide on held actions",
            Self::Stop => "activate the kill switch and block agents",
            Self::Define => {
                "change services, agents, rules, documents, and channels, send test calls, and release what was stopped"
            }
            Self::Manage => "manage members and invitations",
        }
    }

    /// Returns the words that complete "may" in a sentence.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Account => "use their accounts",
            Self::Read => "read this",
            Self::Decide => "decide on actions",
            Self::Stop => "activate the kill switch and block agents",
            Self::Define => "change or test what the gateway does",
            Self::Manage => "manage members and invitations",
        }
    }

    /// Explains why a member lacks this permission: it names the roles that have it.
    pub fn refusal(self, role: Role) -> String {
        let able: Vec<_> = Role::ALL
            .into_iter()
            .filter(|role| role.may(self))
            .map(|role| format!("{}s", role.as_str()))
            .collect();
        format!(
            "only {} may {}; your role is {}",
            able.join(" and "),
            self.phrase(),
            role.as_str()
        )
    }
}

/// A member's role, and which actions an approver may decide on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The role.
    pub role: Role,
    /// The services whose actions an approver may decide on; `None` for all.
    pub services: Option<Vec<ServiceId>>,
    /// The effects of the actions that an approver may decide on; `None` for all.
    pub effects: Option<Vec<Effect>>,
}

impl Membership {
    /// Returns a membership without limits.
    pub fn of(role: Role) -> Self {
        Self {
            role,
            services: None,
            effects: None,
        }
    }

    /// Checks a permission.
    ///
    /// # Errors
    ///
    /// Why the member does not have it, as a sentence that does not start with a capital letter.
    pub fn demand(&self, permission: Permission) -> Result<(), String> {
        if self.role.may(permission) {
            Ok(())
        } else {
            Err(permission.refusal(self.role))
        }
    }

    /// Checks whether the member may decide on an action of this service whose most severe effect is
    /// this one. An action whose effect is not known is outside every limit on effects.
    ///
    /// # Errors
    ///
    /// Why the member may not, as a sentence that does not start with a capital letter.
    pub fn demand_decision(
        &self,
        service: ServiceId,
        effect: Option<Effect>,
    ) -> Result<(), String> {
        self.demand(Permission::Decide)?;
        if self.role != Role::Approver {
            return Ok(());
        }
        if let Some(services) = &self.services
            && !services.contains(&service)
        {
            return Err("you may not decide on actions of this service".to_owned());
        }
        match (&self.effects, effect) {
            (None, _) => Ok(()),
            (Some(effects), Some(effect)) if effects.contains(&effect) => Ok(()),
            (Some(_), Some(effect)) => Err(format!(
                "you may not decide on an action that {}",
                effect.phrase()
            )),
            (Some(_), None) => Err(
                "your role is limited to some effects, and the effect of this action is not known"
                    .to_owned(),
            ),
        }
    }
}

/// Whether requests may leave a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KillSwitch {
    /// Requests are decided as usual.
    Off,
    /// Every request is refused, and running requests were canceled.
    Active {
        /// The user who activated it.
        by: UserId,
        /// When it was activated.
        at: Timestamp,
        /// The reason that the user gave.
        reason: Option<String>,
    },
}

impl KillSwitch {
    /// Returns whether requests are refused.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active { .. })
    }
}

/// The version of a workspace's definitions: its agents, scopes, services, credentials, rules and
/// kill switch.
///
/// Every change increments it in the same transaction. A request that was decided on a version can
/// therefore prove at commit that no definition has changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthorityVersion(pub i64);

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The workspace's id.
    pub id: WorkspaceId,
    /// The state of its kill switch.
    pub kill_switch: KillSwitch,
    /// The version of its definitions.
    pub version: AuthorityVersion,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_the_documented_permissions() {
        use Permission::{Account, Decide, Define, Manage, Read, Stop};
        for (role, permissions) in [
            (
                Role::Owner,
                vec![Account, Read, Decide, Stop, Define, Manage],
            ),
            (Role::Operator, vec![Account, Read, Stop, Define]),
            (Role::Approver, vec![Account, Read, Decide, Stop]),
            (Role::Viewer, vec![Account, Read]),
        ] {
            let held = Permission::ALL.into_iter().filter(|it| role.may(*it));
            assert_eq!(held.collect::<Vec<_>>(), permissions, "{role:?}");
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        assert_eq!(Role::parse("Owner"), None);
        for permission in Permission::ALL {
            assert_eq!(
                serde_json::to_value(permission).unwrap(),
                permission.as_str()
            );
        }
    }

    #[test]
    fn a_refusal_names_the_roles_that_may() {
        assert_eq!(
            Membership::of(Role::Viewer).demand(Permission::Decide),
            Err("only owners and approvers may decide on actions; your role is viewer".to_owned())
        );
    }

    #[test]
    fn the_limits_of_an_approver_apply_together() {
        let limited = Membership {
            role: Role::Approver,
            services: Some(vec![ServiceId(1), ServiceId(2)]),
            effects: Some(vec![Effect::Create]),
        };
        let may = |service, effect| limited.demand_decision(ServiceId(service), effect).is_ok();
        assert!(may(1, Some(Effect::Create)));
        assert!(may(2, Some(Effect::Create)));
        assert!(!may(3, Some(Effect::Create)));
        assert!(!may(1, Some(Effect::Delete)));
        assert!(!may(1, None));
        let all = Membership::of(Role::Approver);
        assert_eq!(all.demand_decision(ServiceId(3), None), Ok(()));
        let operator = Membership::of(Role::Operator);
        assert!(
            operator
                .demand_decision(ServiceId(1), Some(Effect::Read))
                .is_err()
        );
    }
}
