//! The material that the questions about one request show.

use std::fmt::Write as _;

use gaiterguard_domain::time::Timestamp;

use crate::conceal::conceal;
use crate::fence::Fence;
use crate::material::{Material, Unshowable, documentation};
use crate::question::LlmQuestion;
use crate::text_rule::shown_rules;
use crate::{origin, ruling};

/// The parts of a request as they are shown: with escapes and without secrets.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) material: Material,
    pub(crate) rule_count: usize,
    documentation: String,
    provenance: String,
    rulings: String,
    rules: String,
    intent: &'a str,
    agent_name: &'a str,
    service_name: &'a str,
}

impl<'a> Shown<'a> {
    pub(crate) fn of(question: &LlmQuestion<'a>, now: Timestamp) -> Result<Self, Unshowable> {
        Ok(Self {
            material: Material::of(question.request)?,
            rule_count: question.rules.len(),
            documentation: documentation(question.documentation),
            provenance: origin::shown(question.origins),
            rulings: ruling::shown(question.rulings, now),
            rules: shown_rules(question.rules)?,
            intent: question.intent,
            agent_name: question.agent_name,
            service_name: question.service_name,
        })
    }

    /// Adds the request with one piece of its body, and what is known about it, to the prompt.
    pub(crate) fn put_request(&self, prompt: &mut String, fence: &Fence, piece: usize) {
        let material = &self.material;
        fence.put_visible(prompt, "request", &material.head);
        let count = material.pieces.len();
        let body = &material.pieces[piece];
        if body.is_empty() {
            prompt.push_str("The request has no body.\n");
        } else {
            if count > 1 {
                // Writing into a String cannot fail.
                let _ = writeln!(
                    prompt,
                    "The body is long; this is part {} of {count}. Judge what this part says, and \
                     what it makes the whole request do.",
                    piece + 1
                );
            }
            fence.put_visible(prompt, "body", body);
        }
        if self.documentation.is_empty() {
            prompt.push_str("There is no documentation for this request.\n");
        } else {
            fence.put_visible(prompt, "documentation", &self.documentation);
        }
        if self.provenance.is_empty() {
            prompt.push_str("Nothing is known of where the values come from.\n");
        } else {
            fence.put_visible(prompt, "provenance", &self.provenance);
        }
        if self.rulings.is_empty() {
            prompt.push_str("No person has ruled on such a request recently.\n");
        } else {
            fence.put_visible(prompt, "rulings", &self.rulings);
        }
    }

    /// Adds the purpose, the sender and the rules of the request to the prompt.
    pub(crate) fn put_purpose(&self, prompt: &mut String, fence: &Fence) {
        fence.put(prompt, "service", &conceal(self.service_name));
        fence.put(prompt, "agent", &conceal(self.agent_name));
        if self.intent.trim().is_empty() {
            prompt.push_str("The agent gave no intent, so `relation` is cannot_tell.\n");
        } else {
            fence.put(prompt, "intent", &conceal(self.intent));
        }
        if !self.rules.is_empty() {
            fence.put_visible(prompt, "rules", &self.rules);
        }
    }
}
