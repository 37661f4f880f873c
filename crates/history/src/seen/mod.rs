//! The bounded history of one agent with one service.

mod lookup;

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use gaiterguard_request::opened::values_of_body;
use gaiterguard_request::{Arena, Node};
use http::HeaderMap;

use crate::created::{self, Created};
use crate::elsewhere::Evidence;
use crate::exchange::{Exchange, looked_at};
use crate::extract::{self, Extracted};
use crate::form;
use crate::hash::{HashKey, Hashed};
use crate::packed::Packed;
use crate::piece;
use crate::place::{How, Noted, Passed, Place, Places};
use crate::seal::{Seal, Unsealed};
use crate::sent::{self, Sent};

pub use lookup::SeenAt;

/// The most characters of a call that are kept: two lines on a card.
const CALL_CHARS_MAX: usize = 160;

/// About how many bytes a value takes: its hash and its places, and its hash with its response.
const VALUE_BYTES: usize = 80;

/// How much is kept, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most forms of values.
    pub values_max: usize,
    /// The most bytes of pieces.
    pub pieces_bytes_max: usize,
    /// How many seconds a value counts as seen.
    pub seconds_max: u64,
}

impl Default for Limits {
    /// 20,000 values and 2 MiB of pieces, which is some hundred pages of lists, for a day.
    fn default() -> Self {
        Self {
            values_max: 20_000,
            pieces_bytes_max: 2 << 20,
            seconds_max: 24 * 3_600,
        }
    }
}

/// The values that one agent was shown by one service, created there, or sent with approval. Values are
/// kept as keyed hashes, excerpts of objects are sealed. The oldest responses are dropped first.
pub struct Seen {
    key: HashKey,
    seal: Arc<dyn Seal>,
    limits: Limits,
    places: HashMap<u128, Places, Hashed>,
    responses: VecDeque<Response>,
    /// The number of the first response that is kept.
    first: u32,
    pieces_bytes: usize,
    sent: HashSet<u128, Hashed>,
    sent_order: VecDeque<(u128, u64)>,
    /// The time until which a response may repeat data that the agent sent and the gateway did not read.
    blind_until: u64,
    newest: u64,
}

/// One response, or one approved request.
#[derive(Debug)]
struct Response {
    at: u64,
    packed: Packed,
    hashes: Vec<u128>,
}

impl Seen {
    /// Creates an empty history. The key must be random.
    pub fn new(key: HashKey, seal: Arc<dyn Seal>, limits: Limits) -> Self {
        Self {
            key,
            seal,
            limits,
            places: HashMap::default(),
            responses: VecDeque::new(),
            first: 0,
            pieces_bytes: 0,
            sent: HashSet::default(),
            sent_order: VecDeque::new(),
            blind_until: 0,
            newest: 0,
        }
    }

    /// Creates a history from calls for evaluations, each with method, path with query, status and body
    /// of the response. Their requests are unknown, and all happened at the same moment.
    pub fn from_calls<M, P, B>(calls: impl IntoIterator<Item = (M, P, u16, B)>) -> Self
    where
        M: AsRef<str>,
        P: AsRef<str>,
        B: AsRef<[u8]>,
    {
        let mut seen = Self::new(HashKey::new([0; 16]), Arc::new(Unsealed), Limits::default());
        let headers = HeaderMap::new();
        for (method, path, status, body) in calls {
            let exchange = Exchange {
                method: method.as_ref(),
                path: path.as_ref(),
                request_headers: &headers,
                request_body: None,
                is_approved: false,
                status,
                headers: &headers,
                body: body.as_ref(),
            };
            seen.add(&exchange, 0, None);
        }
        seen
    }

    /// Records an exchange, and returns what other processes should know of it. `now` is the time in
    /// seconds since 1970.
    pub fn record(&mut self, exchange: &Exchange<'_>, now: u64) -> Vec<Noted> {
        self.add(exchange, now, Some(now))
    }

    /// Notes that the agent sends data that is not read, for example through a WebSocket. A response may
    /// repeat it, so from then on only the ids of objects are kept.
    pub fn note_unread(&mut self, now: u64) {
        self.blind_until = now.saturating_add(self.limits.seconds_max);
    }

    /// Drops what is older than the limits say.
    pub fn expire(&mut self, now: u64) {
        let oldest = now.saturating_sub(self.limits.seconds_max);
        while self
            .responses
            .front()
            .is_some_and(|response| response.at < oldest)
        {
            self.evict();
        }
        while let Some((hash, at)) = self.sent_order.front()
            && *at < oldest
        {
            self.sent.remove(hash);
            self.sent_order.pop_front();
        }
    }

    /// Drops everything. The record of what the agent had sent is lost too, so later responses may repeat
    /// the agent's own values.
    pub fn forget(&mut self, now: u64) {
        self.clear();
        self.sent = HashSet::default();
        self.sent_order = VecDeque::new();
        self.note_unread(now);
    }

    /// Returns whether it holds nothing and distrusts nothing at a time in seconds since 1970.
    pub fn is_like_new(&self, now: u64) -> bool {
        self.is_empty() && self.blind_until <= now
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.responses.is_empty() && self.sent.is_empty()
    }

    /// Returns the approximate number of bytes of memory that it uses.
    pub fn bytes(&self) -> usize {
        self.pieces_bytes
            + self.places.len() * VALUE_BYTES
            + self.sent.len() * size_of::<[u128; 3]>()
    }

    fn add(&mut self, exchange: &Exchange<'_>, now: u64, clock: Option<u64>) -> Vec<Noted> {
        let mut noted = Vec::new();
        self.newest = self.newest.max(now);
        self.expire(now);
        let arena = Arena::default();
        let request = sent::body_of(exchange, &arena);
        let reads = exchange.is_safe() || created::graphql_changes(&request) == Some(false);
        let sent = Sent::of(exchange, &request, &self.key);
        if exchange.is_approved {
            if exchange.succeeded() {
                self.approve(exchange, &request, now, &mut noted);
            }
        } else if !reads && exchange.request_body.is_some() {
            self.note_sent(&sent, now, &mut noted);
            if sent.is_cut() {
                self.note_unread(now);
            }
        }
        // A response that cannot be compared with the request may be an echo of it.
        if !exchange.succeeded() || sent.is_cut() {
            return noted;
        }
        let response = values_of_body(exchange.headers, looked_at(exchange.body), &arena);
        let mut extracted = extract::of(&response, &self.key, &sent);
        let created = created::by(exchange, &request, &response, &sent, &self.key, clock);
        let created = self.unseen(created);
        if !exchange.is_approved {
            self.drop_echoes(&mut extracted, &sent, exchange, reads);
        }
        let how = if reads { Passed::Read } else { Passed::Written };
        self.keep(exchange, extracted, &created, now, how, &mut noted);
        noted
    }

    /// Notes what an agent sent before anyone else showed it, so that it is not evidence later.
    fn note_sent(&mut self, sent: &Sent, now: u64, noted: &mut Vec<Noted>) {
        for hash in sent.hashes() {
            if !self.places.contains_key(&hash) && self.sent.insert(hash) {
                self.sent_order.push_back((hash, now));
                let evidence = Evidence::Sent;
                noted.push(Noted { hash, evidence });
            }
        }
        while self.sent_order.len() > self.limits.values_max
            && let Some((hash, _)) = self.sent_order.pop_front()
        {
            self.sent.remove(&hash);
            self.note_unread(now);
        }
    }

    /// Records the values of a request that a human approved: they are evidence from then on, even if the
    /// agent made them up.
    fn approve(
        &mut self,
        exchange: &Exchange<'_>,
        request: &[Node<'_>],
        now: u64,
        noted: &mut Vec<Noted>,
    ) {
        let nothing = Sent::default();
        let arena = Arena::default();
        let mut nodes = request.to_vec();
        nodes.extend(Node::parse_form(exchange.query().as_bytes(), &arena).ok());
        let mut extracted = extract::of(&nodes, &self.key, &nothing);
        let path = exchange.plain_path();
        let named = |form: &str| extract::Found {
            hash: self.key.hash(form),
            piece: None,
            is_own: false,
            is_given: false,
            is_confirmed: true,
        };
        form::of_whole(path, &mut |form| extracted.values.push(named(form)));
        form::of_inner(path, &mut |form| extracted.values.push(named(form)));
        for found in &extracted.values {
            self.sent.remove(&found.hash);
        }
        let nothing = Created::default();
        self.keep(exchange, extracted, &nothing, now, Passed::Approved, noted);
    }

    /// Removes values that were known before the request that seems to have created them.
    fn unseen(&self, mut created: Created) -> Created {
        let is_new = |hash: &u128| !self.places.contains_key(hash) && !self.sent.contains(hash);
        if created
            .hashes
            .iter()
            .any(|hash| self.places.contains_key(hash))
        {
            return Created::default();
        }
        created.hashes.retain(is_new);
        created.paths.retain(|hash| !self.places.contains_key(hash));
        created
    }

    /// Removes the values that the agent itself sent, in this request or before.
    fn drop_echoes(
        &self,
        extracted: &mut Extracted,
        sent: &Sent,
        exchange: &Exchange<'_>,
        reads: bool,
    ) {
        // Where the request is not known, nothing is known to be an echo but its path.
        let is_known = exchange.request_body.is_some() || exchange.is_safe();
        extracted.values.retain(|found| {
            if self.blind_until > self.newest || self.sent.contains(&found.hash) {
                return reads && found.is_certain();
            }
            !is_known || !sent.contains(found.hash) || (reads && found.is_confirmed)
        });
    }

    /// Stores the values of a response under their hashes, and drops the oldest responses beyond the limits.
    fn keep(
        &mut self,
        exchange: &Exchange<'_>,
        mut extracted: Extracted,
        created: &Created,
        now: u64,
        passed: Passed,
        noted: &mut Vec<Noted>,
    ) {
        let values = std::mem::take(&mut extracted.values);
        if values.is_empty() && created.hashes.is_empty() && created.paths.is_empty() {
            return;
        }
        let Some(packed) = Packed::seal(&call_of(exchange), extracted, &*self.seal) else {
            return;
        };
        // The numbers of responses start again long before they could overflow.
        let (Ok(count), false) = (
            u32::try_from(self.responses.len()),
            self.first > u32::MAX / 2,
        ) else {
            return self.clear();
        };
        let response = self.first + count;
        let mut hashes = Vec::with_capacity(values.len());
        let mut top = None;
        for found in &values {
            let piece = found.piece.unwrap_or(u32::MAX);
            let is_created = created.hashes.contains(&found.hash);
            top = top.or(found.piece.filter(|_| is_created));
            let (how, evidence) = how_shown(found, passed, is_created);
            let hash = found.hash;
            noted.push(Noted { hash, evidence });
            self.place(hash, how, Place { response, piece });
            hashes.push(hash);
        }
        let piece = top.unwrap_or_default();
        for hash in created.hashes.iter().chain(&created.paths) {
            self.place(*hash, How::Created, Place { response, piece });
            hashes.push(*hash);
            let (hash, evidence) = (*hash, Evidence::Created);
            noted.push(Noted { hash, evidence });
        }
        hashes.sort_unstable();
        hashes.dedup();
        hashes.shrink_to_fit();
        self.pieces_bytes += packed.bytes();
        let at = now;
        self.responses.push_back(Response { at, packed, hashes });
        while self.responses.len() > 1
            && (self.places.len() > self.limits.values_max
                || self.pieces_bytes > self.limits.pieces_bytes_max)
        {
            self.evict();
        }
    }

    /// Records a place. The first one in a response counts, and a stronger kind is never replaced by a
    /// weaker one.
    fn place(&mut self, hash: u128, how: How, place: Place) {
        let places = self.places.entry(hash).or_default();
        let slot = &mut places[how as usize];
        if slot.is_none_or(|old| old.response != place.response) {
            *slot = Some(place);
        }
    }

    /// Drops the oldest response.
    fn evict(&mut self) {
        let Some(response) = self.responses.pop_front() else {
            return;
        };
        for hash in response.hashes {
            if let Some(places) = self.places.get_mut(&hash) {
                for slot in places.iter_mut() {
                    if slot.is_some_and(|place| place.response == self.first) {
                        *slot = None;
                    }
                }
                if places.iter().all(Option::is_none) {
                    self.places.remove(&hash);
                }
            }
        }
        self.pieces_bytes -= response.packed.bytes();
        self.first += 1;
    }

    fn clear(&mut self) {
        self.places = HashMap::default();
        self.responses = VecDeque::new();
        self.pieces_bytes = 0;
        self.first = 0;
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Seen")
            .field("values", &self.places.len())
            .field("responses", &self.responses.len())
            .finish_non_exhaustive()
    }
}

/// Returns how a response contains a value, and what that is evidence of for other processes.
fn how_shown(found: &extract::Found, passed: Passed, is_created: bool) -> (How, Evidence) {
    match passed {
        Passed::Approved => (How::Approved, Evidence::Approved),
        _ if is_created => (How::Created, Evidence::Created),
        Passed::Read if found.is_own && found.is_certain() => (How::Own, Evidence::ShownAsId),
        _ if found.is_own => (How::Own, Evidence::Shown),
        _ => (How::Mentioned, Evidence::Shown),
    }
}

/// A call as people read it: `GET /conversations.list`.
fn call_of(exchange: &Exchange<'_>) -> String {
    let path = piece::cut(&form::decoded(exchange.plain_path()));
    let call = format!("{} {path}", exchange.method);
    call.chars().take(CALL_CHARS_MAX).collect()
}
