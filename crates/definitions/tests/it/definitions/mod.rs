//! Services, agents, rules, documents and the kill switch, as an operator defines them.

mod agents;
mod documents;
mod rules;
mod services;
mod workspace;

use gaiterguard_definitions::definition_store::DefinitionError;
use gaiterguard_definitions::document::NewDocument;
use gaiterguard_definitions::{agent, document, kill_switch, rule, service};
use gaiterguard_domain::id::{AgentId, DocumentId, RuleId, ServiceId};
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::service::{AuthType, CredentialPlace, Service};
use gaiterguard_domain::time::Clock as _;
use gaiterguard_store::Stored;
use gaiterguard_vault::agent_key;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::setup::{Setup, fields};

fn invalid_fields(error: DefinitionError) -> Vec<String> {
    match error {
        DefinitionError::Invalid(errors) | DefinitionError::NotUnderstood(errors) => {
            errors.into_iter().map(|error| error.field).collect()
        }
        other => panic!("{other:?}"),
    }
}

async fn created(setup: &Setup, name: &str, auth_type: &str, credentials: Value) -> Service {
    let new = fields(json!({
        "name": name, "baseUrl": "https://api.example.com/v1/", "authType": auth_type,
        "credentials": credentials, "description": "line one\nline two",
    }));
    service::create(&setup.definitions, setup.editor, new)
        .await
        .unwrap()
}
