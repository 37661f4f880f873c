//! Classifies paths by their callers.

/// Returns whether agents call this path, rather than the dashboard or monitoring.
pub(super) fn is_agent_path(path: &str) -> bool {
    matches!(path, "/proxy" | "/status" | "/s" | "/mcp")
        || ["/proxy/", "/status/", "/s/", "/mcp/"]
            .iter()
            .any(|prefix| path.starts_with(prefix))
}

/// Returns whether everything below this path is the upstream's, including HTML responses.
pub(super) fn is_passthrough_path(path: &str) -> bool {
    path.starts_with("/s/")
}
