//! Searching what a body decodes to, layer by layer, while it arrives.

use bytes::Bytes;

use crate::compressed::{Coding, Decoder, LAYERS_MAX};

/// How many bytes tell whether a body is compressed.
const BEGINNING_BYTES: usize = 3;

/// How much is decoded at once, in bytes. It decodes to at most a thousand times as much.
const PIECE_BYTES: usize = 4096;

/// A search in a text that arrives in pieces.
pub trait Search {
    /// Takes the next piece. True if what is looked for has been found.
    fn finds(&mut self, piece: Bytes, is_last: bool) -> bool;

    /// Whether the text so far ends with what may become it.
    fn is_undecided(&self) -> bool;

    /// The same search, in another text.
    #[must_use]
    fn begin_again(&self) -> Self;
}

/// A search in what a body decodes to, and in what that decodes to.
pub struct Layers<S> {
    search: S,
    depth_left: usize,
    /// What the body is taken for where it does not begin like a compressed one.
    otherwise: Option<Coding>,
    state: State<S>,
}

enum State<S> {
    /// Too little has arrived to know.
    Unknown(Vec<u8>),
    /// It is compressed.
    Decoding(Box<Decoding<S>>),
    /// It is not compressed, or not any more, or all that is looked at has been decoded.
    Over,
}

struct Decoding<S> {
    decoder: Decoder,
    text: S,
    /// The search in what it decodes to, which may be compressed as well.
    inner: Option<Layers<S>>,
}

impl<S: Search> Layers<S> {
    /// A search in a body that `otherwise` is the coding of, where a label says so and nothing else
    /// could.
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

    /// Whether the body is not compressed, or what follows is not.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Whether the next piece is or begins something compressed.
    pub fn decodes(&self, piece: &[u8]) -> bool {
        match &self.state {
            State::Unknown(beginning) => {
                !beginning.is_empty() || self.otherwise.is_some() || Coding::of(piece).is_some()
            }
            State::Decoding(_) => true,
            State::Over => false,
        }
    }

    /// Whether a text that was decoded ends with what may be the beginning of what is looked for.
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

    /// Takes the next piece. True if what is looked for lies in what it decodes to. No more than
    /// `bytes_left` are decoded, which becomes less.
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
        // The layer that only the label tells may be further in.
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
