//! The language model that helps to weigh a request.

use std::time::Duration;

use secrecy::SecretString;

use super::read;
use super::{SettingError, Source};

/// `LLM_BASE_URL`, `LLM_API_KEY`, `LLM_MODEL`, `LLM_TIMEOUT_MS` and `LLM_FAILURE_MODE`.
#[derive(Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the built-in assessor needs none of it")
)]
pub(crate) struct AssessorSettings {
    /// None if the built-in assessor works alone.
    pub(crate) llm: Option<LlmSettings>,
    pub(crate) failure_mode: LlmFailureMode,
}

/// An OpenAI-compatible server.
#[derive(Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the built-in assessor needs none of it")
)]
pub(crate) struct LlmSettings {
    /// Up to and including `/v1`; no slash at the end.
    pub(crate) base_url: String,
    pub(crate) api_key: Option<SecretString>,
    pub(crate) model: String,
    pub(crate) timeout: Duration,
}

/// What is held when the model fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LlmFailureMode {
    /// What is not GET, HEAD or OPTIONS.
    BlockUnsafe,
    /// Everything the model was needed for.
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
        let model = source.get("LLM_MODEL")?.unwrap_or("gpt-4o-mini").to_owned();
        let llm = read::base_url(source, "LLM_BASE_URL")?.map(|base_url| LlmSettings {
            base_url,
            api_key,
            model,
            timeout,
        });
        Ok(Self { llm, failure_mode })
    }
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
