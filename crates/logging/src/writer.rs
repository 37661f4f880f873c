//! The thread that writes the log.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use super::redact::redact;

/// Capacity of the queue, in lines. When it is full, lines are counted and dropped, because
/// requests matter more than their log.
const LINES_WAITING_MAX: usize = 16_384;
/// Bytes per write. Enough for more than a hundred lines, so that a busy gateway makes few system calls.
const BATCH_BYTES: usize = 32 * 1024;
/// How long a line waits for others to be written together. Waking the thread for each line would
/// cost more than the line itself.
const GATHER: Duration = Duration::from_millis(10);

/// Provides the formatter with writers.
#[derive(Clone)]
pub(super) struct LineSender {
    lines: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

enum Message {
    Line(Vec<u8>),
    End,
}

/// Stops the thread after it has written every line that was sent before.
pub struct LogGuard {
    lines: SyncSender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Starts the thread.
pub(super) fn start() -> (LineSender, LogGuard) {
    let (lines, received) = sync_channel(LINES_WAITING_MAX);
    let dropped = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&dropped);
    let thread = std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_all(&received, &counted, &mut io::stderr()))
        .expect("a thread can be started at startup");
    let guard = LogGuard {
        lines: lines.clone(),
        thread: Mutex::new(Some(thread)),
    };
    (LineSender { lines, dropped }, guard)
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // Sending waits for capacity, and fails only if the thread has already ended.
        if let (Ok(()), Some(thread)) = (self.lines.send(Message::End), thread) {
            let _ = thread.join();
        }
    }
}

fn write_all(lines: &Receiver<Message>, dropped: &AtomicU64, output: &mut impl Write) {
    let mut batch = Vec::with_capacity(BATCH_BYTES);
    while let Ok(mut message) = lines.recv() {
        if matches!(message, Message::Line(_)) {
            std::thread::sleep(GATHER);
        }
        let is_ended = loop {
            match message {
                Message::Line(line) => add(&mut batch, &line),
                Message::End => break true,
            }
            if batch.len() >= BATCH_BYTES {
                write(&mut batch, output);
            }
            match lines.try_recv() {
                Ok(next) => message = next,
                Err(_) => break false,
            }
        };
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            add(
                &mut batch,
                format!("{lost} log lines were dropped\n").as_bytes(),
            );
        }
        write(&mut batch, output);
        if is_ended {
            return;
        }
    }
}

/// Ignores errors: without standard error, there is nowhere to report them.
fn write(batch: &mut Vec<u8>, output: &mut impl Write) {
    let _ = output.write_all(batch);
    batch.clear();
}

fn add(batch: &mut Vec<u8>, line: &[u8]) {
    batch.extend_from_slice(redact(&String::from_utf8_lossy(line)).as_bytes());
}

impl<'a> MakeWriter<'a> for LineSender {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// The formatter writes one complete line at a time.
impl Write for &LineSender {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(Message::Line(line.to_vec())) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_looked_through_and_written_before_the_end() {
        let (lines, received) = sync_channel(8);
        let sender = LineSender {
            lines: lines.clone(),
            dropped: Arc::new(AtomicU64::new(0)),
        };
        let key = format!("agt_{}", "0".repeat(64));
        writeln!(&mut &sender, "one").unwrap();
        (&sender)
            .write_all(format!("two {key}\n").as_bytes())
            .unwrap();
        lines.send(Message::End).unwrap();

        let mut output = Vec::new();
        write_all(&received, &sender.dropped, &mut output);
        assert_eq!(String::from_utf8(output).unwrap(), "one\ntwo •••\n");
    }

    #[test]
    fn lines_without_room_are_counted() {
        let (lines, received) = sync_channel(1);
        let sender = LineSender {
            lines,
            dropped: Arc::new(AtomicU64::new(0)),
        };
        for _ in 0..3 {
            (&sender).write_all(b"x\n").unwrap();
        }
        let dropped = Arc::clone(&sender.dropped);
        drop(sender);

        let mut output = Vec::new();
        write_all(&received, &dropped, &mut output);
        assert_eq!(
            String::from_utf8(output).unwrap(),
            "x\n2 log lines were dropped\n"
        );
    }
}
