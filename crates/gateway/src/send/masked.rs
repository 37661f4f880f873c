//! Masks every echo of the credential in a response, before anything else reads it.

use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use gaiterguard_upstream::compressed::{self, Coding};
use gaiterguard_upstream::{
    Inbound, InboundBody, InboundError, InspectedBody, Inspection, MaskedBody, Masker, Polled,
    masked_compressed,
};
use http::HeaderMap;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body::{Body as _, SizeHint};
use memchr::memmem;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::send::sent::{Arrived, Sent};
use crate::send::tunnel::Tunnel;

/// How much of a compressed response is held back until its end is known, so that an echo in it can be
/// masked, in bytes: as much as is stored of a response by default. An echo breaks off a longer response.
const HELD_BYTES_MAX: usize = 1024 * 1024;

/// How long a response is held back. A stream of events must not wait for its end.
const HELD_TIME_MAX: Duration = Duration::from_secs(1);

/// Returns the response with every echo of the credential masked. Its bytes are searched as they are,
/// whatever their label, and in decoded form if they really are compressed.
pub(crate) async fn masked(inbound: Inbound, masker: Masker, revoked: &CancellationToken) -> Sent {
    let Inbound {
        status,
        mut headers,
        mut body,
        switched,
    } = inbound;
    masker.mask_headers(&mut headers);
    let size_hint = body.size_hint();
    let inspection = (!masker.is_empty()).then(|| Inspection::new(masker.clone(), &headers));
    let held = match inspection {
        Some(inspection) if !body.is_end_stream() => {
            let is_claimed = compressed::is_claimed(&headers);
            let first = if is_claimed {
                None
            } else {
                first_piece(&mut body, patience_for_first_piece(&headers)).await
            };
            if is_claimed || is_compressed(first.as_ref()) {
                Box::pin(hold_back(body, first, inspection)).await
            } else {
                Held::Not(InspectedBody::begun(body, first, inspection))
            }
        }
        inspection => Held::Not(InspectedBody::new(body, inspection)),
    };
    let (arrived, body) = match held {
        Held::Not(body) => (None, body),
        Held::Broken(error, body) => (Some(Arrived::Broken(error)), body),
        Held::Whole(whole, body) => {
            // Bytes outside the compressed text are masked as they are.
            let whole = Bytes::from(masker.mask_bytes(&whole).into_owned());
            (Some(Arrived::Whole(whole)), body)
        }
        Held::Echo(whole, body) => {
            let remade = whole.and_then(|whole| remade(&masker, &mut headers, &whole));
            let arrived = remade.map_or(Arrived::Broken(InboundError::Echo), Arrived::Whole);
            (Some(arrived), body)
        }
    };
    let mut rest = MaskedBody::new(body, masker);
    let arrived = arrived.unwrap_or_else(|| Arrived::of(&mut rest));
    let size_hint = match &arrived {
        Arrived::Whole(whole) => SizeHint::with_exact(whole.len() as u64),
        _ => size_hint,
    };
    Sent {
        status,
        headers,
        size_hint,
        arrived: match switched {
            Some(upstream) => Arrived::Switched(Box::new(Tunnel::new(upstream, revoked.clone()))),
            None => arrived,
        },
        rest,
    }
}

/// A response after an attempt to hold it back.
enum Held {
    /// The response passes as it arrives.
    Not(InspectedBody<InboundBody>),
    /// All of the response has arrived, and it has no echo.
    Whole(Bytes, InspectedBody<InboundBody>),
    /// The response has an echo. The bytes are there if all of it has arrived.
    Echo(Option<Bytes>, InspectedBody<InboundBody>),
    /// The response broke off.
    Broken(InboundError, InspectedBody<InboundBody>),
}

/// Returns how long to wait for the first piece of a body, to see whether it is compressed. A body of
/// known length, or one that is not text, follows its head. A server may send a text in pieces, as it
/// is produced, and a stream of events may have no piece for long.
fn patience_for_first_piece(headers: &HeaderMap) -> Duration {
    /// Hardly noticed by a reader, and enough for the first piece on most networks.
    const FOR_A_TEXT: Duration = Duration::from_millis(100);
    if headers.contains_key(CONTENT_LENGTH) {
        return HELD_TIME_MAX;
    }
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
    let is = |word: &&str| memmem::find(&media_type, word.as_bytes()).is_some();
    // Messages of gRPC may be events, too.
    if is(&"event-stream") || is(&"application/grpc") {
        Duration::ZERO
    } else if ["text/", "json", "xml", "form"].iter().any(is) {
        FOR_A_TEXT
    } else {
        HELD_TIME_MAX
    }
}

/// Returns the first piece of a body, if it arrives in time.
async fn first_piece(body: &mut InboundBody, patience: Duration) -> Option<Polled> {
    let first = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
    tokio::time::timeout(patience, first).await.ok()
}

fn is_compressed(first: Option<&Polled>) -> bool {
    let Some(Some(Ok(frame))) = first else {
        return false;
    };
    frame
        .data_ref()
        .is_some_and(|piece| Coding::of(piece).is_some())
}

/// Reads a response that seems to be compressed, up to its end or a limit, as long as it really is
/// compressed. `first` is the part that has been read.
async fn hold_back(
    mut body: InboundBody,
    mut first: Option<Polled>,
    mut inspection: Inspection,
) -> Held {
    let deadline = Instant::now() + HELD_TIME_MAX;
    let mut held = BytesMut::new();
    let mut holds_echo = false;
    let mut is_whole = false;
    while !is_whole && !inspection.is_over() && held.len() <= HELD_BYTES_MAX {
        let next = async {
            match first.take() {
                Some(first) => first,
                None => {
                    std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
                }
            }
        };
        match timeout_at(deadline, next).await {
            Err(_) => break,
            Ok(None) => is_whole = true,
            Ok(Some(Err(error))) => {
                return Held::Broken(error, InspectedBody::new(body, Some(inspection)));
            }
            Ok(Some(Ok(frame))) => {
                if let Ok(piece) = frame.into_data() {
                    holds_echo |= inspection.finds(&piece);
                    held.extend_from_slice(&piece);
                }
                is_whole = body.is_end_stream();
            }
        }
    }
    if holds_echo {
        let whole = is_whole.then(|| held.freeze());
        return Held::Echo(whole, InspectedBody::new(body, Some(inspection)));
    }
    if is_whole {
        return Held::Whole(held.freeze(), InspectedBody::new(body, Some(inspection)));
    }
    Held::Not(InspectedBody::resumed(body, inspection, held))
}

/// Returns the body compressed again with the echo masked, and adapts the length in the headers.
fn remade(masker: &Masker, headers: &mut HeaderMap, body: &[u8]) -> Option<Bytes> {
    let remade = Bytes::from(masked_compressed(masker, Coding::labeled(headers), body)?);
    if headers.contains_key(CONTENT_LENGTH) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(remade.len()));
    }
    Some(remade)
}
