//! The page of settings in the book, and `.env.example`: both are generated from the declarations.
//!
//! Each test compares a file with what the code says. `make reference` writes the files.

use std::fmt::Write as _;
use std::path::Path;

use gaiterguard_environment::{SettingError, Source, Variable, wrap};

use crate::{Section, Settings, sections};

/// A value that no setting with a check accepts.
const NONSENSE: &str = "\u{1}";

/// Line width of the example file.
const WIDTH: usize = 100;

const INTRODUCTION: &str = "# Settings

<!-- Generated from crates/settings: run `make reference`. -->

The gateway reads its settings from the environment and from a `.env` file in the working directory; the environment
takes precedence. An empty value counts as not set. If a value is invalid, the gateway does not start, and prints one
line that names the variable and what it should be. `gaiterguard serve --help` describes the settings too.

The agent's commands (`gaiterguard call`, `gaiterguard mcp` and `gaiterguard run`) read `GAITERGUARD_URL` (default
`http://127.0.0.1:3000`) and `GAITERGUARD_AGENT_KEY` instead.
";

const EXAMPLE_START: &str = "\
# All settings with their defaults. Copy this file to .env and change what you need. A line that is
# commented out keeps the default. Environment variables take precedence over this file.
#
# Generated from crates/settings: run `make reference`.
";

const EXAMPLE_END: &str = "
# ---- Compose ----

# Only for compose.yaml: password of its PostgreSQL.
#POSTGRES_PASSWORD=
";

/// Fails if the file is not `text`, or writes it if `WRITE_REFERENCE` is set.
fn check_file(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name);
    if std::env::var_os("WRITE_REFERENCE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(file == text, "{name} is not current: run `make reference`");
}

/// A cell of a table: a bar would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn accepted(name: &str) -> String {
    match Settings::read(&Source::from_pairs([(name, NONSENSE)])) {
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
    for Section { title, variables } in sections() {
        write!(
            page,
            "\n## {title}\n\n| variable | default | accepts | description |\n|---|---|---|---|\n"
        )
        .unwrap();
        for variable in variables {
            let Variable {
                name,
                description,
                default,
            } = &variable;
            let default = default.as_ref();
            let default = default.map_or_else(|| "none".to_owned(), |value| format!("`{value}`"));
            writeln!(
                page,
                "| `{name}` | {} | {} | {}. |",
                cell(&default),
                cell(&accepted(name)),
                cell(description)
            )
            .unwrap();
        }
    }
    check_file("docs/src/reference/settings.md", &page);
}

#[test]
fn the_example_file_is_current() {
    let mut example = EXAMPLE_START.to_owned();
    for Section { title, variables } in sections() {
        write!(example, "\n# ---- {title} ----\n").unwrap();
        for variable in variables {
            example.push('\n');
            for line in wrap(&format!("{}.", variable.description), "# ", WIDTH) {
                writeln!(example, "{line}").unwrap();
            }
            let default = variable.default.unwrap_or_default();
            let quote = if default.contains(' ') { "\"" } else { "" };
            writeln!(example, "#{}={quote}{default}{quote}", variable.name).unwrap();
        }
    }
    example.push_str(EXAMPLE_END);
    check_file(".env.example", &example);
}
