//! Descriptions of the tools.

use std::sync::LazyLock;

use rmcp::model::Tool;

/// Instructions for the model about the gateway as a whole.
pub(super) const INSTRUCTIONS: &str = include_str!("../../../assets/mcp/instructions.md");

/// The tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    ListServices,
    SearchOperations,
    ProxyRequest,
    DryRun,
    ActionStatus,
    ExecuteAction,
}

impl Named {
    const ALL: [Self; 6] = [
        Self::ListServices,
        Self::SearchOperations,
        Self::ProxyRequest,
        Self::DryRun,
        Self::ActionStatus,
        Self::ExecuteAction,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::ListServices => "list_services",
            Self::SearchOperations => "search_operations",
            Self::ProxyRequest => "proxy_request",
            Self::DryRun => "dry_run",
            Self::ActionStatus => "action_status",
            Self::ExecuteAction => "execute_action",
        }
    }

    /// Returns the tool with a name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }
}

/// Returns the names, descriptions, and schemas of all tools.
pub(super) fn described() -> &'static [Tool] {
    static TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| {
        let text = include_str!("../../../assets/mcp/tools.json");
        let mut tools: Vec<Tool> =
            serde_json::from_str(text).expect("a test reads the description of the tools");
        // `dry_run` takes the same request as `proxy_request`, so its schema is copied from there.
        let schema_of = |tools: &[Tool], tool: Named| {
            let described = tools.iter().find(|described| described.name == tool.name());
            described.map(|described| described.input_schema.clone())
        };
        if let Some(schema) = schema_of(&tools, Named::ProxyRequest) {
            for tool in &mut tools {
                if tool.name == Named::DryRun.name() {
                    tool.input_schema.clone_from(&schema);
                }
            }
        }
        tools
    });
    &TOOLS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_described_and_every_described_one_is_there() {
        let described: Vec<_> = described().iter().map(|tool| tool.name.as_ref()).collect();
        let named: Vec<_> = Named::ALL.into_iter().map(Named::name).collect();
        assert_eq!(described, named);
    }

    #[test]
    fn a_dry_run_takes_what_is_sent() {
        let schema = |name| {
            let mut tools = described().iter();
            tools
                .find(|tool| tool.name == name)
                .unwrap()
                .schema_as_json_value()
        };
        assert_eq!(schema("dry_run"), schema("proxy_request"));
        assert_eq!(schema("dry_run")["required"][1], "intent");
    }
}
