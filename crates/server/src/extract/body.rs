//! Reading a whole request body, up to a limit.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt;

use crate::listen::BodyError;
use crate::problem::Problem;

/// Room made ahead for a body that announces its length; a false announcement costs no more.
const RESERVE_BYTES_MAX: usize = 64 * 1024;

/// Reads `body` to its end. More than `bytes_max` is 413 `payload_too_large`, and what
/// [`BodyError`] names is told as its problem. A body that came in one piece is not copied.
pub(crate) async fn read_body(mut body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(Problem::payload_too_large(bytes_max));
    }
    let Some(first) = next_piece(&mut body).await? else {
        return Ok(Bytes::new());
    };
    if first.len() > bytes_max {
        return Err(Problem::payload_too_large(bytes_max));
    }
    if body.is_end_stream() {
        return Ok(first);
    }
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut whole = BytesMut::with_capacity(first.len() + announced.min(RESERVE_BYTES_MAX));
    whole.extend_from_slice(&first);
    while let Some(piece) = next_piece(&mut body).await? {
        if whole.len() + piece.len() > bytes_max {
            return Err(Problem::payload_too_large(bytes_max));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

async fn next_piece(body: &mut Body) -> Result<Option<Bytes>, Problem> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Ok(frame)) => {
                // What is not data is trailers, and they say nothing that the gateway acts on.
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
            Some(Err(error)) => {
                return Err(BodyError::find(&error).map_or_else(Problem::internal, Problem::from));
            }
        }
    }
}
