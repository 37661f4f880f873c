//! Classifies paths by their callers.

/// Returns whether agents call this path, rather than the dashboard or monitoring.
pub(super) fn is_agent_path(path: &str) -> bool {
    matches!(path, "/proxy" | "/status" | "/s" | "/mcp")
        || ["/proxy/", "/status/", "/s/", "/mcp/"]
            .iter()
            .any(|prefix| path.starts_with(prefix))
}

/// Returns whether the pages of the origins in `CORS_ORIGINS` may use this path: the dashboard's API,
/// and of the agent routes only `/mcp`, which has clients that run in a browser.
pub(super) fn is_for_pages(path: &str) -> bool {
    path == "/mcp" || !is_agent_path(path)
}

/// Returns whether everything below this path is the upstream's, including HTML responses.
pub(super) fn is_passthrough_path(path: &str) -> bool {
    path.starts_with("/s/")
}
