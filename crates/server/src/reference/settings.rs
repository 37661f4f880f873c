//! The page of settings: names, defaults and descriptions from `.env.example`, accepted values from the
//! checks of the settings themselves.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{cell, check_page};
use crate::settings::{SettingError, Settings, Source};

const EXAMPLE: &str = include_str!("../../../../.env.example");

/// Variables of the example file that are for compose.yaml alone.
const NOT_OURS: [&str; 1] = ["POSTGRES_PASSWORD"];

/// A value that no setting with a check accepts.
const NONSENSE: &str = "\u{1}";

const INTRODUCTION: &str = "# Settings

<!-- Generated from .env.example and crates/server/src/settings: run `make reference`. -->

The gateway reads its settings from the environment and from a `.env` file in the working directory; the environment
wins. An empty value counts as not set. A value that is not accepted stops the start with one line that names the
variable and what it should be.

The agent's commands (`gaiterguard call` and `gaiterguard mcp`) read `GAITERGUARD_URL` (default
`http://127.0.0.1:3000`) and `GAITERGUARD_AGENT_KEY` instead.
";

/// Consecutive variables of the example file with the comment above them.
struct Group {
    description: String,
    /// Names and the values behind them.
    variables: Vec<(&'static str, &'static str)>,
}

/// Reads the example file. The comment at its top describes the file and is left out.
fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut description: Vec<&str> = Vec::new();
    let (_, body) = EXAMPLE.split_once("\n\n").unwrap();
    for line in body.lines() {
        let variable = line
            .strip_prefix('#')
            .filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
            .and_then(|rest| rest.split_once('='));
        match (variable, line.strip_prefix("# ")) {
            (Some(variable), _) if description.is_empty() && !groups.is_empty() => {
                groups.last_mut().unwrap().variables.push(variable);
            }
            (Some(variable), _) => groups.push(Group {
                description: std::mem::take(&mut description).join("\n"),
                variables: vec![variable],
            }),
            (None, Some(text)) => description.push(text),
            (None, None) => assert!(line.is_empty(), "{line}"),
        }
    }
    for group in &mut groups {
        group.variables.retain(|(name, _)| !NOT_OURS.contains(name));
    }
    groups.retain(|group| !group.variables.is_empty());
    groups
}

/// The settings with these variables, in a form that can be compared.
fn settings(pairs: &[(&str, &str)]) -> Result<String, SettingError> {
    Settings::from_source(&Source::from_pairs(pairs)).map(|settings| format!("{settings:?}"))
}

fn default(name: &str, value: &str) -> String {
    if value.is_empty() {
        return "none".to_owned();
    }
    let is_default = settings(&[(name, value)]).unwrap() == settings(&[]).unwrap();
    if is_default {
        format!("`{value}`")
    } else {
        format!("none (example: `{value}`)")
    }
}

fn accepted(name: &str) -> String {
    match settings(&[(name, NONSENSE)]) {
        Ok(_) => "text".to_owned(),
        Err(
            SettingError::Invalid { expected, .. } | SettingError::InvalidSecret { expected, .. },
        ) => expected,
        Err(error) => panic!("{name}: {error}"),
    }
}

#[test]
fn the_page_of_settings_is_current() {
    let mut page = INTRODUCTION.to_owned();
    for group in groups() {
        let Group {
            description,
            variables,
        } = group;
        write!(
            page,
            "\n{description}\n\n| variable | default | accepts |\n|---|---|---|\n"
        )
        .unwrap();
        for (name, value) in variables {
            let (default, accepted) = (default(name, value), accepted(name));
            writeln!(
                page,
                "| `{name}` | {} | {} |",
                cell(&default),
                cell(&accepted)
            )
            .unwrap();
        }
    }
    check_page("settings.md", &page);
}

#[test]
fn the_example_file_names_every_setting() {
    let source = Source::from_pairs(&[]);
    Settings::from_source(&source).unwrap();
    let named: BTreeSet<_> = groups()
        .into_iter()
        .flat_map(|group| group.variables)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(source.asked(), named);
}
