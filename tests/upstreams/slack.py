"""Slack's Socket Mode as its documentation describes it, with the WebSocket server of the package aiohttp.

usage: slack.py PORT RECORD   RECORD is not used

POST /api/apps.connections.open returns the URL of a WebSocket that works once. POST /send sends an envelope to the
latest connection and returns the acknowledgment. GET /state returns how many connections were opened, and with
which tokens. GET /calls returns the calls of other methods, oldest first. POST /disconnect asks the client to connect again.
"""

import asyncio
import json
import sys
import uuid

from aiohttp import WSMsgType, web

STATE = {"opened": 0, "connected": 0, "tokens": []}
TICKETS = set()
WAITING = {}
CALLS = []
SOCKETS = []


async def open_connection(request):
    STATE["opened"] += 1
    STATE["tokens"].append(request.headers.get("Authorization"))
    ticket = uuid.uuid4().hex
    TICKETS.add(ticket)
    return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{PORT}/link/?ticket={ticket}&app_id=A1"})


async def link(request):
    ticket = request.query.get("ticket")
    if ticket not in TICKETS:
        return web.Response(status=403)
    TICKETS.remove(ticket)
    socket = web.WebSocketResponse(heartbeat=5)
    await socket.prepare(request)
    STATE["connected"] += 1
    await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
    SOCKETS.append(socket)
    async for message in socket:
        if message.type == WSMsgType.TEXT:
            acknowledgment = json.loads(message.data)
            waiting = WAITING.pop(acknowledgment.get("envelope_id"), None)
            if waiting and not waiting.done():
                waiting.set_result(acknowledgment)
    SOCKETS.remove(socket)
    return socket


async def send(request):
    envelope = await request.json()
    envelope["envelope_id"] = str(uuid.uuid4())
    envelope["accepts_response_payload"] = envelope["type"] != "events_api"
    waiting = WAITING[envelope["envelope_id"]] = asyncio.get_running_loop().create_future()
    if not SOCKETS:
        return web.json_response({"error": "no connection"}, status=409)
    await SOCKETS[-1].send_json(envelope)
    # Slack takes a delivery for failed after three seconds.
    return web.json_response(await asyncio.wait_for(waiting, 3))


async def disconnect(request):
    await SOCKETS[-1].send_json({"type": "disconnect", "reason": "refresh_requested"})
    return web.json_response({})


async def state(request):
    return web.json_response({**STATE, "live": len(SOCKETS)})


async def api(request):
    body = await request.json()
    CALLS.append({"method": request.match_info["method"], "body": body})
    return web.json_response({"ok": True, "channel": "C1", "ts": f"1503435956.{len(CALLS):06}"})


async def calls(request):
    return web.json_response(CALLS)


PORT = int(sys.argv[1])
application = web.Application()
application.add_routes([
    web.get("/", state),
    web.get("/state", state),
    web.get("/calls", calls),
    web.post("/api/apps.connections.open", open_connection),
    web.get("/link/", link),
    web.post("/send", send),
    web.post("/disconnect", disconnect),
    web.post("/api/{method}", api),
])
web.run_app(application, host="127.0.0.1", port=PORT, print=None)
