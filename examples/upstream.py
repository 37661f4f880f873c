#!/usr/bin/env python3
"""usage: examples/upstream.py [PORT [HOST]]

The API that the examples call: notes in memory, and a substitute for a language model, so that the OpenAI SDKs have
something to talk to. It repeats its last message, and calls the first tool it is given when a message asks to delete a
note. Everything needs the bearer token `the-real-secret`, which only the gateway has. Python's standard library is
all it needs."""

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "the-real-secret"
NOTES = {1: {"id": 1, "text": "Buy milk"}, 2: {"id": 2, "text": "Call Ann"}}


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def respond(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")

    def handle_request(self):
        sent = self.body()
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.respond(401, {"error": "the token is missing or wrong"})
        match (self.command, self.path.strip("/").split("/")):
            case "GET", ["notes"]:
                return self.respond(200, list(NOTES.values()))
            case "POST", ["notes"]:
                number = max(NOTES, default=0) + 1
                NOTES[number] = {"id": number, "text": sent.get("text", "")}
                return self.respond(201, NOTES[number])
            case "POST", ["v1", "chat", "completions"]:
                return self.respond(200, completion(sent))
            case method, ["notes", number] if number.isdecimal() and int(number) in NOTES:
                note = NOTES[int(number)]
                if method == "DELETE":
                    del NOTES[note["id"]]
                elif method == "PATCH":
                    note["text"] = sent.get("text", note["text"])
                return self.respond(200, note)
        return self.respond(404, {"error": f"there is no {self.path}"})

    do_GET = do_POST = do_PATCH = do_DELETE = handle_request

    def log_message(self, format, *arguments):
        print(f"upstream: {self.command} {self.path} {arguments[1]}", file=sys.stderr)


def completion(sent):
    last = (sent.get("messages") or [{"role": "user", "content": ""}])[-1]
    asked = re.search(r"(?i)delete note (\d+),? because (.*)", str(last["content"]))
    message = {"role": "assistant", "content": f"You said: {last['content']}"}
    if last["role"] == "user" and sent.get("tools") and asked:
        call = {"name": sent["tools"][0]["function"]["name"],
                "arguments": json.dumps({"number": int(asked[1]), "reason": asked[2]})}
        message = {"role": "assistant", "content": None,
                   "tool_calls": [{"id": "call_1", "type": "function", "function": call}]}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": sent.get("model", "substitute"),
        "choices": [{"index": 0, "message": message,
                     "finish_reason": "tool_calls" if "tool_calls" in message else "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


if __name__ == "__main__":
    port, host = (sys.argv[1:] + ["8888", "127.0.0.1"][len(sys.argv) - 1:])[:2]
    ThreadingHTTPServer((host, int(port)), Api).serve_forever()
