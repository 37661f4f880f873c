//! Calls to JSON APIs, to set systems up. They are never part of a measurement.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use serde_json::Value;
use tokio::time;

use crate::{BenchResult, load};

const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// A kept connection to an API, and the token for it.
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

    /// Sends the token with all further calls.
    pub fn set_token(&mut self, token: String) {
        self.token = Some(token);
    }

    /// Sends `body` as JSON, or nothing for `Value::Null`. A response that is not 2xx is an error.
    pub async fn call(&mut self, method: Method, path: &str, body: Value) -> BenchResult<Value> {
        let (status, response) = self.send(method.clone(), path, body).await?;
        if status.is_success() {
            return Ok(response);
        }
        Err(format!("{method} {path} returned {status}: {response}").into())
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
            let response = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
            Ok((status, response))
        };
        time::timeout(CALL_TIMEOUT, exchange).await?
    }
}
