//! Full-text search over sections and operations: an inverted index with BM25 ranking.

use std::collections::HashMap;

use super::words;

/// BM25's k1: how soon repeating a word stops raising the score. This is the usual value.
const SATURATION: f32 = 1.2;

/// BM25's b: how much a text's length lowers its score. This is the usual value.
const LENGTH_SHARE: f32 = 0.75;

/// The limit on the words of a query. Each costs a lookup and a pass over its postings.
const QUERY_WORDS_MAX: usize = 256;

/// The limit on the entries of an index, which bounds its memory. Texts beyond it are not found.
const POSTINGS_MAX: usize = 4_000_000;

/// Stop words: too common in API documentation to distinguish one text from another.
const STOP: [&str; 40] = [
    "the", "of", "to", "and", "in", "is", "it", "for", "an", "or", "be", "by", "on", "with",
    "that", "this", "as", "are", "from", "at", "if", "can", "will", "you", "your", "not", "must",
    "when", "which", "has", "have", "its", "api", "http", "true", "false", "value", "string",
    "object", "type",
];

/// An index of numbered texts.
#[derive(Debug, Default)]
pub(super) struct TextIndex {
    words: HashMap<Box<str>, Vec<(u32, f32)>>,
    lengths: Vec<f32>,
    total_length: f32,
    postings: usize,
}

impl TextIndex {
    /// Adds a text, given its parts and the weight of a word in each part. Texts are numbered in
    /// the order in which they are added.
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
        self.total_length += length;
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

    /// Returns the texts that match a query best, with their scores.
    #[expect(
        clippy::cast_precision_loss,
        reason = "weights need no more digits than a float has"
    )]
    pub(super) fn search(&self, query: &str, limit: usize) -> Vec<(usize, f32)> {
        let mut asked = words::of(query);
        asked.sort_unstable();
        asked.dedup();
        let texts = self.lengths.len() as f32;
        let average = (self.total_length / texts).max(1.0);
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
        best.sort_by(|(number, score), (other, other_score)| {
            other_score.total_cmp(score).then(number.cmp(other))
        });
        best.truncate(limit);
        best
    }
}
