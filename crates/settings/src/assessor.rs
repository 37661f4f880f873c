//! Settings of the language model that helps to assess requests.

use std::time::Duration;

use clap::{Args, ValueEnum};
use gaiterguard_environment::{SettingError, Source, read, value};
use gaiterguard_llm::{Ceilings, FailureMode, LlmSettings};
use gaiterguard_upstream::Proxy;
use secrecy::SecretString;

/// An OpenAI-compatible model that assesses requests that no rule decides.
#[derive(Debug, Args)]
pub struct AssessorSettings {
    /// URL of the model's server, up to and including `/v1`. Without it, only the built-in assessor
    /// is used.
    #[arg(env = "LLM_BASE_URL", hide_env_values = true, value_parser = value::base_url)]
    base_url: Option<String>,
    /// Key for the model's server. Without `LLM_BASE_URL`, it has no effect.
    #[arg(env = "LLM_API_KEY", hide_env_values = true, value_parser = value::visible_secret)]
    api_key: Option<SecretString>,
    /// Name of the model.
    #[arg(env = "LLM_MODEL", default_value = "gpt-4o-mini")]
    model: String,
    /// Maximum time for the model to assess a request, in milliseconds, however many calls it takes.
    /// After that, the model counts as failed.
    #[arg(env = "LLM_TIMEOUT_MS", default_value = "10000", value_parser = value::milliseconds)]
    timeout: Duration,
    /// Requests to hold when the model fails: everything except GET, HEAD, and OPTIONS
    /// (`block_unsafe`), or everything (`block_all`).
    #[arg(
        env = "LLM_FAILURE_MODE",
        default_value = "block_unsafe",
        ignore_case = true
    )]
    failure_mode: LlmFailureMode,
    /// Maximum number of tokens per day (UTC). At the limit, the model counts as failed. All replicas
    /// share the count, and a restart keeps it.
    #[arg(
        env = "LLM_DAILY_TOKENS_MAX",
        value_parser = value::integer::<u64>(1..=1_000_000_000_000),
    )]
    daily_tokens_max: Option<u64>,
    /// Maximum cost per day (UTC), in the currency of the prices.
    #[arg(env = "LLM_DAILY_COST_MAX", value_parser = value::amount)]
    daily_cost_max: Option<f64>,
    /// Price of a million tokens of input.
    #[arg(env = "LLM_INPUT_PRICE", value_parser = value::amount)]
    input_price: Option<f64>,
    /// Price of a million tokens of output.
    #[arg(env = "LLM_OUTPUT_PRICE", value_parser = value::amount)]
    output_price: Option<f64>,
}

/// Requests to hold when the model fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum LlmFailureMode {
    BlockUnsafe,
    BlockAll,
}

impl AssessorSettings {
    /// Reads and checks the settings.
    pub fn read(source: &Source) -> Result<Self, SettingError> {
        let settings: Self = read(source)?;
        let ceilings = settings.ceilings();
        // Without a price, every call costs nothing, and the maximum would never be reached.
        if let Some(cost) = ceilings.cost_max
            && ceilings.input_price == 0.0
            && ceilings.output_price == 0.0
        {
            return Err(SettingError::invalid(
                "LLM_DAILY_COST_MAX",
                "set together with an LLM_INPUT_PRICE or LLM_OUTPUT_PRICE above 0",
                cost.to_string(),
            ));
        }
        Ok(settings)
    }

    /// Returns the settings of the model, which is reached through `proxy`; `None` if only the built-in
    /// assessor is used.
    pub fn llm(&self, proxy: Option<Proxy>) -> Option<LlmSettings> {
        Some(LlmSettings {
            base_url: self.base_url.clone()?,
            api_key: self.api_key.clone(),
            proxy,
            model: self.model.clone(),
            timeout: self.timeout,
            failure_mode: self.failure_mode(),
            ceilings: self.ceilings(),
        })
    }

    /// Returns what the operator has to know about settings that have no effect.
    pub fn warning(&self) -> Option<&'static str> {
        (self.api_key.is_some() && self.base_url.is_none()).then_some(
            "LLM_API_KEY has no effect without LLM_BASE_URL: requests are assessed without a language model",
        )
    }

    /// Returns which requests are held when the model fails.
    pub fn failure_mode(&self) -> FailureMode {
        match self.failure_mode {
            LlmFailureMode::BlockUnsafe => FailureMode::BlockUnsafe,
            LlmFailureMode::BlockAll => FailureMode::BlockAll,
        }
    }

    fn ceilings(&self) -> Ceilings {
        Ceilings {
            tokens_max: self.daily_tokens_max,
            cost_max: self.daily_cost_max,
            input_price: self.input_price.unwrap_or(0.0),
            output_price: self.output_price.unwrap_or(0.0),
        }
    }
}
