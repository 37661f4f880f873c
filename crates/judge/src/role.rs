//! The role of a field, by its name.

use std::sync::LazyLock;

use gaiterguard_request::Arena;
use gaiterguard_request::opened;
use gaiterguard_text::words::{ByStem, Stems, of_name, stem};

/// The role of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Not known.
    #[default]
    None,
    /// Someone whom a message or an invitation reaches.
    Recipient,
    /// A participant of an event.
    Attendee,
    /// The source or the destination of money.
    Account,
    /// An amount of money.
    Amount,
    /// A quantity other than money.
    Quantity,
    /// A payment method.
    Payment,
    /// An access right.
    Access,
    /// Text for people.
    Content,
    /// An identifier.
    Identifier,
    /// An action or a state.
    Action,
    /// Code or a command.
    Command,
    /// A date or a time.
    Date,
    /// A secret.
    Secret,
    /// A URL.
    Link,
    /// The owner of an object.
    Owner,
}

const ROLES: &[(Role, &str)] = &[
    (
        Role::Recipient,
        "to recipient cc bcc email mail invitee assignee phone mobile whatsapp channel channels \
        collaborator receiver target forward reply audience msisdn mailbox handle dest",
    ),
    (Role::Attendee, "attendee participant guest"),
    (
        Role::Account,
        "iban account destination beneficiary payee bic swift routing wallet",
    ),
    (
        Role::Amount,
        "amount total price cost sum fee balance charge fare tip salary budget",
    ),
    (
        Role::Quantity,
        "qty quantity limit replicas shares units nights seats",
    ),
    (Role::Payment, "payment card"),
    (
        Role::Access,
        "role permission scope access visibility privacy acl privilege policy principal cidr \
        public private admin sources origins resource grants",
    ),
    (
        Role::Content,
        "text message body content subject title description comment note caption html \
        summary reason markdown topic",
    ),
    (
        Role::Action,
        "action type op operation status state event side kind verb intent transition command_type mode",
    ),
    (
        Role::Command,
        "command cmd script sql exec code entrypoint userdata shell run args expression",
    ),
    (
        Role::Date,
        "date start end day when due until expires expiration deadline",
    ),
    (
        Role::Secret,
        "password passwd passcode secret pin cvv cvc ssn otp",
    ),
    (
        Role::Link,
        "url uri webhook callback redirect endpoint href link website",
    ),
    (Role::Owner, "user owner customer member passenger name"),
];

static BY_STEM: LazyLock<ByStem<Role>> = LazyLock::new(|| {
    let mut roles = ByStem::default();
    for (role, words) in ROLES {
        for word in words.split_ascii_whitespace() {
            roles.entry(stem(word)).or_insert(*role);
        }
    }
    roles
});

static IDENTIFIERS: LazyLock<Stems> = LazyLock::new(|| {
    ["id", "ids", "uuid", "guid", "sku", "ref", "reference"]
        .into_iter()
        .map(stem)
        .collect()
});

impl Role {
    /// The role of a field with this name. The last word that has one decides: a `user_email` is an
    /// e-mail address, a `payment_id` an identifier of what pays.
    pub fn of(name: &str) -> Self {
        let mut role = Self::None;
        let mut identifies = false;
        for word in of_name(name) {
            let stem = stem(word);
            identifies = IDENTIFIERS.contains(&stem);
            if let Some(known) = BY_STEM.get(&stem) {
                role = *known;
            }
        }
        if name.eq_ignore_ascii_case("user_data") || name.eq_ignore_ascii_case("userData") {
            return Self::Command;
        }
        if ["user", "users", "username"]
            .iter()
            .any(|one| name.eq_ignore_ascii_case(one))
        {
            return Self::Recipient;
        }
        match (role, identifies) {
            (Self::Payment | Self::Owner | Self::Recipient | Self::Account, true) => role,
            (_, true) => Self::Identifier,
            (role, false) => role,
        }
    }
}

impl Role {
    /// Whether values of the role have an effect by themselves.
    pub(crate) fn is_grave(self) -> bool {
        matches!(
            self,
            Self::Recipient
                | Self::Account
                | Self::Amount
                | Self::Payment
                | Self::Access
                | Self::Command
                | Self::Secret
        )
    }
}

/// The facts that follow from the name of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'k> {
    pub(crate) name: &'k str,
    pub(crate) role: Role,
    /// Whether the name requests that its value be deleted.
    pub(crate) removes: bool,
    /// Whether it is what calls within a request have their method under.
    pub(crate) says_method: bool,
    /// Whether it is what frameworks take another method from.
    pub(crate) overrides_method: bool,
}

/// A cache of recent names: the items of a list usually have the same ones.
#[derive(Debug)]
pub(crate) struct NameCache<'k> {
    arena: &'k Arena,
    names: [Named<'k>; SEEN],
}

/// How many names are remembered: more than most objects have members. A name that shares its slot
/// with another is looked up again.
const SEEN: usize = 64;

/// The longest name that is remembered, in bytes. Longer ones are rare, and comparing them would
/// slow down every look-up.
const NAME_MAX: usize = 48;

impl<'k> Named<'k> {
    /// By an empty name nothing is known.
    const NOTHING: Self = Self {
        name: "",
        role: Role::None,
        removes: false,
        says_method: false,
        overrides_method: false,
    };

    fn of(name: &str, arena: &'k Arena) -> Self {
        Self {
            name: arena.text(name),
            role: Role::of(name),
            removes: matches!(
                opened::inmost(name),
                "delete" | "destroy" | "drop" | "purge" | "truncate"
            ),
            says_method: opened::is_method_name(name),
            overrides_method: opened::overrides_method(opened::inmost(name)),
        }
    }
}

impl<'k> NameCache<'k> {
    pub(crate) fn new(arena: &'k Arena) -> Self {
        Self {
            arena,
            names: [Named::NOTHING; SEEN],
        }
    }

    /// Returns the facts about a name, and whether the name is new to the cache.
    pub(crate) fn name(&mut self, name: &str) -> (Named<'k>, bool) {
        let (Some(first), Some(last)) = (name.as_bytes().first(), name.as_bytes().last()) else {
            return (Named::NOTHING, false);
        };
        if name.len() > NAME_MAX {
            return (Named::of(name, self.arena), true);
        }
        let slot = (usize::from(*first) * 7 + usize::from(*last) * 3 + name.len()) % SEEN;
        let known = &mut self.names[slot];
        if known.name == name {
            return (*known, false);
        }
        *known = Named::of(name, self.arena);
        (*known, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_say_what_they_are_for() {
        for (name, role) in [
            ("toRecipients", Role::Recipient),
            ("user_email", Role::Recipient),
            ("amount", Role::Amount),
            ("limit_price", Role::Amount),
            ("payment_method_id", Role::Payment),
            ("item_ids", Role::Identifier),
            ("is_admin", Role::Access),
            ("user_id", Role::Owner),
            ("start_date", Role::Date),
            ("line_items[0][price]", Role::Amount),
            ("unknown", Role::None),
        ] {
            assert_eq!(Role::of(name), role, "{name}");
        }
    }
}
