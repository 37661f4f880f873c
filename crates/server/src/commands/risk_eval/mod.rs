//! `gaiterguard risk eval FILE`: judges labelled requests and says how often that was right.

mod case;
mod report;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use gaiterguard_domain::request::is_safe;
use gaiterguard_gateway::clock::SystemClock;
use gaiterguard_gateway::llm::Llm;
use gaiterguard_gateway::trial::Trial;
use gaiterguard_judge::Assessment;

use crate::console;
use crate::settings::{AssessorSettings, Source};
use case::Case;
use report::{Judged, Model};

/// A score at or above it is held.
const THRESHOLD: f64 = 0.5;

/// How often each request is judged, so that the time of one does not rest on a single look.
const ROUNDS: usize = 20;

/// How many requests the model is asked about at once.
const QUESTIONS_AT_ONCE: usize = 4;

/// Judges every request of the file; with the model of the settings too, if that is wanted.
pub(crate) fn run(file: &Path, with_model: bool) -> ExitCode {
    match try_run(file, with_model) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => console::fail(why, 1),
    }
}

fn try_run(file: &Path, with_model: bool) -> Result<(), String> {
    let cases = read(file)?;
    let llm = if with_model { Some(model()?) } else { None };
    let mut times = Vec::with_capacity(cases.len() * ROUNDS);
    let assessed: Vec<Assessment> = cases
        .iter()
        .map(|case| assess(case.trial(), &mut times))
        .collect();
    let mut judged: Vec<Judged> = cases
        .iter()
        .zip(&assessed)
        .map(|(case, assessment)| Judged {
            label: case.label,
            is_safe: is_safe(&case.request.method),
            is_held: assessment.verdict.score >= THRESHOLD,
            model: if Trial::is_left_open(assessment, THRESHOLD) {
                Model::Needed
            } else {
                Model::NotNeeded
            },
        })
        .collect();
    let mut waits = Vec::new();
    if let Some(llm) = &llm {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        runtime.block_on(ask(llm, &cases, &assessed, &mut judged, &mut waits));
    }
    report::verdicts(&judged);
    report::times("time of a decision", &mut times);
    if let Some(llm) = &llm {
        report::times("time of a question to the model", &mut waits);
        let spent = llm.spent_today().tokens;
        report::questions(&judged, spent.input + spent.output);
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<Case>, String> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    let lines = text.lines().enumerate();
    let cases: Vec<Case> = lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            Case::read(line).map_err(|error| format!("{name}, line {}: {error}", number + 1))
        })
        .collect::<Result<_, _>>()?;
    if cases.is_empty() {
        return Err(format!("{name} holds no request"));
    }
    Ok(cases)
}

/// The model of the settings.
fn model() -> Result<Llm, String> {
    let source = Source::read(Path::new(".")).map_err(|error| error.to_string())?;
    let settings = AssessorSettings::from_source(&source).map_err(|error| error.to_string())?;
    let settings = settings
        .for_gateway()
        .ok_or("--llm needs a model: set LLM_BASE_URL")?;
    Llm::new(&settings, Arc::new(SystemClock)).map_err(|error| error.to_string())
}

fn assess(trial: Trial<'_>, times: &mut Vec<Duration>) -> Assessment {
    for _ in 1..ROUNDS {
        let start = Instant::now();
        std::hint::black_box(trial.assess());
        times.push(start.elapsed());
    }
    trial.assess()
}

/// Asks the model about what the built-in assessor leaves open.
async fn ask(
    llm: &Llm,
    cases: &[Case],
    assessed: &[Assessment],
    judged: &mut [Judged],
    waits: &mut Vec<Duration>,
) {
    let questions = cases.iter().zip(assessed).zip(judged);
    let questions = questions.filter(|(_, judged)| judged.model == Model::Needed);
    let questions = questions.map(|((case, assessment), judged)| async move {
        let start = Instant::now();
        let told = case.trial().ask(llm, assessment).await;
        judged.is_held = told.must_hold || told.verdict.score >= THRESHOLD;
        let mut signals = told.verdict.signals.iter();
        if !signals.any(|one| matches!(one.code.as_str(), "llm" | "llm_release")) {
            judged.model = Model::Silent;
        }
        start.elapsed()
    });
    let answered = stream::iter(questions).buffer_unordered(QUESTIONS_AT_ONCE);
    waits.extend(answered.collect::<Vec<_>>().await);
}

impl Case {
    fn trial(&self) -> Trial<'_> {
        Trial {
            request: &self.request,
            intent: &self.intent,
            service_name: &self.service_name,
        }
    }
}
