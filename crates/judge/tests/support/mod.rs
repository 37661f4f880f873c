//! Requests as these tests write them.

use gaiterguard_judge::{Arena, Assessment, Documented, Opened, Request, Subject, assess};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) intent: String,
}

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
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with another body.
    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.retain(|(name, _)| name != "content-type");
        if !content_type.is_empty() {
            self = self.header("content-type", content_type);
        }
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &str) -> Self {
        self.body("application/json", body)
    }

    pub(crate) fn judge(&self) -> Assessment {
        self.with_subject(assess)
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
        judge(Subject {
            opened: &opened,
            intent: &self.intent,
            documented: Documented::Nothing,
            history: None,
        })
    }
}
