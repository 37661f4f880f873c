"""A WebSocket client of a Jupyter server's terminal, by the package websocket-client.

usage: web_socket.py URL [SECONDS]   with the agent's key in AGENT_KEY, as that server's own token

It says whether the terminal answered a command, and makes the file OPENED then, or which status refused it.
With SECONDS it stays open for so long at most, and says whether the other side ended it.
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
told = {}
try:
    connection = websocket.create_connection(url, timeout=90, header=headers, suppress_origin=True)
    # The words come only out of the shell: what is typed is echoed with the quotes.
    connection.send(json.dumps(["stdin", "echo gate'way'-$((6*7))\r"]))
    told["heard"] = "gateway-42" in until(connection, "gateway-42")
    open(os.environ["OPENED"], "w").close()
    if stay:
        connection.settimeout(float(stay[0]))
        try:
            while connection.recv():
                pass
            told["ended"] = True
        except websocket.WebSocketTimeoutException:
            told["ended"] = False
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            told["ended"] = True
except websocket.WebSocketBadStatusException as error:
    told["status"] = error.status_code
    told["code"] = json.loads(error.resp_body).get("code") if error.resp_body else None
print(json.dumps(told))
