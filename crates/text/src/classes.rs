//! Classes of things and actions, by the words that interfaces use for them.
//!
//! A word may belong to several classes. The weight of a class, together with the verb that is applied
//! to it, is fitted to labeled requests.

use std::sync::LazyLock;

use crate::words::{ByStem, Stem, stem};

/// A class of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Payments, prices, orders.
    Money,
    /// Who may do what, and what proves it.
    Access,
    /// Makes something visible or sends it.
    Expose,
    /// Runs code, or changes which code runs.
    Run,
    /// Settings and rules.
    Config,
    /// Machines, networks and stores of data.
    Infrastructure,
    /// Things that hold many others.
    Whole,
    /// Small things that are easily made again.
    Small,
    /// Messages to people.
    Message,
    /// Personal data and proof of identity.
    Sensitive,
    /// Questions that change nothing.
    Ask,
    /// Taking something back.
    Undo,
    /// Removing for good.
    Destroy,
    /// Many objects in one request.
    Bulk,
    /// Places to try things.
    Sandbox,
    /// Production systems.
    Production,
}

/// All classes, with their name in the table of weights and their words.
const CLASSES: [(Class, &str, &str); 16] = [
    (
        Class::Money,
        "money",
        "payment pay payout refund charge invoice transfer checkout billing payroll credit gift price \
         discount coupon loan purchase bid expense reimbursement balance wallet fund trade deposit \
         withdraw withdrawal dispute voucher salary bonus wire remit order booking reservation \
         subscription plan addon quote tax payable bill bank card sell buy upgrade premium topup limit \
         budget capture void donation tip commission payslip journal journalentry settlement payable \
         mandate escrow transaction",
    ),
    (
        Class::Access,
        "access",
        "member membership user role permission acl collaborator invite invitation grant key token \
         credential secret password mfa 2fa totp policy oauth sso owner ownership admin administrator \
         moderator firewall security whitelist allowlist auth authorization authorize login session \
         certificate ssh trust delegate impersonate scope group team teammate guest principal account \
         consent identity iam rbac access accessgroup privilege protection lockout ban suspend friend \
         cidr ingress lock unlock alarm disarm arm door",
    ),
    (
        Class::Expose,
        "expose",
        "public publish publication published webhook hook forward forwarding visibility share sharing \
         sharedlink export link broadcast campaign newsletter announce announcement social tweet post \
         external listing store release live livestream subscription syndicate",
    ),
    (
        Class::Run,
        "run",
        "deploy deployment exec execute run script workflow pipeline dispatch build function lambda \
         restart reboot reset restore rollback promote merge migrate migration failover scale resize \
         apply plugin job cron terminal command cmd shell sql eval install upgrade rebuild invoke trigger \
         sync console start stop shutdown kill terminate drain cordon power",
    ),
    (
        Class::Config,
        "config",
        "config configuration setting env environment variable vars feature flag toggle rule route dns \
         record zone domain nameserver proxy gateway integration app application plugin extension alert \
         monitor silence mute policy schedule retention quota threshold template branch protection",
    ),
    (
        Class::Infrastructure,
        "infra",
        "instance server machine cluster node pod container vm droplet volume disk image registry queue \
         exchange topic namespace service replica database table index bucket snapshot backup network \
         vpc subnet loadbalancer nodepool shard pool storage filesystem",
    ),
    (
        Class::Whole,
        "whole",
        "project repo repository workspace site account organization org tenant environment space \
         collection board folder channel team dataset list portfolio customer contact person candidate \
         employee worker patient company store page form package library catalog playlist notebook \
         calendar mailbox inbox conversation thread file document dashboard model video",
    ),
    (
        Class::Small,
        "small",
        "comment note reply tag label reaction star like bookmark favorite draft task todo reminder \
         alarm checklist card sticky annotation view filter track follow watch snooze assignee status \
         title description attachment milestone field worklog timer read unread seen archive pin vote \
         rating color name nickname emoji snippet highlight marker mark item line step entry event \
         typing presence shape cell row suggestion preference favourite lease cache bounce watcher \
         suppression light lamp thermostat heating player probe attendance timesheet widget chart \
         bookmark shift sticker caption attendee nick badge subtask timelog",
    ),
    (
        Class::Message,
        "message",
        "message mail email sms chat send tweet notification notify call voice fax letter dm whatsapp \
         outbox invite reply",
    ),
    (
        Class::Sensitive,
        "sensitive",
        "payroll salary compensation health medical patient condition observation ssn passport tax card \
         bank secret password credential token key mailbox message mail email inbox transcript \
         recording audit private log personal candidate medication diagnosis location gps dob iban \
         identity vars statement payslip children contact transaction account balance kubeconfig \
         certificate ssh session cookie wage",
    ),
    (
        Class::Ask,
        "ask",
        "search query find lookup preview render validate verify check calculate estimate count \
         aggregate analyze predict classify translate parse simulate simulation dryrun moderation \
         embedding completion tokenize summarize suggest autocomplete geocode evaluate compare lint \
         diff explain detect recognize evaluation batchget get describe parser analyzer quote \
         availability rate pricing",
    ),
    (
        Class::Undo,
        "undo",
        "cancel undo unstar unfollow unlike remove delete unlink revoke untag unassign unarchive restore \
         reopen close discard leave dismiss clear trash unpin unsubscribe withdraw retract reverse \
         detach redact",
    ),
    (
        Class::Destroy,
        "destroy",
        "purge wipe truncate drop expunge erase destroy unpublish force permanent permanently hard \
         cascade recursive factory flush empty gdpr anonymize deactivate decommission evict",
    ),
    (
        Class::Bulk,
        "bulk",
        "batch bulk all mass multi everyone everybody many import",
    ),
    (
        Class::Sandbox,
        "sandbox",
        "test sandbox staging stage dev development preview demo trial tmp temp scratch playground qa \
         canary ephemeral sbx",
    ),
    (
        Class::Production,
        "prod",
        "prod production prd live produktion",
    ),
];

static BY_STEM: LazyLock<ByStem<Classes>> = LazyLock::new(|| {
    let mut by_stem = ByStem::<Classes>::default();
    for (class, _, words) in CLASSES {
        for word in words.split_ascii_whitespace() {
            by_stem.entry(stem(word)).or_default().add(class);
        }
    }
    by_stem
});

/// A set of classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes(u16);

impl Classes {
    /// Those that a word belongs to.
    pub fn of(stem: Stem) -> Self {
        BY_STEM.get(&stem).copied().unwrap_or_default()
    }

    /// Those that any of the words belongs to.
    pub fn of_all(stems: impl IntoIterator<Item = Stem>) -> Self {
        stems
            .into_iter()
            .map(Self::of)
            .fold(Self::default(), Self::with)
    }

    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether a word of these classes is one of an interface rather than a part of a name.
    pub fn is_distinctive(self) -> bool {
        let mut names = Self::default();
        for class in [Class::Sandbox, Class::Production] {
            names.add(class);
        }
        !self.without(names).is_empty()
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn has(self, class: Class) -> bool {
        self.0 & 1 << class as u16 != 0
    }

    fn add(&mut self, class: Class) {
        self.0 |= 1 << class as u16;
    }

    /// The names of the classes in it.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        CLASSES
            .iter()
            .filter(move |(class, ..)| self.has(*class))
            .map(|(_, name, _)| *name)
    }
}
