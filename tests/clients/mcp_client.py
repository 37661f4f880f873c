"""A client of the Model Context Protocol for the tests, using the protocol's official Python package.

usage: mcp_client.py URL MODE              streamable HTTP, with the key of AGENT_KEY
       mcp_client.py stdio MODE COMMAND…   a server that is a process

MODE is `auto` (the newest revision) or `legacy` (the handshake of earlier ones). Each line on standard
input is a call, {"tool": NAME, "arguments": {…}}, or {"list": true}. The result is a line of JSON.
"""

import asyncio
import json
import os
import sys

from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


def shown(result):
    return {
        "isError": bool(result.is_error),
        "structured": result.structured_content,
        "text": "".join(part.text for part in result.content if part.type == "text"),
    }


async def perform(client, call):
    if call.get("list"):
        listed = await client.list_tools()
        return {"tools": [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in listed.tools]}
    return shown(await client.call_tool(call["tool"], call.get("arguments")))


async def serve(client):
    print(json.dumps({"instructions": client.instructions}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            reply = await perform(client, json.loads(line))
        except Exception as error:
            reply = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


async def main():
    where, mode, *command = sys.argv[1:]
    if where == "stdio":
        names = ("GAITERGUARD_URL", "GAITERGUARD_AGENT_KEY", "PATH")
        env = {name: os.environ[name] for name in names if name in os.environ}
        server = StdioServerParameters(command=command[0], args=command[1:], env=env)
    else:
        headers = {"Authorization": f"Bearer {os.environ['AGENT_KEY']}"}
        server = streamable_http_client(where, http_client=create_mcp_http_client(headers=headers))
    async with Client(server, mode=mode) as client:
        await serve(client)


def reason(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


try:
    asyncio.run(main())
except BaseException as error:
    print(json.dumps({"failed": reason(error)}), flush=True)
