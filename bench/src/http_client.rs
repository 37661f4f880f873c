//! Calls to JSON APIs, for setting systems up; never part of what is measured.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use serde_json::Value;
use tokio::time;

use crate::{BenchResult, load};

const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// One kept connection to an API, and the token to call it with.
pub struct ApiClient {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
    token: Option<String>,
}

impl ApiClient {
    /// Connects to `address`.
    pub async fn connect(address: SocketAddr, token: Option<String>) -> BenchResult<Self> {
        Ok(Self {
            address,
            sender: load::connect(address).await?,
            token,
        })
    }

    /// Calls with the token from now on.
    pub fn set_token(&mut self, token: String) {
        self.token = Some(token);
    }

    /// Sends `body` as JSON, nothing for `Value::Null`; an answer that is not 2xx is an error.
    pub async fn call(&mut self, method: Method, path: &str, body: Value) -> BenchResult<Value> {
        let (status, answer) = self.send(method.clone(), path, body).await?;
        if status.is_success() {
            return Ok(answer);
        }
        Err(format!("{method} {path} answered {status}: {answer}").into())
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Value,
    ) -> BenchResult<(StatusCode, Value)> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let bytes = if body.is_null() {
            Bytes::new()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Bytes::from(body.to_string())
        };
        let request = request.body(Full::new(bytes))?;
        let exchange = async {
            if self.sender.ready().await.is_err() {
                self.sender = load::connect(self.address).await?;
                self.sender.ready().await?;
            }
            let response = self.sender.send_request(request).await?;
            let status = response.status();
            let bytes = response.into_body().collect().await?.to_bytes();
            let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
            let answer = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
            Ok((status, answer))
        };
        time::timeout(CALL_TIMEOUT, exchange).await?
    }
}
