"""A mail server that keeps what it gets, from the package aiosmtpd.

usage: mail_server.py PORT RECORD   PORT serves the mails as JSON at /mails; RECORD is not used

SMTP_PORT is the port of the mail server. FAILURES is how many mails it refuses first, with 451. It knows no mailbox
whose name begins with `nobody`.
"""

import email.policy
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller

MAILS = []
FAILURES = int(os.environ.get("FAILURES", "0"))


class Keeper:
    refused = 0

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.refused < FAILURES:
            self.refused += 1
            return "451 4.3.0 try again later"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        html = message.get_body(("html",))
        MAILS.append({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "text": message.get_body(("plain",)).get_content(),
            "html": html and html.get_content(),
        })
        return "250 kept"


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        body = json.dumps(MAILS).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


Controller(Keeper(), hostname="127.0.0.1", port=int(os.environ["SMTP_PORT"])).start()
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Pages).serve_forever()
