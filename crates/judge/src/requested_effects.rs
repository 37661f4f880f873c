//! The effects that an intent asks for, in several languages, and those that the words of a request
//! imply.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use gaiterguard_domain::effect::Effect;
use gaiterguard_text::words::{ByStem, Stem, stem};

use crate::intent::IntentWords;

/// A kind of effect that an intent can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Delete,
    Pay,
    Send,
    Run,
    Access,
    Publish,
}

/// A kind: its name in the table of weights; the words by which operations, names and values show it;
/// the English words that ask for it; the beginnings of words of other languages that do.
struct Kind {
    wish: Wish,
    name: &'static str,
    phrase: &'static str,
    does: &'static str,
    asked: &'static str,
    beginnings: &'static str,
}

const KINDS: [Kind; 6] = [
    Kind {
        wish: Wish::Delete,
        name: "delete",
        phrase: "deletes or cancels something",
        does: "delete remove destroy purge drop wipe erase truncate expunge unpublish terminate trash \
               empty unlink evict kick ban",
        asked: "delete remove destroy purge drop wipe erase clear clean trash bin discard rid cancel \
                unpublish expunge take dismiss undo withdraw retract revoke close archive kick ban off \
                down out gone go detach end stop reset unstar unfollow unlike unpin \
                unassign unsubscribe unshare unblock unmark disconnect disable leave",
        beginnings: "lösch entfern weg papierkorb supprim retir enlev effac annul elimin borr quit apag \
                     remov exclu cancell verwijder storn 削除 消 外 取り消 删除 取消 移除 삭제 usu",
    },
    Kind {
        wish: Wish::Pay,
        name: "pay",
        phrase: "moves money or commits to a payment",
        does: "pay payment payout refund charge transfer purchase checkout invoice order payroll payslip \
               withdraw deposit trade capture topup buy",
        asked: "pay payment refund charge transfer buy purchase order book invoice bill payout credit \
                fund subscription subscribe upgrade plan price cost tip donate settle reimburse salary \
                payroll load top sell trade quote money \
                exchange return replace swap card paypal voucher wallet baggage bag",
        beginnings: "bezahl überweis erstatt zahl rembours pay achet pag reembols compr rimbors acquist \
                     返金 支払 付款 退款 送金 발주 결제 rechnung factur fattur",
    },
    Kind {
        wish: Wish::Send,
        name: "send",
        phrase: "sends something to people",
        does: "send message mail email sms reply forward notify broadcast campaign",
        asked: "send email mail message text reply answer tell notify post tweet write let inform invite \
                remind forward announce share call ask respond comment ping say put note leave publish \
                reminder newsletter",
        beginnings: "schick send antwort schreib envoi répond envi escrib mand respond contest manda \
                     scrivi stuur 送 連絡 发 回复 通知 보내 réponse erinner",
    },
    Kind {
        wish: Wish::Run,
        name: "run",
        phrase: "runs code or changes which code runs",
        does: "deploy deployment exec execute run dispatch restart reboot rollback restore promote merge \
               migrate apply failover release",
        asked: "run deploy start restart reboot execute trigger build merge release launch rollback \
                restore apply install stop scale resize roll rerun retry test promote publish put ship \
                sync dispatch job switch turn back",
        beginnings: "ausführ starten deploy déploi lanc relanc desplieg ejecut inici lanç avvia \
                     デプロイ 実行 部署 运行 重启 再起動 배포",
    },
    Kind {
        wish: Wish::Access,
        name: "access",
        phrase: "changes access rights or credentials",
        does: "member role permission acl collaborator invite invitation grant token key secret \
               credential password policy share sharing owner admin webhook firewall",
        asked: "access role permission invite add member admin owner share token key secret password \
                credential grant revoke right lock unlock login log user account group team join allow \
                block rule firewall webhook register moderator let",
        beginnings: "zugriff recht lad einlad accès invit droit acces permis convid acesso 招待 権限 添加 \
                     访问 초대",
    },
    Kind {
        wish: Wish::Publish,
        name: "publish",
        phrase: "makes something public",
        does: "public publish anyone everyone world live",
        asked: "public publish live share link announce post everyone open visible release",
        beginnings: "öffentlich veröffentlich publi públic compart partag 公開 发布",
    },
];

static ASKED: LazyLock<ByStem<RequestedEffects>> = LazyLock::new(|| by_stem(|kind| kind.asked));
static DOES: LazyLock<ByStem<RequestedEffects>> = LazyLock::new(|| by_stem(|kind| kind.does));

/// The beginnings of words of other languages.
struct Beginnings {
    finder: AhoCorasick,
    /// The effect of each beginning, and whether its language puts spaces between words. In a language
    /// without spaces a word may begin anywhere.
    wishes: Vec<(Wish, bool)>,
}

static BEGINNINGS: LazyLock<Beginnings> = LazyLock::new(|| {
    let all = || {
        KINDS.iter().flat_map(|kind| {
            let beginnings = kind.beginnings.split_ascii_whitespace();
            beginnings.map(move |beginning| (kind.wish, beginning))
        })
    };
    let is_spaced = |text: &str| text.chars().all(|c| u32::from(c) < 0x2e80);
    Beginnings {
        finder: AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .build(all().map(|(_, beginning)| beginning))
            .expect("the list is short, so its automaton fits into memory"),
        wishes: all()
            .map(|(wish, beginning)| (wish, is_spaced(beginning)))
            .collect(),
    }
});

fn by_stem(words: impl Fn(&Kind) -> &'static str) -> ByStem<RequestedEffects> {
    let mut by_stem = ByStem::<RequestedEffects>::default();
    for kind in &KINDS {
        for word in words(kind).split_ascii_whitespace() {
            by_stem.entry(stem(word)).or_default().add(kind.wish);
        }
    }
    by_stem
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestedEffects(u8);

impl RequestedEffects {
    /// Returns the effects that an intent asks for.
    pub(crate) fn asked_in(intent: &str, intent_words: &IntentWords<'_>) -> Self {
        let mut wishes = Self::default();
        for stem in intent_words.stems() {
            wishes = wishes.with(ASKED.get(&stem).copied().unwrap_or_default());
        }
        let lower = intent.to_lowercase();
        for found in BEGINNINGS.finder.find_overlapping_iter(&lower) {
            let (wish, is_spaced) = BEGINNINGS.wishes[found.pattern().as_usize()];
            if !is_spaced || !lower[..found.start()].ends_with(char::is_alphanumeric) {
                wishes.add(wish);
            }
        }
        wishes
    }

    /// Returns the effects that a word in an operation, a name or a value implies.
    pub(crate) fn shown_by(stem: Stem) -> Self {
        DOES.get(&stem).copied().unwrap_or_default()
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn has(self, wish: Wish) -> bool {
        self.0 & 1 << wish as u8 != 0
    }

    /// Whether an effect of this kind is among them.
    pub(crate) fn asks_for(self, effect: Effect) -> bool {
        match effect {
            Effect::Delete => self.has(Wish::Delete),
            Effect::Pay => self.has(Wish::Pay),
            Effect::Access => self.has(Wish::Access),
            Effect::Code => self.has(Wish::Run),
            Effect::ShareOutside => self.has(Wish::Send) || self.has(Wish::Publish),
            Effect::Change | Effect::Create | Effect::Read => true,
        }
    }

    pub(crate) fn add(&mut self, wish: Wish) {
        self.0 |= 1 << wish as u8;
    }

    /// The names and phrases of the kinds in it.
    pub(crate) fn all(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        KINDS
            .iter()
            .filter(move |kind| self.has(kind.wish))
            .map(|kind| (kind.name, kind.phrase))
    }
}
