//! Full-text search over sections and operations: an inverted index weighed by BM25.

use std::collections::HashMap;

use super::words;

/// How much a word counts that is repeated, and how much the length of a text.
const SATURATION: f32 = 1.2;
const LENGTH_SHARE: f32 = 0.75;

/// The most words of a query that are looked up.
const QUERY_WORDS_MAX: usize = 256;

/// The most entries of an index; texts beyond it are not found.
const POSTINGS_MAX: usize = 4_000_000;

/// Words that stand everywhere and tell nothing.
const STOP: [&str; 40] = [
    "the", "of", "to", "and", "in", "is", "it", "for", "an", "or", "be", "by", "on", "with",
    "that", "this", "as", "are", "from", "at", "if", "can", "will", "you", "your", "not", "must",
    "when", "which", "has", "have", "its", "api", "http", "true", "false", "value", "string",
    "object", "type",
];

/// An index of texts, which it knows by number.
#[derive(Debug, Default)]
pub(super) struct TextIndex {
    words: HashMap<Box<str>, Vec<(u32, f32)>>,
    lengths: Vec<f32>,
    total: f32,
    postings: usize,
}

impl TextIndex {
    /// Adds a text with its parts and how much a word in each part counts; its number is the
    /// number of those that were added before.
    pub(super) fn add(&mut self, parts: &[(&str, f32)]) {
        let number = u32::try_from(self.lengths.len()).unwrap_or(u32::MAX);
        let mut counts: HashMap<String, f32> = HashMap::new();
        let mut length = 0.0;
        for (text, weight) in parts {
            for word in words::of(text) {
                if !STOP.contains(&word.as_str()) {
                    *counts.entry(word).or_default() += weight;
                    length += 1.0;
                }
            }
        }
        self.lengths.push(length);
        self.total += length;
        for (word, count) in counts {
            if self.postings == POSTINGS_MAX {
                break;
            }
            self.postings += 1;
            self.words
                .entry(word.into())
                .or_default()
                .push((number, count));
        }
    }

    /// The texts that fit a query best, and how well.
    #[expect(
        clippy::cast_precision_loss,
        reason = "weights need no more digits than a float has"
    )]
    pub(super) fn search(&self, query: &str, limit: usize) -> Vec<(usize, f32)> {
        let mut asked = words::of(query);
        asked.sort_unstable();
        asked.dedup();
        let texts = self.lengths.len() as f32;
        let average = (self.total / texts).max(1.0);
        let mut scores: HashMap<u32, f32> = HashMap::new();
        for word in asked.iter().take(QUERY_WORDS_MAX) {
            let Some(places) = self.words.get(word.as_str()) else {
                continue;
            };
            let having = places.len() as f32;
            let rarity = (1.0 + (texts - having + 0.5) / (having + 0.5)).ln();
            for (number, count) in places {
                let length = self.lengths[*number as usize] / average;
                let norm = SATURATION * (1.0 - LENGTH_SHARE + LENGTH_SHARE * length);
                *scores.entry(*number).or_default() +=
                    rarity * count * (SATURATION + 1.0) / (count + norm);
            }
        }
        let mut best: Vec<(usize, f32)> = scores
            .into_iter()
            .map(|(number, score)| (number as usize, score))
            .collect();
        best.sort_by(|(a, one), (b, other)| other.total_cmp(one).then(a.cmp(b)));
        best.truncate(limit);
        best
    }
}
