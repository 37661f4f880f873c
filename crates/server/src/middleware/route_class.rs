//! Which paths belong to agents.

/// Whether agents call this path, rather than the dashboard or a machine that watches.
pub(super) fn is_agent_path(path: &str) -> bool {
    matches!(path, "/proxy" | "/status" | "/s" | "/mcp")
        || ["/proxy/", "/status/", "/s/", "/mcp/"]
            .iter()
            .any(|prefix| path.starts_with(prefix))
}

/// Whether everything below this path goes to an upstream, answers as HTML included.
pub(super) fn is_passthrough_path(path: &str) -> bool {
    path.starts_with("/s/")
}
