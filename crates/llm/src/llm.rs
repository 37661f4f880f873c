//! The assessor: asks one question about each piece of a request, and caches the findings for an hour.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::try_join_all;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_domain::verdict::{Signal, Verdict};
use gaiterguard_store::{Store, StoreError};
use gaiterguard_upstream::Proxy;
use moka::future::Cache;
use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::assessment;
use crate::breaker::Breaker;
use crate::combine::combine;
use crate::combined::CombinedSupport;
use crate::comparison::Comparison;
use crate::description::Description;
use crate::dialect::KnownDialect;
use crate::error::LlmError;
use crate::key;
use crate::material::Unshowable;
use crate::metrics::LlmMetrics;
use crate::model_client::{CONCURRENT_CALLS_MAX, ModelClient};
use crate::question::{LlmQuestion, LlmVerdict, NO_FINDING_SCORE};
use crate::score::Finding;
use crate::server::{LlmSetupError, Server};
use crate::shown::Shown;
use crate::spending::{Ceilings, Spending, Spent};

/// How many findings are cached. At a few hundred bytes each they take some megabytes.
const FINDINGS_MAX: u64 = 10_000;

/// How long a finding is cached. Long enough for retries of an agent; short enough that a change of the
/// model behind the same name shows soon.
const FINDING_LIFETIME: Duration = Duration::from_hours(1);

/// The handling of a request when the model that it needs fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureMode {
    /// It is held unless its method is GET, HEAD or OPTIONS, for which the built-in verdict applies.
    BlockUnsafe,
    /// It is held.
    BlockAll,
}

/// The settings of an OpenAI-compatible server.
#[derive(Clone, Debug)]
pub struct LlmSettings {
    /// Its URL, up to and including `/v1`.
    pub base_url: String,
    /// The API key, if it requires one.
    pub api_key: Option<SecretString>,
    /// The proxy through which it is reached.
    pub proxy: Option<Proxy>,
    /// The name of the model.
    pub model: String,
    /// The time limit for one assessment as a whole.
    pub timeout: Duration,
    /// The handling of a request when the model fails.
    pub failure_mode: FailureMode,
    /// The daily limits on spending.
    pub ceilings: Ceilings,
}

/// Why there is no finding.
#[derive(Clone, Debug, thiserror::Error)]
enum NoFinding {
    #[error(transparent)]
    Unshowable(#[from] Unshowable),
    #[error(transparent)]
    Failed(#[from] LlmError),
}

/// The assessor that asks a language model.
pub struct Llm {
    pub(crate) client: ModelClient,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) timeout: Duration,
    failure_mode: FailureMode,
    findings: Cache<Digest, Arc<[Finding]>>,
    combined: CombinedSupport,
}

impl Llm {
    /// Sets up the assessor. Nothing is sent yet.
    pub fn new(settings: &LlmSettings, clock: Arc<dyn Clock>) -> Result<Self, LlmSetupError> {
        let server = Server::new(
            &settings.base_url,
            settings.api_key.as_ref(),
            settings.timeout,
            settings.proxy.as_ref(),
        )?;
        Ok(Self {
            client: ModelClient {
                server,
                model: settings.model.clone(),
                dialect: KnownDialect::default(),
                breaker: Breaker::new(Arc::clone(&clock)),
                spending: Spending::new(settings.ceilings, Arc::clone(&clock)),
                turns: Semaphore::new(CONCURRENT_CALLS_MAX),
                metrics: LlmMetrics::default(),
            },
            clock,
            timeout: settings.timeout,
            failure_mode: settings.failure_mode,
            findings: Cache::builder()
                .max_capacity(FINDINGS_MAX)
                .time_to_live(FINDING_LIFETIME)
                .build(),
            combined: CombinedSupport::default(),
        })
    }

    /// Assesses a request that the built-in assessor leaves open. A finding from the last hour is reused,
    /// and concurrent identical questions are asked once.
    pub async fn assess(&self, question: LlmQuestion<'_>) -> LlmVerdict {
        let begun = Instant::now();
        let findings = self.findings(&question).await;
        self.client.metrics.took(begun.elapsed());
        match findings {
            Ok(findings) => combine(&question, &findings),
            Err(no_finding) => self.no_finding(&question, &no_finding),
        }
    }

    /// Returns the time limit for one assessment as a whole.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns the daily limits on spending.
    pub fn ceilings(&self) -> Ceilings {
        self.client.spending.ceilings()
    }

    /// Returns the name of the model.
    pub fn model(&self) -> &str {
        &self.client.model
    }

    /// Returns the metrics of the assessor.
    pub fn metrics(&self) -> &LlmMetrics {
        &self.client.metrics
    }

    /// Returns what was spent today.
    pub fn spent_today(&self) -> Spent {
        self.client.spending.spent()
    }

    /// Loads what earlier runs have spent today, so that the daily limits include it.
    pub async fn recall_spending(&self, store: &Store) -> Result<(), StoreError> {
        self.client.spending.recall(store).await
    }

    /// Waits until there is spending that is not stored.
    pub async fn spending_changed(&self) {
        self.client.spending.changed().await;
    }

    /// Stores what was spent, and loads what the other replicas have spent today.
    pub async fn write_spending(&self, store: &Store) -> Result<(), StoreError> {
        self.client.spending.save(store).await
    }

    /// Returns whether the model is not called at present because it failed.
    pub fn is_circuit_open(&self) -> bool {
        self.client.breaker.is_open()
    }

    async fn findings(&self, question: &LlmQuestion<'_>) -> Result<Arc<[Finding]>, NoFinding> {
        let metrics = &self.client.metrics;
        let now = self.clock.now();
        let key = key::key(&self.client.model, question, now);
        if let Some(findings) = self.findings.get(&key).await {
            metrics.assessed("cache");
            return Ok(findings);
        }
        let is_ours = AtomicBool::new(false);
        let found = self.findings.try_get_with(key, async {
            is_ours.store(true, Ordering::Relaxed);
            self.find(question, now).await
        });
        // A request that joins a running question waits no longer than one that asks it.
        let found = timeout_at(Instant::now() + self.timeout, found).await;
        let found = match found {
            Ok(found) => found.map_err(|no_finding| NoFinding::clone(&no_finding)),
            Err(_) => Err(LlmError::TimedOut.into()),
        };
        metrics.assessed(match &found {
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
    ) -> Result<Arc<[Finding]>, NoFinding> {
        let deadline = Instant::now() + self.timeout;
        let shown = Shown::of(question, now)?;
        let pieces =
            (0..shown.material.pieces.len()).map(|piece| self.ask(&shown, piece, deadline));
        Ok(try_join_all(pieces).await?.into())
    }

    /// Asks about one piece of the request: both questions together, if the server can do that.
    async fn ask(
        &self,
        shown: &Shown<'_>,
        piece: usize,
        deadline: Instant,
    ) -> Result<Finding, LlmError> {
        let rules = shown.rule_count;
        if self.combined.is_tried() {
            let prompt = assessment::prompt(shown, piece);
            let read = |response: &str| assessment::parse_response(response, rules);
            match self.client.ask(&prompt, deadline, read).await {
                Ok(finding) => {
                    self.combined.succeeded();
                    return Ok(finding);
                }
                Err(error) if self.can_be_asked_separately(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let prompt = Description::prompt(shown, piece);
        let description = self
            .client
            .ask(&prompt, deadline, Description::read)
            .await?;
        let prompt = Comparison::prompt(shown, piece);
        let read = |response: &str| Comparison::read(response, rules);
        let comparison = self.client.ask(&prompt, deadline, read).await?;
        self.combined.failed();
        Ok(Finding {
            description,
            comparison,
        })
    }

    /// Returns whether the questions may succeed separately after this failure.
    fn can_be_asked_separately(&self, error: &LlmError) -> bool {
        match error {
            LlmError::Nonsense | LlmError::TooLong => true,
            // A server that accepted other questions refuses this one because of its form or its length.
            LlmError::Status(status) => {
                self.client.dialect.is_proven() && matches!(status.as_u16(), 400 | 413 | 422)
            }
            _ => false,
        }
    }

    /// Returns the verdict on a request for which the model returned nothing.
    fn no_finding(&self, question: &LlmQuestion<'_>, no_finding: &NoFinding) -> LlmVerdict {
        let must_hold = match no_finding {
            NoFinding::Unshowable(_) => true,
            NoFinding::Failed(_) => self.failure_mode == FailureMode::BlockAll || !question.is_safe,
        };
        let code = match no_finding {
            NoFinding::Unshowable(_) => "llm_not_shown",
            NoFinding::Failed(_) => "llm_failed",
        };
        let follows = if must_hold {
            "so the request requires approval"
        } else {
            "so the built-in assessor alone decides"
        };
        let sentence = sentence_of(&format!("{no_finding}, {follows}."));
        let built_in = question.built_in;
        let score = if must_hold {
            built_in.score.max(NO_FINDING_SCORE)
        } else {
            built_in.score
        };
        let mut signals = built_in.signals.clone();
        signals.push(Signal {
            code: code.to_owned(),
            weight: if must_hold { NO_FINDING_SCORE } else { 0.0 },
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

/// Returns the text with its first letter in upper case.
fn sentence_of(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
