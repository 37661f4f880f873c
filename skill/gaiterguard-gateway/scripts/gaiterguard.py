#!/usr/bin/env python3
"""Send a request through GaiterGuard, wait for the human if one is needed, and print the answer.

    gaiterguard.py METHOD PATH --service NAME --intent TEXT [--data BODY] [--header "NAME: VALUE"]
    gaiterguard.py METHOD https://whole/address --intent TEXT
    gaiterguard.py --resume ACTION_ID

Needs GAITERGUARD_URL and GAITERGUARD_AGENT_KEY, and nothing but Python's standard library.
Exit codes: 0 answered with 2xx, 22 another status of the upstream, 3 denied, 4 expired or revoked,
5 still waiting, 1 anything else.
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
        # No proxy of the environment, and no redirects: the key goes to the gateway alone.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect())

    def call(self, method, path, body=None, headers=None):
        """Answers status, headers and bytes; HTTP errors are answers too."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Agent-Key", self.key)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with self.opener.open(request, timeout=120) as answer:
                return answer.status, answer.headers, answer.read()
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
        fail("GAITERGUARD_AGENT_KEY must hold the agent's key", 1)
    gateway = Gateway(url, key)
    deadline = time.monotonic() + arguments.wait
    if arguments.resume:
        return follow(gateway, arguments.resume, deadline)
    return send(gateway, arguments, deadline)


def send(gateway, arguments, deadline):
    """Proposes the request. The key makes it safe to propose it again."""
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
            tell(f"waiting for a human: action {action}: {problem.get('risk_explanation', '')}")
            return follow(gateway, action, deadline)
        if code in ("idempotency_in_progress", "authority_unconfirmed") and time.monotonic() < deadline:
            time.sleep(float(headers.get("Retry-After", 1)))
            continue
        return refused(problem)


def follow(gateway, action, deadline):
    """Waits for the human, and executes what was approved."""
    while True:
        left = max(0, deadline - time.monotonic())
        wait = int(min(STATUS_WAIT_SECONDS, left))
        status, _, body = gateway.call("GET", f"/status/{action}?wait={wait}")
        report = read_problem(body)
        if status != 200:
            return refused(report)
        state = report["status"]
        if state == "APPROVED":
            status, headers, body = gateway.call("POST", f"/proxy/execute/{action}")
            if headers.get("X-Proxy-Status") in UPSTREAMS:
                return finish(status, body)
            problem = read_problem(body)
            if problem.get("code") != "action_not_approved":
                return refused(problem)
        elif state == "EXECUTED":
            result = report.get("result")
            if result is None:
                fail("it was executed; its answer is not kept", 0)
            body = result["body"]
            is_text = result["body_encoding"] == "utf8"
            return finish(result["status"], body.encode() if is_text else base64.b64decode(body))
        elif state == "DENIED":
            fail(f"denied: {report.get('note') or 'without a word'}", 3)
        elif state in ("REVOKED", "EXPIRED"):
            fail(f"{state.lower()}: {report.get('note') or 'without a word'}", 4)
        elif state == "INDETERMINATE":
            fail(f"it may have been sent, never send it again: {report.get('detail')}", 1)
        if time.monotonic() >= deadline:
            fail(f"still waiting for a human: action {action}", 5)


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


def tell(line):
    print(line, file=sys.stderr, flush=True)


def fail(line, code):
    tell(line)
    sys.exit(code)


def read_arguments():
    parser = argparse.ArgumentParser(description="Send a request through GaiterGuard.")
    parser.add_argument("method", nargs="?")
    parser.add_argument("target", nargs="?")
    parser.add_argument("--intent")
    parser.add_argument("--service")
    parser.add_argument("--header", action="append", default=[], metavar="NAME: VALUE")
    parser.add_argument("--data")
    parser.add_argument("--key", help="the Idempotency-Key; one is made up if it is left out")
    parser.add_argument("--wait", type=float, default=600, metavar="SECONDS")
    parser.add_argument("--resume", metavar="ACTION_ID")
    arguments = parser.parse_args()
    if not arguments.resume and not (arguments.method and arguments.target and arguments.intent):
        parser.error("METHOD, TARGET and --intent are needed, or --resume ACTION_ID")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
