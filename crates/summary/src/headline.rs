//! The headline: verb, object, amount, recipient, and the beginning of the content, in the order that
//! fits the effect.

use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::effect_of_call;

use crate::acts::ACT_WRAPPERS;
use crate::calls::{Call, Calls, is_bulk_act};
use crate::code::is_code_fact;
use crate::compound;
use crate::fact::{FactKind, Ranked, Weight};
use crate::items::ItemList;
use crate::kind::receives;
use crate::line::{
    CONTENT_CHARS_MAX, LINES_MAX, Line, NAMED_MAX, Part, Room, VALUE_CHARS_MAX, lines,
};
use crate::statement::Statement;
use crate::total::Total;
use crate::verb::Phrase;
use crate::words::{capitalized, is_in, is_verb, noun_of, plural, singular, spaced, words};

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

    /// Returns the different acts of a long batch, each with how often it appears, those that delete first.
    fn mixture(&self) -> Option<Vec<&(String, usize)>> {
        let says_little = self.phrase.is_mild()
            || self.phrase.verb.starts_with("Bulk ")
            || is_in("Batch Mutate Patch Process Run Send", &self.phrase.verb);
        let is_long = self.calls.is_batch && self.calls.count > NAMED_MAX;
        if !is_long || self.calls.are_requests || self.calls.acts.len() < 2 || !says_little {
            return None;
        }
        let is_act = |(act, _): &(String, usize)| {
            is_verb(act) || is_bulk_act(act) || is_in("patch post put write", act)
        };
        let mut acts: Vec<&(String, usize)> = self.calls.acts.iter().collect();
        acts.sort_by_key(|(act, _)| effect_of_call(act) != Some(Effect::Delete));
        self.calls.acts.iter().all(is_act).then_some(acts)
    }

    /// Writes a long batch by its acts: `Delete c-7, update 11 products`.
    fn mixed(&self, line: &mut Line, acts: &[&(String, usize)]) {
        let noun = self
            .phrase
            .noun
            .as_deref()
            .map(singular)
            .unwrap_or_default();
        let own = noun.strip_prefix("bulk ").unwrap_or(&noun);
        let is_general = own.is_empty()
            || is_in(
                "batch bulk change command item mutation operation",
                own.rsplit(' ').next().unwrap_or_default(),
            );
        for (number, (act, count)) in acts.iter().enumerate() {
            let act = if number == 0 {
                capitalized(act)
            } else {
                format!(", {act}")
            };
            line.own(&act);
            let mut calls = self.calls.named.iter();
            let only = calls
                .find(|call| call.name.eq_ignore_ascii_case(act.trim_start_matches(", ")))
                .filter(|_| *count == 1);
            match only.and_then(|call| call.object.as_deref()) {
                Some(object) => {
                    line.own(" ");
                    line.text(object, false, VALUE_CHARS_MAX);
                }
                None if *count == 1 => line.own(" 1 item"),
                None => line.own(&format!(" {count} items")),
            }
        }
        if !is_general {
            line.own(&format!(" in {own}"));
        }
        Self::belongs_to(line, &self.names());
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
        let belongs_to_object = self.calls.is_batch
            && !self.calls.are_requests
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

    /// Writes a request that evaluates code. The code comes first: it may do anything.
    fn evaluation(&self, line: &mut Line, noun: &str) {
        line.own("Evaluate ");
        line.own(noun);
        let is_said = is_in("Eval Evaluate Execute Run", &self.phrase.verb);
        if !is_said {
            line.own(&format!(" ({}", self.phrase.verb.to_lowercase()));
            line.noun(self.phrase.noun.as_deref());
            line.own(")");
        }
        Self::belongs_to(line, &self.names());
        let code = self
            .of_kind(FactKind::Command)
            .find(|one| is_code_fact(one.fact.kind, &one.fact.name));
        if let Some(code) = code {
            line.own(": “");
            line.value(code, CONTENT_CHARS_MAX);
            line.own("”");
        }
        let kinds = [&[FactKind::Amount, FactKind::Recipient], DETAILS].concat();
        self.details(line, &kinds);
    }

    /// Writes a request that runs a database statement, which says itself what it does to which table.
    fn run(&self, line: &mut Line, statement: &Statement) {
        line.own("Run SQL: ");
        line.excerpt(&statement.text);
        if statement.is_for_all {
            line.own(" (no WHERE: every row)");
        }
        if statement.count > 1 {
            line.own(&format!(" (one of {} statements)", statement.count));
        }
        Self::belongs_to(line, &self.names());
        let said = self
            .facts
            .iter()
            .find(|one| one.fact.location == statement.location);
        let kinds = [&[FactKind::Amount, FactKind::Recipient], DETAILS].concat();
        self.details_but(line, &kinds, said.map(|one| &*one.fact.name));
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

    /// Writes a request that consists of calls.
    fn all_calls(&self, line: &mut Line) {
        if let (Effect::Pay, [call], Some(amount)) = (
            self.effect,
            &*self.calls.named,
            self.first(FactKind::Amount),
        ) && self.calls.count == 1
        {
            self.paying_call(line, &call.name, amount);
            return;
        }
        match (self.effect, &*self.calls.named) {
            (Effect::Read, _) => line.own("Read "),
            (_, [call]) if self.calls.count == 1 && called(line, call) => {}
            (_, [_]) => line.own("Run "),
            _ => line.own(&format!("Run {} calls: ", self.calls.count)),
        }
        if line.parts.last().is_none_or(|part| !part.is_value) {
            self.named_calls(line);
        }
        if !self.calls.are_requests {
            Self::belongs_to(line, &self.names());
        }
        if let Some(amount) = self.first(FactKind::Amount) {
            self.amounts(line, " · ", amount);
        }
        let recipients: Vec<&Ranked> = self.of_kind(FactKind::Recipient).collect();
        let reaches = matches!(
            self.effect,
            Effect::Pay | Effect::Access | Effect::ShareOutside
        );
        if reaches || recipients.iter().any(|one| receives(&one.fact.name)) {
            line.recipients(" to ", &recipients);
            self.details(line, DETAILS);
        } else {
            // Who is deleted gets nothing.
            self.details(line, &[&[FactKind::Recipient], DETAILS].concat());
        }
    }

    /// Appends the first different calls, with how often each appears, and counts the others.
    fn named_calls(&self, line: &mut Line) {
        let mut named = 0;
        let mut before = "";
        let mut said = "";
        let mut calls: Vec<_> = self.calls.named.iter().collect();
        // The gravest is first, unless the values that follow would then seem to be those of another one.
        if self.calls.is_ordered && calls.len() <= NAMED_MAX {
            calls.sort_by_key(|call| call.order);
        }
        for (number, call) in calls.into_iter().take(NAMED_MAX).enumerate() {
            if number > 0 {
                line.own(", ");
            }
            if call.times > 1 {
                line.own(&format!("{} × ", call.times));
            }
            // Requests to one collection differ in their ends only: `PUT /tasks/1, 2, 3`.
            let folder = call.name.rfind('/').map_or("", |at| &call.name[..=at]);
            let is_same = number > 0 && folder == before && folder.contains(" /");
            let shown = if is_same {
                &call.name[folder.len()..]
            } else {
                &*call.name
            };
            // An act on several objects is said once: `update on 5, 6`.
            let is_said = number > 0 && call.object.is_some() && call.name == said;
            if !is_said {
                line.text(shown, false, VALUE_CHARS_MAX);
            }
            before = folder;
            said = &call.name;
            if let Some(object) = &call.object {
                line.own(if is_said { "" } else { " on " });
                line.text(object, false, VALUE_CHARS_MAX);
            }
            named += call.times;
        }
        if self.calls.count > named {
            line.own(&format!(" and {} more", self.calls.count - named));
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

    /// Returns the verb of the commands of a list if all of them do the same to an object of the path, and what
    /// they are about: `Delete` for a change of DNS records that only deletes.
    fn batched(&self) -> Option<(String, Vec<&str>)> {
        let first = self.calls.named.first().filter(|_| self.calls.is_batch)?;
        let verb = first.name.to_ascii_lowercase();
        let is_one = self
            .calls
            .named
            .iter()
            .all(|call| call.name.eq_ignore_ascii_case(&verb));
        let says_little = self.phrase.is_mild() || is_in("Mutate Patch Process", &self.phrase.verb);
        if !is_one || !says_little || !is_verb(&verb) || self.calls.are_requests {
            return None;
        }
        let objects: Vec<&str> = self
            .calls
            .named
            .iter()
            .filter_map(|call| call.object.as_deref())
            .collect();
        let is_whole = objects.len() == self.calls.count;
        Some((
            capitalized(&verb),
            if is_whole { objects } else { Vec::new() },
        ))
    }

    /// Returns how many objects of the path's collection the body lists by their identifiers.
    fn listed_objects(&self) -> Option<usize> {
        let noun = self.phrase.noun.as_deref().map(singular)?;
        let ids = self.facts.iter().find(|one| {
            let own = spaced(one.fact.name.rsplit('.').next().unwrap_or_default());
            let last = own.rsplit(' ').next().unwrap_or_default();
            let is_own = noun.rsplit(' ').next() == Some(&singular(last)) && singular(last) != last;
            let is_of_bulk = own == "id" && one.total > 1 && self.phrase.verb.starts_with("Bulk ");
            is_in("ids keys names paths uuids", last)
                || is_own && !one.fact.name.contains('.')
                || is_of_bulk
        })?;
        // A query may have them in one value: `ids=1,2,3`.
        let parts = ids.fact.value.split(',').count();
        let count = if ids.total == 1 && !ids.fact.is_cut {
            parts
        } else {
            ids.total
        };
        (count > 1).then_some(count)
    }

    /// Returns the objects that the path names, the last one first, as the facts list them.
    pub(crate) fn names(&self) -> Vec<&Ranked> {
        // Some APIs write the caller as a dash.
        let says_something = |one: &&Ranked| one.fact.value.chars().any(char::is_alphanumeric);
        self.of_kind(FactKind::Target)
            .filter(|one| self.phrase.takes_name || says_something(one))
            .collect()
    }

    /// Appends the thing that the verb is about.
    pub(crate) fn object(&self, line: &mut Line) {
        let names = self.names();
        let object = names.first().filter(|_| self.phrase.takes_name);
        let noun = self.phrase.noun.as_deref();
        if let Some(noun) = noun.filter(|_| object.is_none()) {
            // The documents may say it, too: "Remove all things".
            let said = ["all ", "every "];
            let one = said.iter().find_map(|said| noun.strip_prefix(said));
            let nouns = || plural(&singular(one.unwrap_or(noun)));
            if self.phrase.is_for_all {
                line.own(&format!(" all {}", nouns()));
                return;
            }
            if let Some(count) = self.counted.or_else(|| self.listed_objects()) {
                line.own(&format!(" {count} {}", nouns()));
                return;
            }
        }
        // The name of a file says what it is.
        let is_file =
            |object: &&Ranked| noun.is_some_and(is_file_noun) && is_file_name(&object.fact.value);
        if !object.is_some_and(is_file) {
            if let Some(kind) = self.kind_of_thing().filter(|_| noun.is_some()) {
                line.own(" ");
                line.value(kind, VALUE_CHARS_MAX);
            }
            line.noun(noun);
        }
        if let Some(object) = object {
            line.own(" ");
            line.value(object, VALUE_CHARS_MAX);
        }
    }

    /// Returns the value that says of which kind the thing is, if it is written like a code: `MX`, `LIMIT`.
    pub(crate) fn kind_of_thing(&self) -> Option<&Ranked> {
        const CODE_CHARS_MAX: usize = 8;
        self.facts.iter().find(|one| {
            let code = &one.fact.value;
            one.fact.location == "body/type"
                && code.len() <= CODE_CHARS_MAX
                && code.bytes().all(|byte| byte.is_ascii_uppercase())
        })
    }

    /// Appends the objects that the thing belongs to.
    pub(crate) fn context(&self, line: &mut Line) {
        let names = self.names();
        if self.phrase.takes_name {
            line.within(names.get(1..).unwrap_or_default());
        } else if self.phrase.is_part()
            && let Some((nearest, context)) = names.split_first()
        {
            let noun = noun_of(&nearest.fact.name);
            // "Publish entry e7", not "Publish entry of entry e7".
            if self.phrase.noun.as_deref().map(singular) != Some(singular(&noun)) {
                line.own(" of");
                line.noun(Some(&*noun).filter(|noun| !noun.is_empty()));
            }
            line.own(" ");
            line.value(nearest, VALUE_CHARS_MAX);
            line.within(context);
        } else {
            Self::belongs_to(line, &names);
        }
    }

    /// Appends the object that the thing belongs to, and where that is.
    fn belongs_to(line: &mut Line, names: &[&Ranked]) {
        // A pair such as owner and repository says enough only together.
        match names.split_first() {
            Some((nearest, context)) if !nearest.fact.name.is_empty() => {
                if line.room.names(nearest) {
                    line.detail(nearest);
                }
                line.within(context);
            }
            _ => line.within(names),
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

/// Writes a call as the act that its name says, with the verb first: `deleteRoom` and `roomDelete` as `Delete room`;
/// returns whether it says one.
fn called(line: &mut Line, call: &Call) -> bool {
    if call.name.contains(['/', ' ', '.', ':']) {
        return false;
    }
    let all: Vec<String> = words(&call.name).collect();
    let (verb, rest) = match &*all {
        [first, rest @ ..] if is_verb(first) && !rest.is_empty() => (first, rest),
        [rest @ .., last]
            if is_verb(last) && !rest.is_empty() && !compound::is_noun(&call.name) =>
        {
            (last, rest)
        }
        _ => return false,
    };
    line.own(&capitalized(verb));
    line.own(" ");
    line.text(&rest.join(" "), false, VALUE_CHARS_MAX);
    if let Some(object) = &call.object {
        line.own(" on ");
        line.text(object, false, VALUE_CHARS_MAX);
    }
    true
}

/// Whether a noun is one for files, or for places that hold them.
fn is_file_noun(noun: &str) -> bool {
    const NOUNS: &str = "file content blob object path tree document attachment asset upload";
    let last = noun.rsplit(' ').next().unwrap_or_default();
    is_in(NOUNS, last)
}

/// Whether a value is written like the path or the name of a file. Domain names are written alike.
fn is_file_name(value: &str) -> bool {
    let file = value.rsplit('/').next().unwrap_or_default();
    let ending = file.rsplit_once('.').map(|(_, ending)| ending);
    value.contains('/')
        || ending.is_some_and(|ending| {
            (1..=5).contains(&ending.len())
                && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && ending.bytes().any(|byte| byte.is_ascii_alphabetic())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_noun_and_its_name() {
        for (noun, value, expected) in [
            ("file", "q16.txt", true),
            ("file", "reports/q16", true),
            ("content", "song.mp3", true),
            ("shared document", "a.b.pdf", true),
            ("domain", "example.com", false),
            ("host", "db.prod.example.com", false),
            ("repository", "acme/site", false),
            ("queue", "orders.dlq", false),
            ("file", "file_123", false),
            ("file", "report-1.5", false),
            ("file", "1.0.0-2024-11-03", false),
            ("document", "d8f7a6b5c4", false),
        ] {
            let found = is_file_noun(noun) && is_file_name(value);
            assert_eq!(found, expected, "{noun} {value}");
        }
    }
}
