//! The headline: verb, object, amount, recipient, and the beginning of the content, in the order that
//! fits the effect.

mod batch;
mod calls;
mod object;
mod run;
mod token;

use gaiterguard_domain::effect::Effect;

use crate::acts::ACT_WRAPPERS;
use crate::calldata::TokenCall;
use crate::calls::Calls;
use crate::fact::{FactKind, Ranked, Weight};
use crate::items::ItemList;
use crate::line::{CONTENT_CHARS_MAX, LINES_MAX, Line, Part, Room, lines};
use crate::statement::Statement;
use crate::total::Total;
use crate::verb::Phrase;
use crate::words::{is_in, noun_of, plural, singular, spaced, words};

/// The location of the header that says where something is moved or copied to (RFC 4918, section 10.3).
pub(crate) const DESTINATION: &str = "header/destination";

/// The most lines of a headline that names the long identifiers of places.
const PLACES_LINES_MAX: usize = 4;

/// The kinds of other values, the most important first.
pub(crate) const DETAILS: &[FactKind] = &[
    FactKind::Command,
    FactKind::Access,
    FactKind::Link,
    FactKind::Account,
    FactKind::Quantity,
    FactKind::Object,
    FactKind::Date,
    FactKind::Content,
    FactKind::Other,
];

/// The content of a headline.
pub(crate) struct Headline<'a> {
    pub(crate) phrase: Phrase,
    pub(crate) effect: Effect,
    /// Whether a switch in the request turns it into one that destroys.
    pub(crate) destroys: bool,
    /// The noun of the code that the request evaluates.
    pub(crate) evaluated: Option<String>,
    pub(crate) facts: &'a [Ranked],
    /// The lists of the request, whose items have lines of their own.
    pub(crate) items: &'a [ItemList],
    /// The group of the values that the items of each list are known by.
    pub(crate) known_by: Vec<Option<&'a str>>,
    /// The sum of several amounts.
    pub(crate) total: Option<&'a Total>,
    /// The database statement that the request runs.
    pub(crate) statement: Option<&'a Statement>,
    /// The method that it is sent with, if it asks for another one.
    pub(crate) sent_as: Option<&'a str>,
    pub(crate) calls: &'a Calls,
    /// The call of a token within the transaction that the request sends.
    pub(crate) token_call: Option<&'a TokenCall>,
    pub(crate) is_unread: bool,
    /// How many things of a list the request creates.
    pub(crate) counted: Option<usize>,
}

impl Headline<'_> {
    /// Writes the headline.
    pub(crate) fn parts(mut self) -> Vec<Part> {
        // An action that unlocks a device is not unlocked itself.
        let noun = self.phrase.noun.as_deref().unwrap_or_default();
        if is_in(ACT_WRAPPERS, noun) && !self.phrase.takes_name && self.batched().is_some() {
            let object = self.names().first().map(|name| noun_of(&name.fact.name));
            self.phrase.takes_name = object.is_some();
            self.phrase.noun = object.filter(|noun| !noun.is_empty());
        }
        self.count_created();
        let mut parts = Vec::new();
        for room in Room::ALL {
            parts = self.within(room);
            let lines_max = if room.has_places {
                PLACES_LINES_MAX
            } else {
                LINES_MAX
            };
            if lines(&parts) <= lines_max {
                break;
            }
        }
        parts
    }

    /// Finds how many things a request creates that has them in a list: at `/contacts/import`, or as the list itself.
    fn count_created(&mut self) {
        const VERBS: &str = "add create import ingest insert load post put record register submit track upload upsert write";
        const COLLECTIONS: &str = "batch bulk bulks item import imports multiple set";
        let [list] = self.items else {
            return;
        };
        let verb = self.phrase.verb.to_ascii_lowercase();
        let verb = verb.strip_prefix("bulk ").unwrap_or(&verb);
        let is_creating = self.effect != Effect::Pay && is_in(VERBS, verb);
        let is_named = self.phrase.takes_name && !self.names().is_empty();
        if !is_creating || is_named || self.calls.count > 0 {
            return;
        }
        let is_scalar = |one: &Ranked| {
            list.items
                .iter()
                .any(|item| item.location == one.fact.location)
        };
        if self.facts.iter().any(is_scalar) {
            return;
        }
        let noun = self.phrase.noun.as_deref().map(singular);
        let thing = noun.as_deref().and_then(|noun| noun.rsplit(' ').next());
        let name = singular(&spaced(&list.name));
        let is_general = thing.is_none_or(|thing| is_in(COLLECTIONS, thing));
        if is_general {
            let is_named =
                !name.is_empty() && !is_in("batch data entry object payload record value", &name);
            self.phrase.noun = Some(if is_named { name } else { "item".to_owned() });
        } else if list.location != "body" && thing != name.rsplit(' ').next() {
            return;
        }
        self.counted = Some(list.count);
    }

    /// Writes the headline with identifiers, texts and details that take as much room.
    fn within(&self, room: Room) -> Vec<Part> {
        let mut line = Line::new(room);
        if self.destroys {
            line.own("Destroy: ");
        }
        if let Some(noun) = &self.evaluated {
            self.evaluation(&mut line, noun);
            return self.ended(line);
        }
        if let Some(statement) = self.statement {
            self.run(&mut line, statement);
            return self.ended(line);
        }
        if self.token_call(&mut line) {
            return self.ended(line);
        }
        let belongs_to_object = self.calls.is_batch
            && !self.calls.are_requests()
            && (self.calls.are_writes()
                || self.batched().is_some()
                || self.mixture().is_some()
                || !self.names().is_empty());
        if self.calls.count == 0 || belongs_to_object {
            match self.effect {
                Effect::Pay => self.payment(&mut line),
                // A record of money reads like money, except that nobody gets it.
                _ if self.phrase.is_record()
                    && self.phrase.is_mild()
                    && self.first(FactKind::Amount).is_some() =>
                {
                    self.payment(&mut line);
                }
                _ => self.operation(&mut line),
            }
        } else {
            self.all_calls(&mut line);
        }
        self.ended(line)
    }

    fn ended(&self, mut line: Line) -> Vec<Part> {
        if let Some(method) = self.sent_as {
            line.own(&format!(" · sent as {method} with a method override"));
        }
        if self.is_unread {
            line.own(" · unreadable body");
        }
        line.parts
    }

    /// Appends the amounts with the name of one, and their sum.
    pub(crate) fn amounts(&self, line: &mut Line, lead: &str, one: &Ranked) {
        match self.total.filter(|total| total.group == one.group) {
            Some(total) => {
                line.own(lead);
                line.total(total);
            }
            None => line.list(lead, &self.alike(one)),
        }
    }

    fn operation(&self, line: &mut Line) {
        if self.single_change(line) {
            return;
        }
        if let Some(acts) = self.mixture() {
            self.mixed(line, &acts);
            let kinds = [&[FactKind::Amount, FactKind::Recipient], DETAILS].concat();
            self.details(line, &kinds);
            return;
        }
        let batched = self.batched();
        match &batched {
            Some((verb, _)) => line.own(verb),
            // The calls may change what is there.
            None if self.calls.are_writes()
                || self.calls.is_batch && is_in("Create Mutate", &self.phrase.verb) =>
            {
                line.own("Change");
            }
            // `POST /conversations/441/reply`.
            None if self.phrase.verb == "Reply" && self.phrase.noun.is_some() => {
                line.own("Reply to");
            }
            None => line.own(&self.phrase.verb),
        }
        let recipients: Vec<&Ranked> = self.of_kind(FactKind::Recipient).collect();
        let reaches = matches!(self.effect, Effect::ShareOutside | Effect::Access);
        if matches!(&*self.phrase.verb, "Call" | "Invite") && !recipients.is_empty() {
            line.recipients(" ", &recipients);
            Self::belongs_to(line, &self.names());
        } else {
            // `/updates:mutate` with updates says it twice.
            let noun = self.phrase.noun.as_deref().map(singular);
            let is_said = batched
                .as_ref()
                .is_some_and(|(verb, _)| noun.as_ref() == Some(&verb.to_lowercase()));
            if self.calls.are_writes() && !self.phrase.takes_name {
                let noun = self.phrase.noun.as_deref().unwrap_or_default();
                let noun = noun.strip_prefix("bulk ").unwrap_or(noun);
                line.noun(Some(&*plural(&singular(noun))).filter(|_| !noun.is_empty()));
            } else if !is_said || self.phrase.takes_name {
                self.object(line);
            }
            if let Some((_, objects)) = &batched {
                line.texts(" ", objects);
            }
            if reaches {
                let lead = if self.phrase.is_person() { " " } else { " to " };
                line.recipients(lead, &recipients);
            }
            if is_in("Copy Move", &self.phrase.verb) {
                let to = self
                    .of_kind(FactKind::Object)
                    .find(|one| one.fact.location == DESTINATION);
                line.list(" to ", &to.into_iter().collect::<Vec<_>>());
            }
            self.context(line);
        }
        if self.calls.is_batch && batched.is_none() {
            line.own(" · ");
            self.named_calls(line);
        }
        match self.effect {
            Effect::ShareOutside => {
                let kinds = &[FactKind::Link, FactKind::Amount, FactKind::Access];
                if self.first(FactKind::Content).is_some() {
                    if self.text().is_some() && line.room.details_fewer == 0 {
                        let titles = self.facts.iter().filter(|one| is_title(one));
                        self.appended(line, titles, 1, &mut Vec::new());
                    }
                    self.details(line, kinds);
                    self.content(line);
                } else {
                    self.details(line, &[kinds, DETAILS].concat());
                }
            }
            Effect::Access => self.details(line, DETAILS),
            // A new object is best known by its title.
            Effect::Create => {
                let title = &[
                    FactKind::Amount,
                    FactKind::Command,
                    FactKind::Recipient,
                    FactKind::Content,
                ][..];
                self.details(line, &[title, DETAILS].concat());
            }
            _ => self.details(
                line,
                &[&[FactKind::Amount, FactKind::Recipient], DETAILS].concat(),
            ),
        }
    }

    /// Returns the text of a message.
    fn text(&self) -> Option<&Ranked> {
        let is_text = |one: &&Ranked| {
            let name = one.fact.name.to_ascii_lowercase();
            let name = name.strip_suffix(".value").unwrap_or(&name);
            ["text", "message", "body", "content", "comment"]
                .iter()
                .any(|word| name.ends_with(word))
        };
        self.of_kind(FactKind::Content).find(is_text)
    }

    fn content(&self, line: &mut Line) {
        // A subject or a title comes before the text, which matters more.
        if let Some(content) = self.text().or_else(|| self.first(FactKind::Content)) {
            line.own(": “");
            line.value(content, CONTENT_CHARS_MAX);
            line.own("”");
        }
    }

    /// Returns the values that have the same name.
    pub(crate) fn alike(&self, one: &Ranked) -> Vec<&Ranked> {
        let alike = self.facts.iter().filter(|other| other.group == one.group);
        alike.collect()
    }

    pub(crate) fn first(&self, kind: FactKind) -> Option<&Ranked> {
        self.of_kind(kind).next()
    }

    pub(crate) fn of_kind(&self, kind: FactKind) -> impl Iterator<Item = &Ranked> {
        self.facts.iter().filter(move |one| one.fact.kind == kind)
    }
}

/// Whether a value is the title of what is created or sent.
pub(crate) fn is_title(one: &Ranked) -> bool {
    const TITLES: &str = "headline subject summary title";
    let own = one.fact.name.rsplit('.').next().unwrap_or_default();
    let last = words(own).last().unwrap_or_default();
    let is_kind = matches!(
        one.fact.kind,
        FactKind::Content | FactKind::Object | FactKind::Other
    );
    // A name deep within a request is that of something else.
    let is_name = own == one.fact.name && is_in("displayname name", &own.to_ascii_lowercase());
    is_kind && one.weight == Weight::Plain && (is_in(TITLES, &last) || is_name)
}

/// Whether a value is what something is set to or points to, written as a single word.
pub(crate) fn is_new_value(one: &Ranked) -> bool {
    const VALUES: &str = "content data destination target value";
    !one.fact.name.contains('.')
        && !one.fact.value.contains(char::is_whitespace)
        && one.weight == Weight::Plain
        && is_in(VALUES, &one.fact.name.to_ascii_lowercase())
}
