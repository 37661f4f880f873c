//! The assessor that asks a language model, for what rules and the built-in assessor leave open.
//!
//! A question has two parts: what the request does (`description`), and whether that is what the intent
//! and the operator's rules in words ask for (`comparison`). Both are asked in one round trip
//! (`assessment`), or one after the other of a server that does not manage that. All answers are words
//! out of closed lists; the score is ours (`weigh`). Where the model is sure, the request is forwarded
//! or held as it says, except below a floor; where it is not, the built-in assessor decides.
//!
//! What agents and documents wrote stands between fences (`fence`) and without secrets
//! (`conceal`). No credential of the vault enters this room, and nothing here decides.

mod ask;
mod assessment;
mod breaker;
mod combine;
mod comparison;
mod conceal;
mod condition;
mod description;
mod dialect;
mod error;
mod fence;
mod key;
mod material;
mod metrics;
mod origin;
mod readiness;
mod ruling;
mod server;
mod shown;
mod spending;
mod together;
mod weigh;
mod word;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::try_join_all;
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::request::{CanonicalRequest, Digest};
use gaiterguard_domain::rule::MatchedRule;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_domain::verdict::{Signal, Verdict};
use gaiterguard_judge::history::Origin;
use gaiterguard_store::{Store, StoreError};
use moka::future::Cache;
use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

pub use comparison::TextRule;
pub use condition::{Coverage, ExampleRequest, ProposedCondition, WordedRule};
pub use error::LlmError;
pub use material::Unshowable;
pub use metrics::LlmMetrics;
pub use origin::ORIGINS_MAX;
pub use server::LlmSetupError;
pub use spending::{Ceilings, Spent, Tokens};

use ask::{CALLS_AT_ONCE_MAX, Line};
use breaker::Breaker;
use combine::combine;
use comparison::Comparison;
use description::Description;
use dialect::KnownDialect;
use server::Server;
use shown::Shown;
use spending::Spending;
use together::Together;
use weigh::Finding;

use crate::earlier_ruling::EarlierRuling;

/// How many findings are remembered.
const FINDINGS_MAX: u64 = 10_000;

/// How long a finding is remembered.
const FINDING_LIFETIME: Duration = Duration::from_hours(1);

/// The score of what is held because the model could not be asked or did not answer.
const UNJUDGED_SCORE: f64 = 0.6;

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

/// What the model is asked about. Neither a credential nor an agent's key is in it.
#[derive(Clone, Copy, Debug)]
pub struct LlmQuestion<'a> {
    /// The exact request.
    pub request: &'a CanonicalRequest,
    /// Its digest.
    pub digest: Digest,
    /// Why the agent wants to send it; empty if it did not say.
    pub intent: &'a str,
    /// The agent.
    pub agent: AgentId,
    /// Its name.
    pub agent_name: &'a str,
    /// The service.
    pub service: ServiceId,
    /// Its name.
    pub service_name: &'a str,
    /// What the service's documents say of such a request.
    pub documentation: &'a [&'a str],
    /// Where the values of the request come from.
    pub origins: &'a [Origin],
    /// How humans ruled on such requests before.
    pub rulings: &'a [EarlierRuling],
    /// The operator's rules in words that cover the request.
    pub rules: &'a [TextRule<'a>],
    /// What the built-in assessor says.
    pub built_in: &'a Verdict,
    /// A score that nothing the model says goes below.
    pub floor: f64,
    /// The score from which the request is held.
    pub threshold: f64,
    /// Whether the method is GET, HEAD or OPTIONS.
    pub is_safe: bool,
}

/// What follows from the built-in verdict and the model's words.
#[derive(Clone, Debug, PartialEq)]
pub struct LlmVerdict {
    /// The verdict of both.
    pub verdict: Verdict,
    /// Whether the request is to be held whatever the threshold.
    pub must_hold: bool,
    /// The rules in words that the request falls under.
    pub matched_rules: Vec<MatchedRule>,
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
    line: Line,
    clock: Arc<dyn Clock>,
    timeout: Duration,
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
    pub(crate) async fn spending_changed(&self) {
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
