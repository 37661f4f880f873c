//! A token endpoint on this machine that records requests and returns scripted responses.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// A request to the token endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path_and_query: String,
    pub(crate) content_type: String,
    /// Name and password of HTTP Basic, form-decoded.
    pub(crate) client: Option<(String, String)>,
    pub(crate) form: HashMap<String, String>,
}

/// A scripted response.
#[derive(Clone, Debug)]
pub(crate) struct TokenResponse {
    pub(crate) after: Duration,
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl TokenResponse {
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            after: Duration::ZERO,
            status,
            body: body.into(),
        }
    }

    pub(crate) fn token(token: &str, lifetime: u64) -> Self {
        Self::new(
            200,
            format!(
                r#"{{"access_token":"{token}","token_type":"bearer","expires_in":{lifetime}}}"#
            ),
        )
    }

    pub(crate) fn slow(self, after: Duration) -> Self {
        Self { after, ..self }
    }
}

type Behavior = Box<dyn FnMut(&Received) -> TokenResponse + Send>;

struct State {
    received: Vec<Received>,
    behavior: Behavior,
}

pub(crate) struct TokenServer {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: AbortHandle,
}

impl TokenServer {
    pub(crate) async fn start(
        behavior: impl FnMut(&Received) -> TokenResponse + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            received: Vec::new(),
            behavior: Box::new(behavior),
        }));
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(move |request| respond(Arc::clone(&shared), request));
                    let connection = hyper::server::conn::http1::Builder::new();
                    drop(
                        connection
                            .serve_connection(TokioIo::new(stream), service)
                            .await,
                    );
                });
            }
        });
        Self {
            address,
            state,
            accepting: accepting.abort_handle(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/oauth/token?tenant=a%2fb", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    pub(crate) fn behave(&self, behavior: impl FnMut(&Received) -> TokenResponse + Send + 'static) {
        self.state.lock().unwrap().behavior = Box::new(behavior);
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn respond(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let header = |name: &str| {
        let value = head.headers.get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let client = header("authorization").map(|value| {
        let encoded = value.strip_prefix("Basic ").unwrap();
        let pair = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
        let (name, password) = pair.split_once(':').unwrap();
        (decoded(name), decoded(password))
    });
    let received = Received {
        method: head.method.clone(),
        path_and_query: head.uri.to_string(),
        content_type: header("content-type").unwrap_or_default(),
        client,
        form: std::str::from_utf8(&body)
            .unwrap()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect(),
    };
    let answer = {
        let mut state = state.lock().unwrap();
        let answer = (state.behavior)(&received);
        state.received.push(received);
        answer
    };
    tokio::time::sleep(answer.after).await;
    let response = Response::builder()
        .status(answer.status)
        .header("location", "/elsewhere")
        .body(Full::new(Bytes::from(answer.body)));
    Ok(response.unwrap())
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text)
        .decode_utf8()
        .unwrap()
        .into_owned()
}
