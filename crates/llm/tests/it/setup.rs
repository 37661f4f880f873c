//! The setup of the tests: an assessor with a scripted model.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_clock::ManualClock;
use gaiterguard_domain::earlier_ruling::EarlierRuling;
use gaiterguard_domain::id::{AgentId, RuleId, ServiceId};
use gaiterguard_domain::request::{CanonicalRequest, is_safe};
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::target::Target;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_domain::verdict::{Signal, Verdict};
use gaiterguard_history::Origin;
use gaiterguard_llm::{Ceilings, FailureMode, Llm, LlmQuestion, LlmSettings, LlmVerdict, TextRule};
use gaiterguard_testkit::{MODEL_KEY, MODEL_NAME, ScriptedModel};
use http::{HeaderMap, Method};

/// The built-in score of every request in these tests.
pub(crate) const BUILT_IN_SCORE: f64 = 0.45;

/// An assessor with a scripted model.
pub(crate) struct Setup {
    pub(crate) model: ScriptedModel,
    pub(crate) llm: Arc<Llm>,
    pub(crate) clock: Arc<ManualClock>,
}

/// The subject of a question.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) request: CanonicalRequest,
    pub(crate) intent: String,
    pub(crate) documentation: Vec<String>,
    pub(crate) origins: Vec<Origin>,
    pub(crate) rulings: Vec<EarlierRuling>,
    pub(crate) rules: Vec<(RuleId, &'static str, RuleEffect, &'static str)>,
    pub(crate) floor: f64,
    pub(crate) threshold: f64,
}

impl Case {
    pub(crate) fn new(method: &str, body: impl Into<bytes::Bytes>) -> Self {
        Self {
            request: CanonicalRequest {
                method: Method::from_bytes(method.as_bytes()).unwrap(),
                target: Target::parse("https://api.example.com/v1/notes/7").unwrap(),
                headers: HeaderMap::new(),
                body: body.into(),
            },
            intent: "Rename note 7 to “Groceries”".to_owned(),
            documentation: Vec::new(),
            origins: Vec::new(),
            rulings: Vec::new(),
            rules: Vec::new(),
            floor: 0.0,
            threshold: 0.5,
        }
    }

    pub(crate) fn rule(mut self, effect: RuleEffect, text: &'static str) -> Self {
        let id = RuleId(i64::try_from(self.rules.len()).unwrap() + 1);
        self.rules.push((id, "the rule", effect, text));
        self
    }
}

impl Setup {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut LlmSettings)) -> Self {
        let model = ScriptedModel::start().await;
        let mut settings = settings(&model);
        change(&mut settings);
        let clock = Arc::new(ManualClock::new(Timestamp(1_700_000_000_000)));
        let llm = Llm::new(&settings, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        Self {
            model,
            llm: Arc::new(llm),
            clock,
        }
    }

    pub(crate) async fn assess(&self, case: &Case) -> LlmVerdict {
        assess(&self.llm, case).await
    }
}

/// The default settings of the tests.
pub(crate) fn settings(model: &ScriptedModel) -> LlmSettings {
    LlmSettings {
        base_url: model.base_url(),
        api_key: Some(MODEL_KEY.into()),
        proxy: None,
        model: MODEL_NAME.to_owned(),
        timeout: Duration::from_secs(20),
        failure_mode: FailureMode::BlockUnsafe,
        ceilings: Ceilings::default(),
    }
}

pub(crate) async fn assess(llm: &Llm, case: &Case) -> LlmVerdict {
    let documentation: Vec<&str> = case.documentation.iter().map(String::as_str).collect();
    let rules: Vec<TextRule<'_>> = case
        .rules
        .iter()
        .map(|&(id, name, effect, text)| TextRule {
            id,
            name,
            effect,
            text,
        })
        .collect();
    llm.assess(LlmQuestion {
        request: &case.request,
        digest: case.request.digest(),
        intent: &case.intent,
        agent: AgentId(3),
        agent_name: "assistant",
        service: ServiceId(5),
        service_name: "notes",
        documentation: &documentation,
        origins: &case.origins,
        rulings: &case.rulings,
        rules: &rules,
        built_in: &built_in(),
        floor: case.floor,
        threshold: case.threshold,
        is_safe: is_safe(&case.request.method),
    })
    .await
}

pub(crate) fn built_in() -> Verdict {
    Verdict {
        score: BUILT_IN_SCORE,
        explanation: "PATCH changes something.".to_owned(),
        signals: vec![Signal {
            code: "changes".to_owned(),
            weight: BUILT_IN_SCORE,
            evidence: "method".to_owned(),
            sentence: "PATCH changes something.".to_owned(),
        }],
    }
}
