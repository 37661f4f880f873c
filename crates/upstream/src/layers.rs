//! Searching the decoded layers of a body while it arrives.

use bytes::Bytes;

use crate::compressed::{Coding, Decoder, LAYERS_MAX};

/// How many bytes are needed to recognize a compression.
const BEGINNING_BYTES: usize = 3;

/// How much is decoded in one step, in bytes. It decodes to at most a thousand times as much.
const PIECE_BYTES: usize = 4096;

/// A search in data that arrives in pieces.
pub trait Search {
    /// Searches the next piece. Returns true once there is a match.
    fn finds(&mut self, piece: Bytes, is_last: bool) -> bool;

    /// Returns whether the data so far ends with a possible beginning of a match.
    fn is_undecided(&self) -> bool;

    /// Returns the same search for other data.
    #[must_use]
    fn begin_again(&self) -> Self;
}

/// A search in the decoded layers of a body.
pub struct Layers<S> {
    search: S,
    depth_left: usize,
    /// The coding to assume if the body does not begin like a known one.
    otherwise: Option<Coding>,
    state: State<S>,
}

enum State<S> {
    /// Too little has arrived to recognize a compression.
    Unknown(Vec<u8>),
    /// It is compressed.
    Decoding(Box<Decoding<S>>),
    /// It is not compressed, or no longer, or every layer within the limit has been decoded.
    Over,
}

struct Decoding<S> {
    decoder: Decoder,
    text: S,
    /// The search in the next layer: the decoded data may be compressed again.
    inner: Option<Layers<S>>,
}

impl<S: Search> Layers<S> {
    /// Creates a search in a body. `otherwise` is its coding according to the headers, if only they can
    /// identify it.
    pub fn new(search: S, otherwise: Option<Coding>) -> Self {
        Self::of_layer(search, LAYERS_MAX, otherwise)
    }

    fn of_layer(search: S, depth_left: usize, otherwise: Option<Coding>) -> Self {
        Self {
            search,
            depth_left,
            otherwise,
            state: State::Unknown(Vec::new()),
        }
    }

    /// Returns whether the body is not compressed, or the rest of it is not.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Returns whether the next piece is, or begins, compressed data.
    pub fn decodes(&self, piece: &[u8]) -> bool {
        match &self.state {
            State::Unknown(beginning) => {
                !beginning.is_empty() || self.otherwise.is_some() || Coding::of(piece).is_some()
            }
            State::Decoding(_) => true,
            State::Over => false,
        }
    }

    /// Returns whether decoded data ends with a possible beginning of a match.
    pub fn is_undecided(&self) -> bool {
        match &self.state {
            State::Unknown(beginning) => !beginning.is_empty(),
            State::Decoding(decoding) => {
                decoding.text.is_undecided()
                    || decoding.inner.as_ref().is_some_and(Self::is_undecided)
            }
            State::Over => false,
        }
    }

    /// Searches the next piece. Returns true once decoded data contains a match. Decodes at most
    /// `bytes_left` bytes, and reduces it by what was decoded.
    pub fn finds(&mut self, piece: &[u8], bytes_left: &mut u64) -> bool {
        if let State::Unknown(beginning) = &mut self.state {
            beginning.extend_from_slice(&piece[..piece.len().min(BEGINNING_BYTES)]);
            if beginning.len() < BEGINNING_BYTES {
                return false;
            }
            let before = beginning
                .len()
                .saturating_sub(piece.len().min(BEGINNING_BYTES));
            let beginning = std::mem::take(beginning);
            self.state = self.begun(&beginning);
            return self.decode(&beginning[..before], bytes_left) || self.decode(piece, bytes_left);
        }
        self.decode(piece, bytes_left)
    }

    fn begun(&self, beginning: &[u8]) -> State<S> {
        let known = Coding::of(beginning);
        let Some(coding) = known.or(self.otherwise) else {
            return State::Over;
        };
        // The layer that only the headers identify may be a deeper one.
        let otherwise = self.otherwise.filter(|_| known.is_some());
        let depth_left = self.depth_left - 1;
        let inner = (depth_left > 0)
            .then(|| Self::of_layer(self.search.begin_again(), depth_left, otherwise));
        State::Decoding(Box::new(Decoding {
            decoder: Decoder::new(coding),
            text: self.search.begin_again(),
            inner,
        }))
    }

    fn decode(&mut self, bytes: &[u8], bytes_left: &mut u64) -> bool {
        for piece in bytes.chunks(PIECE_BYTES) {
            let State::Decoding(decoding) = &mut self.state else {
                return false;
            };
            let (plain, is_good) = decoding.decoder.push(piece);
            let is_too_much = plain.len() as u64 > *bytes_left;
            *bytes_left = bytes_left.saturating_sub(plain.len() as u64);
            let is_last = !is_good || is_too_much;
            let finds_inside = decoding
                .inner
                .as_mut()
                .is_some_and(|inner| inner.finds(&plain, bytes_left));
            let finds = decoding.text.finds(plain.into(), is_last) || finds_inside;
            if is_last {
                self.state = State::Over;
            }
            if finds {
                return true;
            }
        }
        false
    }
}
