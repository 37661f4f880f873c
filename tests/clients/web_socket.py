"""A WebSocket client of a terminal on a Jupyter server, using the package websocket-client.

usage: web_socket.py URL [SECONDS]   with the agent key in AGENT_KEY, sent like a token of that server

It prints whether the terminal ran a command, and then creates the file OPENED, or the status of the refusal.
With SECONDS it remains open for at most this time and prints whether the other side ended the connection.
"""

import json
import os
import sys

import websocket


def until(connection, words):
    heard = ""
    while words not in heard:
        kind, *rest = json.loads(connection.recv())
        if kind == "stdout":
            heard += rest[0]
    return heard


url, *stay = sys.argv[1:]
headers = [f"Authorization: token {os.environ['AGENT_KEY']}", "X-Agent-Intent: Look around", "Prefer: wait=60"]
results = {}
try:
    connection = websocket.create_connection(url, timeout=90, header=headers, suppress_origin=True)
    # Only the output of the shell has no quotes. The echo of the input does.
    connection.send(json.dumps(["stdin", "echo gate'way'-$((6*7))\r"]))
    results["heard"] = "gateway-42" in until(connection, "gateway-42")
    open(os.environ["OPENED"], "w").close()
    if stay:
        connection.settimeout(float(stay[0]))
        try:
            while connection.recv():
                pass
            results["ended"] = True
        except websocket.WebSocketTimeoutException:
            results["ended"] = False
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            results["ended"] = True
except websocket.WebSocketBadStatusException as error:
    results["status"] = error.status_code
    results["code"] = json.loads(error.resp_body).get("code") if error.resp_body else None
print(json.dumps(results))
