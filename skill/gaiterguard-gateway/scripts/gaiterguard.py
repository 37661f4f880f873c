#!/usr/bin/env python3
"""Send a request through GaiterGuard, wait if it is held for a human, and print the response.

    gaiterguard.py METHOD PATH --service NAME --intent TEXT [--data BODY] [--header "NAME: VALUE"]
    gaiterguard.py METHOD https://complete/url --intent TEXT
    gaiterguard.py --resume ACTION_ID

Needs GAITERGUARD_URL and GAITERGUARD_AGENT_KEY, and only Python's standard library.
Exit codes: 0 for a 2xx response, 22 for any other response of the upstream, 3 denied, 4 expired or
revoked, 5 still pending, 1 for any other error.
"""

import argparse
import base64
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

STATUS_WAIT_SECONDS = 50
UPSTREAMS = ("forwarded", "executed-approved", "replayed")


class Gateway:
    def __init__(self, url, key):
        self.url = url.rstrip("/")
        self.key = key
        # No proxy from the environment, and no redirects: only the gateway may receive the key.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect())

    def call(self, method, path, body=None, headers=None):
        """Returns status, headers, and body, also for HTTP error statuses."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Agent-Key", self.key)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with self.opener.open(request, timeout=120) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def main():
    arguments = read_arguments()
    url = os.environ.get("GAITERGUARD_URL", "http://127.0.0.1:3000")
    key = os.environ.get("GAITERGUARD_AGENT_KEY")
    if not key:
        fail("set GAITERGUARD_AGENT_KEY to the agent key", 1)
    gateway = Gateway(url, key)
    deadline = time.monotonic() + arguments.wait
    if arguments.resume:
        return follow(gateway, arguments.resume, deadline)
    return send(gateway, arguments, deadline)


def send(gateway, arguments, deadline):
    """Sends the request. The idempotency key makes retries safe."""
    proposal = {"method": arguments.method, "intent": arguments.intent}
    if arguments.target.startswith(("http://", "https://")):
        proposal["targetUrl"] = arguments.target
    else:
        proposal["path"] = arguments.target
    if arguments.service:
        proposal["service"] = arguments.service
    if arguments.data is not None:
        proposal["body"] = arguments.data
    proposal["headers"] = {}
    for line in arguments.header:
        name, _, value = line.partition(":")
        proposal["headers"].setdefault(name.strip(), []).append(value.strip())
    key = {"Idempotency-Key": arguments.key or str(uuid.uuid4())}
    while True:
        status, headers, body = gateway.call("POST", "/proxy", proposal, key)
        if headers.get("X-Proxy-Status") in UPSTREAMS:
            return finish(status, body)
        problem = read_problem(body)
        code = problem.get("code")
        if code == "approval_required":
            action = problem["action_id"]
            report(f"waiting for a human: action {action}: {problem.get('risk_explanation', '')}")
            return follow(gateway, action, deadline)
        if code in ("idempotency_in_progress", "authority_unconfirmed") and time.monotonic() < deadline:
            time.sleep(float(headers.get("Retry-After", 1)))
            continue
        return refused(problem)


def follow(gateway, action, deadline):
    """Waits for the human's decision, and executes the action if it is approved."""
    while True:
        left = max(0, deadline - time.monotonic())
        wait = int(min(STATUS_WAIT_SECONDS, left))
        status, _, body = gateway.call("GET", f"/status/{action}?wait={wait}")
        status_body = read_problem(body)
        if status != 200:
            return refused(status_body)
        state = status_body["status"]
        if state == "APPROVED":
            status, headers, body = gateway.call("POST", f"/proxy/execute/{action}")
            if headers.get("X-Proxy-Status") in UPSTREAMS:
                return finish(status, body)
            problem = read_problem(body)
            if problem.get("code") != "action_not_approved":
                return refused(problem)
        elif state == "EXECUTED":
            result = status_body.get("result")
            if result is None:
                fail("executed; the response is not stored", 0)
            body = result["body"]
            is_text = result["body_encoding"] == "utf8"
            return finish(result["status"], body.encode() if is_text else base64.b64decode(body))
        elif state == "DENIED":
            fail(f"denied: {status_body.get('note') or 'no note'}", 3)
        elif state in ("REVOKED", "EXPIRED"):
            fail(f"{state.lower()}: {status_body.get('note') or 'no note'}", 4)
        elif state == "INDETERMINATE":
            fail(f"the request may have been sent, never send it again: {status_body.get('detail')}", 1)
        if time.monotonic() >= deadline:
            fail(f"still pending: action {action}", 5)


def refused(problem):
    code = {"action_denied": 3, "action_expired": 4, "action_revoked": 4}.get(problem.get("code"), 1)
    note = problem.get("note")
    fail(f"{problem.get('code', 'no gateway')}: {problem.get('detail', '')}{': ' + note if note else ''}", code)


def finish(status, body):
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()
    return 0 if 200 <= status < 300 else 22


def read_problem(body):
    try:
        problem = json.loads(body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def report(line):
    print(line, file=sys.stderr, flush=True)


def fail(line, code):
    report(line)
    sys.exit(code)


def read_arguments():
    parser = argparse.ArgumentParser(description="Send a request through GaiterGuard.")
    parser.add_argument("method", nargs="?")
    parser.add_argument("target", nargs="?")
    parser.add_argument("--intent")
    parser.add_argument("--service")
    parser.add_argument("--header", action="append", default=[], metavar="NAME: VALUE")
    parser.add_argument("--data")
    parser.add_argument("--key", help="Idempotency-Key; generated by default")
    parser.add_argument("--wait", type=float, default=600, metavar="SECONDS")
    parser.add_argument("--resume", metavar="ACTION_ID")
    arguments = parser.parse_args()
    if not arguments.resume and not (arguments.method and arguments.target and arguments.intent):
        parser.error("METHOD, TARGET, and --intent are required, or --resume ACTION_ID")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
