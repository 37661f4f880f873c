"""An agent of the OpenAI Agents SDK with the gateway's MCP tools. Its model is behind the gateway, too."""

import asyncio
import json
import os

from agents import Agent, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
from agents.mcp import MCPServerStreamableHttp
from agents.mcp.util import MCPUtil
from openai import AsyncOpenAI

GATEWAY, KEY = os.environ["GATEWAY"], os.environ["AGENT_KEY"]
set_tracing_disabled(True)


async def main():
    params = {"url": f"{GATEWAY}/mcp", "headers": {"Authorization": f"Bearer {KEY}"}}
    client = AsyncOpenAI(
        base_url=f"{GATEWAY}/s/openai", api_key=KEY, default_headers={"X-Agent-Intent": "Choose the next step"}
    )
    async with MCPServerStreamableHttp(params=params, client_session_timeout_seconds=70) as server:
        model = OpenAIChatCompletionsModel(model="gpt-4o-mini", openai_client=client)
        agent = Agent(name="Note assistant", model=model, mcp_servers=[server])
        result = await Runner.run(agent, "Delete note 2, because Ann was called.")
        # The form of a schema that the API takes in strict mode.
        strict = await MCPUtil.get_function_tools(server, convert_schemas_to_strict=True, run_context=None, agent=agent)
        calls = [item.raw_item.name for item in result.new_items if item.type == "tool_call_item"]
        print(
            json.dumps(
                {
                    "output": result.final_output,
                    "calls": calls,
                    "strict": {tool.name: tool.strict_json_schema for tool in strict},
                }
            )
        )


asyncio.run(main())
