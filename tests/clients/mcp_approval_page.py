"""A client of the Model Context Protocol that can open pages, with the protocol's official Python package, and the
person in front of it, who decides in an own session.

Variables: GATEWAY, its URL; AGENT_KEY; PERSON, an access token of the dashboard. Prints what happened as a line of JSON.
"""

import asyncio
import json
import os
import urllib.request

from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.types import ElicitResult

GATEWAY = os.environ["GATEWAY"]
offers = []
completed = []


async def offered(_context, params):
    offers.append(params.url)
    return ElicitResult(action="accept")


async def notified(message):
    message = getattr(message, "root", message)
    if getattr(message, "method", None) == "notifications/elicitation/complete":
        completed.append(message.params.elicitation_id)


def dashboard(method, path, body=None):
    headers = {"Authorization": f"Bearer {os.environ['PERSON']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{GATEWAY}{path}", data=data, headers=headers, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


async def main():
    headers = {"Authorization": f"Bearer {os.environ['AGENT_KEY']}"}
    server = streamable_http_client(f"{GATEWAY}/mcp", http_client=create_mcp_http_client(headers=headers))
    async with Client(server, mode="legacy", elicitation_callback=offered, message_handler=notified) as client:

        async def call(tool, arguments):
            return (await client.call_tool(tool, arguments)).structured_content

        wanted = {"service": "things", "method": "DELETE", "path": "/notes/1", "intent": "Remove what Ann listed"}
        held = await call("proxy_request", wanted)
        action = {"action_id": held["action_id"]}
        early = {}
        try:
            await call("execute_action", action)
        except Exception as error:
            early = error.error.model_dump(mode="json")
        path = f"/approvals/{held['action_id']}"
        before = len(completed)
        digest = await asyncio.to_thread(dashboard, "GET", path)
        await asyncio.to_thread(dashboard, "PATCH", f"{path}/approve", {"digest": digest["digest"]})
        # The decision is reported on the stream of the session, without being asked for.
        for _ in range(300):
            if completed:
                break
            await asyncio.sleep(0.1)
        alone = list(completed)
        status = {"status": "PENDING"}
        for _ in range(20):
            if status["status"] != "PENDING":
                break
            status = await call("action_status", {**action, "wait_seconds": 5})
        executed = await call("execute_action", action)
        print(json.dumps({
            "held": held, "offers": offers, "early": early, "status": status["status"], "executed": executed,
            "before": before, "alone": alone,
        }))


asyncio.run(main())
