//! The assessor: one question about each piece of a request, asked once and remembered for an hour.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::try_join_all;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_domain::verdict::{Signal, Verdict};
use gaiterguard_store::{Store, StoreError};
use moka::future::Cache;
use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::ask::{CALLS_AT_ONCE_MAX, Line};
use crate::assessment;
use crate::breaker::Breaker;
use crate::combine::combine;
use crate::comparison::Comparison;
use crate::description::Description;
use crate::dialect::KnownDialect;
use crate::error::LlmError;
use crate::key;
use crate::material::Unshowable;
use crate::metrics::LlmMetrics;
use crate::question::{LlmQuestion, LlmVerdict, UNJUDGED_SCORE};
use crate::server::{LlmSetupError, Server};
use crate::shown::Shown;
use crate::spending::{Ceilings, Spending, Spent};
use crate::together::Together;
use crate::weigh::Finding;

/// How many findings are remembered.
const FINDINGS_MAX: u64 = 10_000;

/// How long a finding is remembered.
const FINDING_LIFETIME: Duration = Duration::from_hours(1);

/// What becomes of a request when the model that it needs fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureMode {
    /// It is held unless its method is GET, HEAD or OPTIONS; then the built-in verdict stands.
    BlockUnsafe,
    /// It is held.
    BlockAll,
}

/// An OpenAI-compatible server, and how it is used.
#[derive(Clone, Debug)]
pub struct LlmSettings {
    /// Its address, up to and including `/v1`.
    pub base_url: String,
    /// The key that it wants.
    pub api_key: Option<SecretString>,
    /// The model's name.
    pub model: String,
    /// How long a judgement may take as a whole.
    pub timeout: Duration,
    /// What becomes of a request when the model fails.
    pub failure_mode: FailureMode,
    /// What may be spent in a day.
    pub ceilings: Ceilings,
}

/// Why there is no finding.
#[derive(Clone, Debug, thiserror::Error)]
enum Unjudged {
    #[error(transparent)]
    Unshowable(#[from] Unshowable),
    #[error(transparent)]
    Failed(#[from] LlmError),
}

/// The assessor.
pub struct Llm {
    pub(crate) line: Line,
    clock: Arc<dyn Clock>,
    pub(crate) timeout: Duration,
    failure_mode: FailureMode,
    findings: Cache<Digest, Arc<[Finding]>>,
    together: Together,
}

impl Llm {
    /// Sets the assessor up; nothing is asked yet.
    pub fn new(settings: &LlmSettings, clock: Arc<dyn Clock>) -> Result<Self, LlmSetupError> {
        let server = Server::new(
            &settings.base_url,
            settings.api_key.as_ref(),
            settings.timeout,
        )?;
        Ok(Self {
            line: Line {
                server,
                model: settings.model.clone(),
                dialect: KnownDialect::default(),
                breaker: Breaker::new(Arc::clone(&clock)),
                spending: Spending::new(settings.ceilings, Arc::clone(&clock)),
                turns: Semaphore::new(CALLS_AT_ONCE_MAX),
                metrics: LlmMetrics::default(),
            },
            clock,
            timeout: settings.timeout,
            failure_mode: settings.failure_mode,
            findings: Cache::builder()
                .max_capacity(FINDINGS_MAX)
                .time_to_live(FINDING_LIFETIME)
                .build(),
            together: Together::default(),
        })
    }

    /// Judges a request that the built-in assessor leaves open. A question that was answered
    /// within the last hour is not asked again, and one that is being asked is not asked twice.
    pub async fn assess(&self, question: LlmQuestion<'_>) -> LlmVerdict {
        let begun = Instant::now();
        let findings = self.findings(&question).await;
        self.line.metrics.took(begun.elapsed());
        match findings {
            Ok(findings) => combine(&question, &findings),
            Err(unjudged) => self.unjudged(&question, &unjudged),
        }
    }

    /// How long a judgement may take as a whole.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What may be spent in a day.
    pub fn ceilings(&self) -> Ceilings {
        self.line.spending.ceilings()
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        &self.line.model
    }

    /// The numbers about its work.
    pub fn metrics(&self) -> &LlmMetrics {
        &self.line.metrics
    }

    /// What was spent today.
    pub fn spent_today(&self) -> Spent {
        self.line.spending.spent()
    }

    /// Learns what an earlier run has spent today, so that the day's ceilings stand.
    pub async fn recall_spending(&self, store: &Store) -> Result<(), StoreError> {
        self.line.spending.recall(store).await
    }

    /// Waits until something was spent that is not written down.
    pub async fn spending_changed(&self) {
        self.line.spending.changed().await;
    }

    /// Writes down what was spent, and learns what the other replicas have spent today.
    pub async fn write_spending(&self, store: &Store) -> Result<(), StoreError> {
        self.line.spending.write_down(store).await
    }

    /// Whether the model is left alone at present because it failed.
    pub fn is_circuit_open(&self) -> bool {
        self.line.breaker.is_open()
    }

    async fn findings(&self, question: &LlmQuestion<'_>) -> Result<Arc<[Finding]>, Unjudged> {
        let metrics = &self.line.metrics;
        let now = self.clock.now();
        let key = key::key(&self.line.model, question, now);
        if let Some(findings) = self.findings.get(&key).await {
            metrics.judged("cache");
            return Ok(findings);
        }
        let is_ours = AtomicBool::new(false);
        let found = self.findings.try_get_with(key, async {
            is_ours.store(true, Ordering::Relaxed);
            self.find(question, now).await
        });
        // Whoever joins a question late waits no longer than one who asks it.
        let found = timeout_at(Instant::now() + self.timeout, found).await;
        let found = match found {
            Ok(found) => found.map_err(|unjudged| Unjudged::clone(&unjudged)),
            Err(_) => Err(LlmError::TimedOut.into()),
        };
        metrics.judged(match &found {
            Err(_) => "failed",
            Ok(_) if is_ours.load(Ordering::Relaxed) => "model",
            Ok(_) => "twin",
        });
        found
    }

    /// Asks about every piece of the request.
    async fn find(
        &self,
        question: &LlmQuestion<'_>,
        now: Timestamp,
    ) -> Result<Arc<[Finding]>, Unjudged> {
        let deadline = Instant::now() + self.timeout;
        let shown = Shown::of(question, now)?;
        let pieces =
            (0..shown.material.pieces.len()).map(|piece| self.ask(&shown, piece, deadline));
        Ok(try_join_all(pieces).await?.into())
    }

    /// Asks about one piece of the request: both questions together, if the server manages that.
    async fn ask(
        &self,
        shown: &Shown<'_>,
        piece: usize,
        deadline: Instant,
    ) -> Result<Finding, LlmError> {
        let rules = shown.rule_count;
        if self.together.is_tried() {
            let asking = assessment::asking(shown, piece);
            let read = |answer: &str| assessment::read_answer(answer, rules);
            match self.line.ask(&asking, deadline, read).await {
                Ok(finding) => {
                    self.together.succeeded();
                    return Ok(finding);
                }
                Err(error) if self.may_answer_apart(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let asking = Description::asking(shown, piece);
        let description = self.line.ask(&asking, deadline, Description::read).await?;
        let asking = Comparison::asking(shown, piece);
        let read = |answer: &str| Comparison::read(answer, rules);
        let comparison = self.line.ask(&asking, deadline, read).await?;
        self.together.failed();
        Ok(Finding {
            description,
            comparison,
        })
    }

    /// Whether a server that failed like this may answer the two questions one after the other.
    fn may_answer_apart(&self, error: &LlmError) -> bool {
        match error {
            LlmError::Nonsense | LlmError::TooLong => true,
            // A server that understood others refuses this question for its form or its length.
            LlmError::Status(status) => {
                self.line.dialect.is_proven() && matches!(status.as_u16(), 400 | 413 | 422)
            }
            _ => false,
        }
    }

    /// What becomes of a request about which the model said nothing.
    fn unjudged(&self, question: &LlmQuestion<'_>, unjudged: &Unjudged) -> LlmVerdict {
        let must_hold = match unjudged {
            Unjudged::Unshowable(_) => true,
            Unjudged::Failed(_) => self.failure_mode == FailureMode::BlockAll || !question.is_safe,
        };
        let code = match unjudged {
            Unjudged::Unshowable(_) => "llm_not_shown",
            Unjudged::Failed(_) => "llm_failed",
        };
        let follows = if must_hold {
            "so a human is to look at it"
        } else {
            "so this rests on the built-in assessor alone"
        };
        let sentence = sentence_of(&format!("{unjudged}, {follows}."));
        let built_in = question.built_in;
        let score = if must_hold {
            built_in.score.max(UNJUDGED_SCORE)
        } else {
            built_in.score
        };
        let mut signals = built_in.signals.clone();
        signals.push(Signal {
            code: code.to_owned(),
            weight: if must_hold { UNJUDGED_SCORE } else { 0.0 },
            evidence: "llm".to_owned(),
            sentence: sentence.clone(),
        });
        LlmVerdict {
            verdict: Verdict {
                score: score.max(question.floor),
                explanation: format!("{sentence} {}", built_in.explanation),
                signals,
            },
            must_hold,
            matched_rules: Vec::new(),
        }
    }
}

/// The text with a capital letter first.
fn sentence_of(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
