//! `gaiterguard risk eval FILE`: assesses labeled requests and reports how often the decisions are
//! right.

mod case;
mod cases;
mod evaluation;
mod explain;
mod figures;
mod print;
mod report;
mod seen;
mod table;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use gaiterguard_clock::SystemClock;
use gaiterguard_console as console;
use gaiterguard_environment::{Source, read};
use gaiterguard_llm::Llm;
use gaiterguard_settings::{AssessorSettings, UpstreamSettings};
use serde::Serialize;

use case::Case;
use evaluation::Evaluated;
use explain::Explanation;
use report::Report;

/// Arguments of the command.
#[derive(Debug, Args)]
pub struct EvalArguments {
    /// File with one JSON object per line and the fields `method`, `base_url`, `path`, `headers`,
    /// `body`, `intent`, and `label` (`benign`, `risky`, or `intent_mismatch`). Optional fields:
    /// `id`, `service`, `before` (the agent's earlier calls, each with `method`, `path`, `status`,
    /// and `body`), `kind`, `twin`, `why`, `lang`, and `hard`.
    file: PathBuf,
    /// Also ask the language model of the settings (`LLM_BASE_URL` and related settings) if the
    /// built-in assessor is unsure, as the gateway does.
    #[arg(long)]
    llm: bool,
    /// Print one JSON document instead of text.
    #[arg(long)]
    json: bool,
    /// Print one request with everything that the assessors found, instead of the figures.
    #[arg(long, value_name = "ID")]
    explain: Option<String>,
}

/// Evaluates the requests of the file; with the model of the settings too, if that is wanted.
pub fn run(arguments: &EvalArguments) -> ExitCode {
    match try_run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => console::fail(why, 1),
    }
}

fn try_run(arguments: &EvalArguments) -> Result<(), String> {
    let mut cases = cases::read(&arguments.file)?;
    if let Some(id) = &arguments.explain {
        cases.retain(|case| case.id.as_ref() == Some(id));
        if cases.is_empty() {
            let file = arguments.file.display();
            return Err(format!("{file} contains no request with the id `{id}`"));
        }
    }
    let llm = if arguments.llm { Some(model()?) } else { None };
    let evaluated = evaluate(&cases, llm.as_ref())?;
    if arguments.explain.is_some() {
        let mut explanations = evaluated
            .iter()
            .map(|one| Explanation::new(one, llm.is_some()));
        // Ids are unique within a file.
        return explanations.try_for_each(|explanation| {
            if arguments.json {
                return json(&explanation);
            }
            explanation.print();
            Ok(())
        });
    }
    let report = Report::new(&evaluated, llm.map(|llm| llm.spent_today()));
    if arguments.json {
        return json(&report);
    }
    print::report(&report);
    Ok(())
}

fn evaluate<'a>(cases: &'a [Case], llm: Option<&Llm>) -> Result<Vec<Evaluated<'a>>, String> {
    let mut evaluated: Vec<Evaluated<'_>> = cases.iter().map(Evaluated::new).collect();
    if let Some(llm) = llm {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("cannot start the asynchronous runtime: {error}"))?;
        runtime.block_on(evaluation::ask(llm, &mut evaluated));
    }
    Ok(evaluated)
}

/// Returns the model of the settings.
fn model() -> Result<Llm, String> {
    let source = Source::read(Path::new(".")).map_err(|error| error.to_string())?;
    let upstream: UpstreamSettings = read(&source).map_err(|error| error.to_string())?;
    let settings = AssessorSettings::read(&source).map_err(|error| error.to_string())?;
    let settings = settings
        .llm(upstream.proxy())
        .ok_or("--llm needs a model: set LLM_BASE_URL")?;
    Llm::new(&settings, Arc::new(SystemClock)).map_err(|error| error.to_string())
}

fn json(document: &impl Serialize) -> Result<(), String> {
    let json = serde_json::to_string_pretty(document)
        .map_err(|error| format!("cannot write the JSON document: {error}"))?;
    console::say(json);
    Ok(())
}
