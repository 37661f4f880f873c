//! Runs work that needs more stack than its caller may have.

/// The stack for parsing nested documents, in bytes: a level of YAML takes about 20 KiB.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// Runs a function on a thread with a large stack; returns `None` if the thread cannot be started or
/// the function panics.
pub(crate) fn on_a_large_one<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("reader".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .ok()?
            .join()
            .ok()
    })
}
