//! Settings of the language model that helps to assess requests.

use std::time::Duration;

use secrecy::SecretString;

use super::read;
use super::{SettingError, Source};

/// `LLM_BASE_URL`, `LLM_API_KEY`, `LLM_MODEL`, `LLM_TIMEOUT_MS`, `LLM_FAILURE_MODE`, the limits
/// `LLM_DAILY_TOKENS_MAX` and `LLM_DAILY_COST_MAX`, and the prices `LLM_INPUT_PRICE` and
/// `LLM_OUTPUT_PRICE`.
#[derive(Debug)]
pub(crate) struct AssessorSettings {
    /// `None` if only the built-in assessor is used.
    pub(crate) llm: Option<LlmSettings>,
    pub(crate) failure_mode: LlmFailureMode,
}

/// Maximum value of the daily token limit.
const TOKENS_MAX: u64 = 1_000_000_000_000;

/// An OpenAI-compatible server.
#[derive(Debug)]
pub(crate) struct LlmSettings {
    /// URL up to and including `/v1`, without a trailing slash.
    pub(crate) base_url: String,
    pub(crate) api_key: Option<SecretString>,
    pub(crate) model: String,
    pub(crate) timeout: Duration,
    pub(crate) ceilings: gaiterguard_llm::Ceilings,
}

/// Requests to hold when the model fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LlmFailureMode {
    /// Requests other than GET, HEAD, and OPTIONS.
    BlockUnsafe,
    /// Every request that needed the model.
    BlockAll,
}

impl AssessorSettings {
    pub(crate) fn from_source(source: &Source) -> Result<Self, SettingError> {
        let failure_mode = read::word(
            source,
            "LLM_FAILURE_MODE",
            LlmFailureMode::BlockUnsafe,
            &[
                ("block_unsafe", LlmFailureMode::BlockUnsafe),
                ("block_all", LlmFailureMode::BlockAll),
            ],
        )?;
        let timeout = read::milliseconds(source, "LLM_TIMEOUT_MS", 10_000)?;
        let api_key = api_key(source)?;
        let ceilings = ceilings(source)?;
        let model = source.get("LLM_MODEL")?.unwrap_or("gpt-4o-mini").to_owned();
        let llm = read::base_url(source, "LLM_BASE_URL")?.map(|base_url| LlmSettings {
            base_url,
            api_key,
            model,
            timeout,
            ceilings,
        });
        Ok(Self { llm, failure_mode })
    }

    /// Returns the settings for the gateway; `None` if only the built-in assessor is used.
    pub(crate) fn for_gateway(&self) -> Option<gaiterguard_llm::LlmSettings> {
        let settings = self.llm.as_ref()?;
        Some(gaiterguard_llm::LlmSettings {
            base_url: settings.base_url.clone(),
            api_key: settings.api_key.clone(),
            model: settings.model.clone(),
            timeout: settings.timeout,
            failure_mode: self.failure_mode.for_gateway(),
            ceilings: settings.ceilings,
        })
    }
}

impl LlmFailureMode {
    /// Returns the mode for the gateway.
    pub(crate) fn for_gateway(self) -> gaiterguard_llm::FailureMode {
        match self {
            Self::BlockUnsafe => gaiterguard_llm::FailureMode::BlockUnsafe,
            Self::BlockAll => gaiterguard_llm::FailureMode::BlockAll,
        }
    }
}

fn ceilings(source: &Source) -> Result<gaiterguard_llm::Ceilings, SettingError> {
    let ceilings = gaiterguard_llm::Ceilings {
        tokens_max: read::optional_integer(source, "LLM_DAILY_TOKENS_MAX", 1..=TOKENS_MAX)?,
        cost_max: read::amount(source, "LLM_DAILY_COST_MAX")?,
        input_price: read::amount(source, "LLM_INPUT_PRICE")?.unwrap_or(0.0),
        output_price: read::amount(source, "LLM_OUTPUT_PRICE")?.unwrap_or(0.0),
    };
    let is_free = ceilings.input_price == 0.0 && ceilings.output_price == 0.0;
    if is_free && let Some(cost) = source.get("LLM_DAILY_COST_MAX")? {
        let expected = "set together with LLM_INPUT_PRICE or LLM_OUTPUT_PRICE";
        return Err(SettingError::invalid("LLM_DAILY_COST_MAX", expected, cost));
    }
    Ok(ceilings)
}

fn api_key(source: &Source) -> Result<Option<SecretString>, SettingError> {
    let Some(key) = source.get("LLM_API_KEY")? else {
        return Ok(None);
    };
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let expected = "visible ASCII characters without spaces";
        return Err(SettingError::invalid_secret("LLM_API_KEY", expected));
    }
    Ok(Some(SecretString::from(key)))
}
