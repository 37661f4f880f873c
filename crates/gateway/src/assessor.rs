//! The seam to whatever judges risk.

use std::pin::Pin;

use gaiterguard_domain::agent::Agent;
use gaiterguard_domain::request::{CanonicalRequest, Intent};
use gaiterguard_domain::service::Service;
use gaiterguard_domain::verdict::Verdict;
use gaiterguard_judge::{Documented, Opened, Request, Subject};

/// What an assessor is asked about. Neither the credential nor the agent's key is in it.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The exact request.
    pub request: &'a CanonicalRequest,
    /// Why the agent wants to send it.
    pub intent: &'a Intent,
    /// The agent.
    pub agent: &'a Agent,
    /// The service.
    pub service: &'a Service,
}

/// An assessor's answer: at once, or when it has thought about it.
pub enum Assessment<'a> {
    /// It knows.
    Done(Verdict),
    /// It has to ask someone.
    Later(Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>),
}

/// Judges how risky a request is. It cannot fail: an assessor that finds out nothing says so with
/// a score that is held.
pub trait Assessor: Send + Sync + 'static {
    /// Judges one request.
    fn assess<'a>(&'a self, question: Question<'a>) -> Assessment<'a>;
}

/// The assessor that needs no model. It looks at all of the request and at the intent.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltIn;

impl Assessor for BuiltIn {
    fn assess<'a>(&'a self, question: Question<'a>) -> Assessment<'a> {
        let request = question.request;
        let opened = Opened::open(Request {
            method: &request.method,
            host: &request.target.origin().host,
            path: request.target.path(),
            query: request.target.query(),
            headers: &request.headers,
            body: &request.body,
        });
        let assessment = gaiterguard_judge::assess(Subject {
            opened: &opened,
            intent: question.intent.as_str(),
            documented: Documented::Nothing,
        });
        Assessment::Done(assessment.verdict)
    }
}
