//! Bodies of members and invitations.

use std::borrow::Cow;

use gaiterguard_authority::Definitions;
use gaiterguard_domain::body;
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::field::{Change, Checked, FieldError, FieldValue, whole};
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::member::{Invitation, Member};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::{Membership, Role};
use gaiterguard_store::Stored;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::people::People;

/// How many services a limit may list. The list is stored with the member and compared with the service of every
/// action that the member decides on.
const SERVICES_MAX: usize = 200;

body! {
    /// An invitation to create.
    pub struct NewInvitation {
        /// Email address of the person. Only an account with this address can accept the invitation.
        #[schema(min_length = 3, max_length = 254, example = "name@example.com")]
        email "email": String as String,
        /// Role that the person gets.
        role "role": Role as Role,
        /// IDs of the services whose actions the person may decide on. Only for an `approver`; null for all.
        #[schema(min_items = 1, max_items = 200)]
        services "services": Option<ServiceLimit> as Option<Vec<i64>>,
        /// Effects of the actions that the person may decide on: an action counts by its most severe
        /// effect, which its summary shows. Only for an `approver`; null for all.
        #[schema(min_items = 1)]
        effects "effects": Option<EffectLimit> as Option<Vec<Effect>>,
    }
}

body! {
    /// Fields of a member to change.
    pub struct MemberChange {
        /// Role.
        #[schema(required = false)]
        role "role": Change<Role> as Role,
        /// IDs of the services whose actions the member may decide on. Only for an `approver`; null for all.
        #[schema(min_items = 1, max_items = 200)]
        services "services": Change<Option<ServiceLimit>> as Option<Vec<i64>>,
        /// Effects of the actions that the member may decide on. Only for an `approver`; null for all.
        #[schema(min_items = 1)]
        effects "effects": Change<Option<EffectLimit>> as Option<Vec<Effect>>,
    }
}

/// The services that an approver is limited to.
#[derive(Clone, Debug)]
pub(super) struct ServiceLimit(Vec<ServiceId>);

impl FieldValue for ServiceLimit {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let read = |item: &Value| item.as_number().and_then(whole).map(ServiceId);
        let ids = listed(&value, read).ok_or(
            "must be an array of IDs of services, which are whole numbers, or null for all",
        )?;
        if ids.len() > SERVICES_MAX {
            return Err(format!("must be at most {SERVICES_MAX} IDs").into());
        }
        Ok(Self(ids))
    }
}

impl ServiceLimit {
    /// Returns the IDs.
    pub(super) fn into_ids(self) -> Vec<ServiceId> {
        self.0
    }
}

/// The effects that an approver is limited to.
#[derive(Clone, Debug)]
pub(super) struct EffectLimit(Vec<Effect>);

impl FieldValue for EffectLimit {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let read = |item: &Value| item.as_str().and_then(Effect::from_code);
        listed(&value, read).map(Self).ok_or_else(|| {
            let codes = Effect::ALL.map(Effect::code).join(", ");
            format!("must be an array with some of {codes}, or null for all").into()
        })
    }
}

/// Returns the items of an array, sorted and without duplicates; `None` if it is empty or an item is
/// invalid. An approver who may decide on nothing is a viewer.
fn listed<T: Ord>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    let items = value.as_array()?.iter().map(read);
    let mut items = items.collect::<Option<Vec<T>>>()?;
    items.sort_unstable();
    items.dedup();
    (!items.is_empty()).then_some(items)
}

/// Checks the limits of a role. The services must be those of the workspace.
pub(super) fn limited(
    role: Role,
    services: Option<ServiceLimit>,
    effects: Option<EffectLimit>,
    definitions: Option<&Definitions>,
) -> Checked<Membership> {
    let mut errors = Vec::new();
    if role != Role::Approver {
        for (field, is_limited) in [
            ("services", services.is_some()),
            ("effects", effects.is_some()),
        ] {
            if is_limited {
                let message = "must be null: only an approver can be limited";
                errors.push(FieldError::new(field, message));
            }
        }
    }
    let services = services.map(|ServiceLimit(ids)| ids);
    for id in services.iter().flatten() {
        if definitions.is_none_or(|definitions| definitions.service(*id).is_none()) {
            let message = format!("must be IDs of services of this workspace; {id} is not");
            errors.push(FieldError::new("services", message));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Membership {
        role,
        services,
        effects: effects.map(|EffectLimit(effects)| effects),
    })
}

/// Returns a present limit as if it were in the body.
pub(super) fn present(membership: &Membership) -> (Option<ServiceLimit>, Option<EffectLimit>) {
    (
        membership.services.clone().map(ServiceLimit),
        membership.effects.clone().map(EffectLimit),
    )
}

/// A member of the workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberBody {
    /// ID of the user.
    user_id: i64,
    /// Email address.
    #[schema(example = "name@example.com")]
    email: String,
    /// Whether the stored member is damaged. If so, only `userId` and `email` are valid, and the person
    /// cannot use the workspace.
    unreadable: bool,
    /// Role.
    role: Role,
    /// IDs of the services whose actions the member may decide on; null for all.
    #[schema(required)]
    services: Option<Vec<i64>>,
    /// Effects of the actions that the member may decide on; null for all.
    #[schema(required)]
    effects: Option<Vec<Effect>>,
    /// When the member joined.
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
}

impl From<Stored<Member>> for MemberBody {
    fn from(stored: Stored<Member>) -> Self {
        match stored {
            Stored::Intact(member) => Self {
                user_id: member.user.id.0,
                email: member.user.email.as_str().to_owned(),
                unreadable: false,
                role: member.membership.role,
                services: numbers(member.membership.services),
                effects: member.membership.effects,
                joined_at: member.joined_at,
            },
            Stored::Damaged(damaged) => Self {
                user_id: damaged.id,
                email: damaged.name,
                unreadable: true,
                role: Role::Viewer,
                services: None,
                effects: None,
                joined_at: damaged.created_at,
            },
        }
    }
}

/// Returns the id of a user, by which the list is sorted.
pub(super) fn user_id(stored: &Stored<Member>) -> i64 {
    match stored {
        Stored::Intact(member) => member.user.id.0,
        Stored::Damaged(damaged) => damaged.id,
    }
}

/// Returns a limit as numbers.
pub(crate) fn numbers(services: Option<Vec<ServiceId>>) -> Option<Vec<i64>> {
    services.map(|ids| ids.into_iter().map(|id| id.0).collect())
}

/// An open invitation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvitationBody {
    /// Unique identifier.
    id: i64,
    /// Email address of the person.
    #[schema(example = "name@example.com")]
    email: String,
    /// Whether the stored invitation is damaged. If so, only `id` and `email` are valid; revoke it.
    unreadable: bool,
    /// Role that the person gets.
    role: Role,
    /// IDs of the services whose actions the person may decide on; null for all.
    #[schema(required)]
    services: Option<Vec<i64>>,
    /// Effects of the actions that the person may decide on; null for all.
    #[schema(required)]
    effects: Option<Vec<Effect>>,
    /// Email address of the owner who invited the person. Null if it is not known.
    #[schema(required)]
    invited_by: Option<String>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl InvitationBody {
    pub(super) fn of(stored: Stored<Invitation>, people: &People) -> Self {
        match stored {
            Stored::Intact(invitation) => Self {
                id: invitation.id.0,
                email: invitation.email.as_str().to_owned(),
                unreadable: false,
                role: invitation.membership.role,
                services: numbers(invitation.membership.services),
                effects: invitation.membership.effects,
                invited_by: people.name(invitation.created_by),
                created_at: invitation.created_at,
                expires_at: invitation.expires_at,
            },
            Stored::Damaged(damaged) => Self {
                id: damaged.id,
                email: damaged.name,
                unreadable: true,
                role: Role::Viewer,
                services: None,
                effects: None,
                invited_by: None,
                created_at: damaged.created_at,
                expires_at: damaged.created_at,
            },
        }
    }

    /// Returns the id, by which the list is sorted.
    pub(super) fn id(&self) -> i64 {
        self.id
    }
}
