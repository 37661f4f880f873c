//! The requests of these tests.

use gaiterguard_history::Seen;
use gaiterguard_judge::{Assessment, Documented, Operation, Subject, assess};
use gaiterguard_request::{Arena, Opened, Request};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// A request, with the documents and the history that it is assessed with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Case {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) intent: String,
    pub(crate) documents: Documents,
    /// The documented descriptions of the body's fields, by their JSON pointers.
    pub(crate) descriptions: Vec<(&'static str, &'static str)>,
    /// Earlier calls: method, path, status, body of the response.
    pub(crate) earlier: Vec<(String, String, u16, String)>,
}

/// The service's documents, as far as they concern a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Documents {
    /// The service is not documented.
    None,
    /// The operation is not in them.
    Silent,
    /// They list the operation with this summary and these fields.
    Summary(String, Vec<String>),
}

/// When the requests arrive: on 1 December 2026, in seconds since 1970.
const ARRIVED: i64 = 1_796_083_200;

impl Case {
    /// A request to some service.
    pub(crate) fn new(method: &str, target: &str, intent: &str) -> Self {
        Self {
            method: method.parse().unwrap(),
            host: "api.service.example".to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            intent: intent.to_owned(),
            documents: Documents::None,
            descriptions: Vec::new(),
            earlier: Vec::new(),
        }
    }

    /// The same request with another header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same request with this body instead. An empty content type leaves the header out.
    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.retain(|(name, _)| name != "content-type");
        if !content_type.is_empty() {
            self = self.header("content-type", content_type);
        }
        self.body = body.into();
        self
    }

    /// The same request with this JSON body instead.
    pub(crate) fn json(self, body: &str) -> Self {
        self.body("application/json", body)
    }

    /// The same request after this call and its response.
    pub(crate) fn after(mut self, method: &str, path: &str, status: u16, response: &str) -> Self {
        let call = (
            method.to_owned(),
            path.to_owned(),
            status,
            response.to_owned(),
        );
        self.earlier.push(call);
        self
    }

    /// The same request, whose operation is documented in this way.
    pub(crate) fn documented(mut self, summary: &str, fields: &[&str]) -> Self {
        let fields = fields.iter().map(|&field| field.to_owned()).collect();
        self.documents = Documents::Summary(summary.to_owned(), fields);
        self
    }

    /// The same request to a service whose documents do not list the operation.
    pub(crate) fn undocumented(mut self) -> Self {
        self.documents = Documents::Silent;
        self
    }

    pub(crate) fn judge(&self) -> Assessment {
        self.with_subject(assess)
    }

    pub(crate) fn score(&self) -> f64 {
        self.judge().verdict.score
    }

    /// Hands the request on as the judge takes it.
    pub(crate) fn with_subject<T>(&self, judge: impl FnOnce(Subject<'_>) -> T) -> T {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(
                HeaderName::try_from(name).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.target.as_str(), None),
        };
        let request = Request {
            method: &self.method,
            host: &self.host,
            path,
            query,
            headers: &headers,
            body: &self.body,
        };
        let arena = Arena::for_body(self.body.len());
        let opened = Opened::open(request, &arena);
        let history = Seen::from_calls(
            self.earlier
                .iter()
                .map(|(method, path, status, body)| (method, path, *status, body)),
        );
        judge(Subject {
            opened: &opened,
            intent: &self.intent,
            documented: match &self.documents {
                Documents::None => Documented::Nothing,
                Documents::Silent => Documented::Unknown,
                Documents::Summary(summary, fields) => Documented::As(Operation {
                    summary,
                    fields,
                    descriptions: &self.descriptions,
                    ..Operation::default()
                }),
            },
            history: Some(&history),
            arrived: Some(ARRIVED),
        })
    }
}

/// The score of a request without a body or an intent.
pub(crate) fn score(method: &str, target: &str) -> f64 {
    Case::new(method, target, "").score()
}

/// Whether an assessment has a signal with this code.
pub(crate) fn has(assessment: &Assessment, code: &str) -> bool {
    let signals = &assessment.verdict.signals;
    signals.iter().any(|signal| signal.code == code)
}

/// The codes of the signals of an assessment.
pub(crate) fn codes(assessment: &Assessment) -> Vec<&str> {
    let signals = &assessment.verdict.signals;
    signals.iter().map(|signal| signal.code.as_str()).collect()
}
