//! Work that needs more stack than its caller may have.

/// The stack for reading what nests: a level of YAML takes some 20 KiB of it.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// Runs a function on a thread with a large stack. None if there is no such thread, or if the
/// function panics.
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
