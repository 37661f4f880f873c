//! The meaning of words in API paths and in intents.
//!
//! The lists come from the public APIs of payment, chat, mail, calendar, file, code hosting, cloud,
//! identity, CRM, travel, commerce and home services. Words are compared by stem. A missing word costs
//! little: an unknown action is assessed by its method and the intent.

use std::sync::LazyLock;

use gaiterguard_domain::effect::Effect;
use gaiterguard_text::words::{ByStem, Stem, Stems, of_name, stem};

use crate::effect_set::EffectSet;

/// The meaning of a word in a path or name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sense {
    /// An order to delete, wherever it appears.
    DeleteVerb,
    /// Stands for this effect whenever the method is unsafe.
    Certain(Effect),
    /// Has this effect when one is made, and perhaps when one is changed: an order, a server.
    Made(Effect),
    /// A word for what is sent to others: making one sends it, changing one need not.
    Message,
    /// Leans towards this effect, but is as often harmless.
    Likely(Effect),
    /// An ordinary thing that is kept.
    Thing,
    /// A verb that says no more than the method does.
    PlainVerb,
    /// Only reads or computes something, whatever the method.
    Asks,
}

impl Sense {
    /// The effect that the sense leads to.
    pub(crate) fn effect(self) -> Effect {
        match self {
            Self::DeleteVerb => Effect::Delete,
            Self::Certain(effect) | Self::Likely(effect) | Self::Made(effect) => effect,
            Self::Message => Effect::ShareOutside,
            Self::Thing | Self::PlainVerb => Effect::Change,
            Self::Asks => Effect::Read,
        }
    }
}

/// The sense of a stem in a path.
pub(crate) fn sense(stem: Stem) -> Option<Sense> {
    SENSES.get(&stem).copied()
}

/// The groups of things that a stem belongs to, as bits.
pub(crate) fn concepts(stem: Stem) -> u64 {
    CONCEPTS.get(&stem).copied().unwrap_or_default()
}

/// The meaning of a word in an intent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    /// The effects that it asks for.
    pub(crate) asked: EffectSet,
    /// It is as often the name of a thing as an order: "book", "mail", "order".
    pub(crate) is_ambiguous: bool,
    /// An order follows: "please", "to", "and".
    pub(crate) leads_to_order: bool,
    /// It asks for a look and nothing more.
    pub(crate) looks: bool,
}

/// Returns the meaning of a stem in an intent.
pub(crate) fn said(stem: Stem) -> Said {
    SAID.get(&stem).copied().unwrap_or_default()
}

/// Whether a path segment with this stem contains secrets.
pub(crate) fn is_secret_place(stem: Stem) -> bool {
    SECRET_PLACES.contains(&stem)
}

/// Whether a word is about secrets that prove who one is.
pub(crate) fn is_secret_word(stem: Stem) -> bool {
    SECRET_WORDS.contains(&stem)
}

static SENSES: LazyLock<ByStem<Sense>> = LazyLock::new(|| {
    use Sense::{Asks, Certain, DeleteVerb, Likely, Made, Message, PlainVerb, Thing};
    let mut senses = ByStem::default();
    // If a word is in several lists, the last one wins.
    for (sense, words) in [
        (Thing, THINGS),
        (PlainVerb, PLAIN_VERBS),
        (Asks, ASKS),
        (Likely(Effect::Code), LIKELY_CODE),
        (Likely(Effect::ShareOutside), LIKELY_SHARE),
        (Likely(Effect::Access), LIKELY_ACCESS),
        (Likely(Effect::Pay), LIKELY_PAY),
        (Likely(Effect::Delete), LIKELY_DELETE),
        (Made(Effect::Code), MACHINES),
        (Made(Effect::Pay), BOUGHT),
        (Certain(Effect::Code), CODE),
        (Message, MESSAGES),
        (Certain(Effect::ShareOutside), SHARE),
        (Certain(Effect::Access), ACCESS),
        (Certain(Effect::Pay), PAY),
        (Certain(Effect::Delete), DELETE),
        (DeleteVerb, DELETE_VERBS),
    ] {
        for word in words.split_ascii_whitespace() {
            senses.insert(stem(word), sense);
        }
    }
    senses
});

static CONCEPTS: LazyLock<ByStem<u64>> = LazyLock::new(|| {
    let mut concepts = ByStem::<u64>::default();
    for (number, words) in CONCEPT_WORDS.iter().enumerate() {
        for word in words.split_ascii_whitespace() {
            *concepts.entry(stem(word)).or_default() |= 1 << number;
        }
    }
    concepts
});

static SAID: LazyLock<ByStem<Said>> = LazyLock::new(|| {
    let mut said = ByStem::<Said>::default();
    let mut note = |words: &str, note: &dyn Fn(&mut Said)| {
        for word in words.split_ascii_whitespace() {
            note(said.entry(stem(word)).or_default());
        }
    };
    for (effect, words) in [
        (Effect::Delete, ASKED_DELETE),
        (Effect::Pay, ASKED_PAY),
        (Effect::Access, ASKED_ACCESS),
        (Effect::Code, ASKED_CODE),
        (Effect::ShareOutside, ASKED_SHARE),
        (Effect::Change, ASKED_CHANGE),
        (Effect::Create, ASKED_CREATE),
    ] {
        note(words, &|said| said.asked.insert(effect));
    }
    note(AMBIGUOUS_WORDS, &|said| said.is_ambiguous = true);
    note(LEADING_WORDS, &|said| said.leads_to_order = true);
    note(ASKED_LOOK, &|said| said.looks = true);
    said
});

static SECRET_PLACES: LazyLock<Stems> = LazyLock::new(|| set(SECRET_PLACE_WORDS));
static SECRET_WORDS: LazyLock<Stems> = LazyLock::new(|| set(SECRET_WORD_LIST));

fn set(words: &str) -> Stems {
    words.split_ascii_whitespace().map(stem).collect()
}

/// Whether any word of a name has one of these stems.
pub(crate) fn any_of_name(name: &str, test: impl Fn(Stem) -> bool) -> bool {
    of_name(name).any(|word| test(stem(word)))
}

const LEADING_WORDS: &str = "please and then to you i will also or kindly just can could now";

const DELETE_VERBS: &str = "delete destroy remove purge erase wipe drop truncate terminate uninstall \
    unpublish empty nuke expunge evict deprovision decommission unlink rm del eradicate obliterate";

const DELETE: &str = "cancel cancellation deactivate deactivation deletion disable redact redaction removal \
    reset revoke revocation rollback shutdown stop trash expire kick ban unban suspend suspension \
    poweroff halt detach disconnect void forfeit rescind recall abort kill unfriend expel evacuate \
    disband dissolve factory offboard anonymize";

const PAY: &str = "pay payment payout payroll charge refund transfer transaction withdraw withdrawal deposit \
    purchase buy checkout donation donate fund funding capture credit debit settlement remittance wire \
    topup tip wallet dispute bill billing disbursement disburse escrow reimburse reimbursement autopay \
    preauthorization mandate stake swap redeem redemption giftcard voucher chargeback payable \
    remit lend borrow repay repayment installment ach sepa iban payee beneficiary overdraft \
    crypto convert liquidate loan mortgage lease insurance insure sell bid wager bet invest investment \
    expense payslip salary bonus commission allowance cashout prepay";

const BOUGHT: &str = "order booking reservation book reserve subscription subscribe invoice trade rental rent \
    ride trip flight cruise itinerary upgrade premium license ";

const ACCESS: &str = "permission role acl grant collaborator credential password passwd passcode token apikey \
    key keys secret policy privilege ownership owner visibility mfa 2fa otp totp sso saml impersonate \
    impersonation sudo scope invitation invite member membership admin administrator firewall ingress \
    delegate delegation federation certificate ssh authorize authorization entitlement whitelist \
    allowlist protection accesskey access pin unlock disarm trust guest superuser moderator assume \
    elevate escalate promote demote webauthn passkey biometric recovery consent lockout rbac iam";

const MESSAGES: &str = "message mail email sms mms tweet toot newsletter campaign notification fax dm \
    letter postcard voicemail announcement broadcast webhook hook publication";

const SHARE: &str = "send sent forward reply publish announce share sharing notify sendmail \
    outbox call whatsapp telegram sharelink syndicate crosspost livestream blast respond permalink";

const CODE: &str = "build command deploy deployment dispatch exec execute execution firmware function install \
    kernel launch merge migrate migration pipeline release restart run script shell sql terminal \
    workflow rebuild reboot eval invoke invocation lambda cronjob job rollout provision bootstrap \
    failover dns nameserver playbook powercycle console spawn inject automation trigger \
    daemonset statefulset crd restore reimage reinstall flash";

const LIKELY_DELETE: &str = "close archive unsubscribe unfollow unstar unlike leave clear dismiss deregister \
    unregister retire end hide block mute discard decline reject ";

const LIKELY_PAY: &str = "price plan coupon discount balance card bank fee tax cart basket offer \
    budget reward loyalty points financial";

const LIKELY_ACCESS: &str = "group team user login auth oauth session signin signup register authenticate account \
    profile identity cors domain tenant organization workspace lock device";

const LIKELY_SHARE: &str = "retweet repost comment post public external link export upload review story status feed \
    answer question feedback response transcript";

const MACHINES: &str =
    "droplet instance server vm cluster volume loadbalancer dyno nodepool machine";

const LIKELY_CODE: &str = "node pod container image registry queue \
    topic bucket namespace service config configmap setting environment record zone route gateway \
    snapshot backup schedule rule resize sync import integration app application plugin \
    extension addon runner";

const THINGS: &str = "item following follower address note label tag title description name preference metadata draft template \
    event calendar task todo reminder contact file folder document doc content page block row cell \
    sheet spreadsheet issue ticket case watchlist wishlist favorite star starred bookmark like \
    reaction rating playlist list board column checklist sprint project milestone product inventory \
    stock return exchange baggage passenger seat meal luggage location scale view filter summary \
    annotation attachment photo picture video avatar thermostat light temperature scene books \
    lead deal opportunity company person people activity log entry \
    measurement metric goal habit workout recipe ingredient song track album movie customer \
    request form survey poll vote option size color brightness mode \
    timer alarm shipping number phone language locale timezone theme shelf category collection \
    assignment grade lesson course student patient appointment slot availability room bed";

const PLAIN_VERBS: &str = "create add set update edit change modify put insert new save make write append patch upsert \
    replace move copy rename assign mark toggle start open complete finish submit apply \
    batch bulk me my self default all api rest rpc v";

const ASKS: &str = "compute search query find lookup preview render markdown validate verify check calculate estimate \
    count aggregate analyze analyse analytics predict prediction classify translate translation format \
    parse simulate simulation dryrun get fetch read completion embedding tokenize summarize suggest \
    suggestion autocomplete geocode distance recommend recommendation compare report lint diff explain \
    forecast rates quote detect recognize introspect";

const ASKED_DELETE: &str = "delete remove destroy erase wipe purge drop cancel cancellation terminate close end stop revoke \
    disable deactivate clear discard clean cleanup empty trash archive unsubscribe uninstall unstar \
    unfollow unlike undo retract withdraw reject decline void reset kick ban block suspend shut \
    leave abort eliminate rid unpublish redact retire decommission expire kill";

const ASKED_PAY: &str = "pay payment buy purchase order book booking reserve reservation refund charge transfer send \
    fund deposit withdraw donate invoice bill subscribe subscription renew rent tip reimburse settle \
    checkout spend invest trade sell exchange return bid wire procure procurement upgrade compensate \
    insurance insure acquire topup credit debit grab payout cost fee loan repay execute";

const ASKED_ACCESS: &str = "grant access permission permit role admin administrator invite invitation member share key token \
    password credential secret login log authenticate sign collaborator allow public private visibility \
    owner ownership register revoke lock unlock protect protection firewall policy mfa user promote \
    add join rotate authorize auth reset account team group";

const ASKED_CODE: &str = "run execute deploy deployment build install restart reboot rebuild merge release launch migrate \
    trigger start stop provision script command workflow pipeline job scale resize upgrade rollback \
    patch dispatch query invoke restore sync import boot rerun retry automate test spin configure";

const ASKED_SHARE: &str = "send share email mail message text tell notify post tweet retweet reply forward publish announce \
    broadcast invite write let inform remind dm ping comment answer respond contact call upload export \
    say wish greet ask reach communicate submit report update link sms broadcast thank congratulate \
    highlight mention blog story newsletter alert";

const ASKED_CHANGE: &str = "change update modify edit set reschedule move rename replace adjust switch fix correct mark assign \
    close open resolve complete finish append add put apply convert merge lock unlock turn toggle \
    enable disable increase decrease raise lower reduce reset scale pause resume label tag sort \
    reorder exchange return swap upgrade downgrade extend shorten shift redirect correct amend revise \
    transform make store save record log fill keep tackle star follow like mute sync configure pin \
    accept decline approve reject escalate prioritize snooze renew cancel remove delete delay postpone";

const ASKED_CREATE: &str = "create add make new write draft schedule book plan open start register generate compose set put \
    prepare craft build upload save store record log file submit raise post insert note remind \
    append attach import copy duplicate clone sign enroll host organize arrange send fill establish \
    star follow like bookmark subscribe render convert translate calculate search";

const AMBIGUOUS_WORDS: &str = "mail email message text post contact call link report question share comment blog \
    story newsletter alert order booking reservation transfer payment refund charge bill invoice \
    subscription deposit fund cost fee loan insurance trade return exchange access permission role \
    admin administrator user group team account member key token password credential secret login \
    public private visibility owner ownership policy firewall label tag schedule draft plan note \
    record file log host query job pipeline workflow build script command test sync release rent \
    invitation deployment open close end complete free set star like follow answer search \
    tell let credit debit payout mfa cancellation purchase import export upload protect ask say \
    correct issue process run lock block book";

const ASKED_LOOK: &str = "what which who when where how why show list read check find see look get tell give fetch review \
    view summarize summary count search display retrieve confirm verify know lookup examine inspect \
    analyze compare recommend recommendation suggest status many much is are does whether browse \
    overview detail free available price";

const SECRET_PLACE_WORDS: &str =
    "secret credential password passwd apikey privatekey kubeconfig keystore shadow";

const SECRET_WORD_LIST: &str = "password passcode otp pin cvv secret credential token verification 2fa mfa totp login \
    security recovery seed mnemonic ssn";

/// Groups of words for one kind of thing, so that a mail is recognized as a message.
const CONCEPT_WORDS: &[&str] = &[
    "mail email message inbox sendmail reply gmail outlook mailbox newsletter recipient",
    "message chat channel slack dm room conversation discord telegram text sms whatsapp post workspace thread",
    "event calendar appointment meeting schedule reschedule reminder lunch dinner invite agenda slot \
     availability session standup call attendee participant busy free",
    "file drive folder document doc docx xlsx pdf spreadsheet content upload txt storage object blob bucket \
     attachment write save note directory disk",
    "payment pay transaction transfer money refund charge bill invoice bank account rent price cost wire fund \
     balance payout deposit withdraw iban sum debt fee subscription bills salary recipient",
    "reservation booking book reserve flight hotel trip travel ticket stay itinerary airline passenger \
     baggage bag luggage cabin seat rental car room",
    "order purchase buy item cart checkout shop product delivery package return exchange refund shipping",
    "user member customer profile account contact person people client employee guest colleague",
    "address shipping delivery street zip location city ship move",
    "issue ticket bug case support complaint request task incident helpdesk",
    "repository repo code branch pull commit merge fork file content readme typo github gitlab source",
    "stock share watchlist trade order symbol portfolio broker buy sell market invest investment position",
    "server droplet instance vm machine node host compute vps",
    "cluster kubernetes k8s pod deployment replica namespace container scale service workload",
    "tweet twitter post retweet timeline social status follow",
    "password passcode credential secret login security authentication pin",
    "login log signin oauth auth token session authenticate authentication",
    "key token apikey api access credential secret",
    "permission role access admin collaborator grant share visibility public private member owner invite",
    "firewall rule port network inbound ingress security ip",
    "domain dns record zone host hostname cname nameserver",
    "page site website web url wiki blog article webpage content",
    "task todo list checklist reminder project board card grocery item",
    "insurance policy cover coverage premium claim",
    "card credit debit visa mastercard payment cvv",
    "light lamp thermostat temperature heating door lock alarm device home scene switch blind camera",
    "song music playlist track album artist play listen",
    "photo image picture video media album avatar",
    "activity run workout exercise step training",
    "lead deal opportunity crm contact company pipeline prospect account",
    "markdown html render preview text format release notes",
    "comment reply review feedback remark note annotation",
    "star like favorite bookmark unstar follow",
    "react reaction emoji thumb thumbsup",
    "label tag category topic",
    "workflow action pipeline job run build ci deploy deployment release",
    "database table row query sql record collection",
    "backup snapshot restore volume disk image",
    "subscription plan renewal membership",
    "link url share",
    "form survey poll vote question answer",
    "status profile picture bio presence away office",
    "notification alert subscribe notify",
    "group team organization workspace department channel",
    "course student grade lesson assignment class school",
    "patient appointment doctor prescription clinic medical health",
    "car vehicle engine door fuel ride trip drive",
    "food restaurant meal recipe menu dish table delivery",
    "certificate voucher coupon gift compensation credit",
    "webhook hook callback integration event",
    "log logs trace metric monitor monitoring alert",
];
