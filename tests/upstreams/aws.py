"""The APIs of AWS, kept in memory by the package moto, behind a check of every signature that recomputes it with
botocore, the signer of the AWS SDK for Python. A request whose signature is not that of the key is refused.

usage: aws.py PORT RECORD   the heads of all requests are appended to the file RECORD
environment: ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN (may be empty), and TLS_HOST, TLS_PORT, and TLS_FILE
             to serve the same with TLS under a name, whose certificate is written to the file
"""

import datetime
import hashlib
import io
import os
import sys
import threading
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qsl, quote, unquote

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from moto.server import DomainDispatcherApplication, create_backend_app
from recording import Recording
from werkzeug.serving import WSGIRequestHandler, make_server, run_simple

sys.path.insert(0, str(Path(__file__).parent.parent / "clients"))
import tls_front  # noqa: E402

ACCESS_KEY_ID, SECRET = os.environ["ACCESS_KEY_ID"], os.environ["SECRET_ACCESS_KEY"]
TOKEN = os.environ.get("SESSION_TOKEN") or None
LIMIT = datetime.timedelta(minutes=5)


class Checked:
    """A WSGI application that passes only requests with a valid signature."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environment, start_response):
        if environment["RAW_URI"] == "/" and environment["REQUEST_METHOD"] == "GET" and is_unsigned(environment):
            start_response("200 OK", [])
            return [b"ready"]
        body = whole_body(environment)
        wrong = fault(environment, body)
        if wrong:
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [wrong.encode()]
        return self.application(environment, start_response)


def whole_body(environment):
    """Reads the body, however it is framed, and leaves it to the application."""
    if environment.pop("HTTP_TRANSFER_ENCODING", None):
        body = environment["wsgi.input"].read()
    else:
        body = environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
    environment |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    return body


def is_unsigned(environment):
    return "HTTP_AUTHORIZATION" not in environment and "X-Amz-Signature" not in environment["RAW_URI"]


def fault(environment, body):
    """Returns what is wrong with the signature of a request, or None."""
    raw_path, _, query = environment["RAW_URI"].partition("?")
    headers = {
        name[5:].replace("_", "-").lower(): value for name, value in environment.items() if name.startswith("HTTP_")
    }
    if environment.get("CONTENT_TYPE"):
        headers["content-type"] = environment["CONTENT_TYPE"]
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    in_query = "X-Amz-Signature" in parameters
    if in_query:
        credential, signed = parameters["X-Amz-Credential"], parameters["X-Amz-SignedHeaders"]
        given, date = parameters["X-Amz-Signature"], parameters["X-Amz-Date"]
        token = parameters.get("X-Amz-Security-Token")
    else:
        authorization = headers.get("authorization", "")
        if not authorization.startswith("AWS4-HMAC-SHA256 "):
            return "not signed"
        fields = dict(field.strip().split("=", 1) for field in authorization.split(" ", 1)[1].split(","))
        credential, signed, given = fields["Credential"], fields["SignedHeaders"], fields["Signature"]
        date, token = headers["x-amz-date"], headers.get("x-amz-security-token")
    key_id, _, region, service, _ = credential.split("/")
    if key_id != ACCESS_KEY_ID or token != TOKEN:
        return "another key"
    at = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    if abs(datetime.datetime.now(datetime.UTC) - at) > LIMIT:
        return "another time"
    signed = signed.split(";")
    for name in headers:
        if (name == "host" or name.startswith("x-amz-")) and name not in signed:
            return f"{name} is not signed"

    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "X-Amz-Signature"]
    encoded = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in kept)
    is_s3 = service == "s3"
    if is_s3:  # The service decodes the path and encodes it once.
        raw_path = quote(unquote(raw_path), safe="/-_.~")
    url = f"https://{headers['host']}{raw_path}" + (f"?{encoded}" if encoded else "")
    request = AWSRequest(environment["REQUEST_METHOD"], url, data=body)
    for name in signed:
        request.headers[name] = headers[name]
    request.context["timestamp"] = date
    request.context["payload_signing_enabled"] = True
    kind = (S3SigV4QueryAuth if in_query else S3SigV4Auth) if is_s3 else SigV4Auth
    signer = kind(Credentials(ACCESS_KEY_ID, SECRET, TOKEN), service, region)
    digest = headers.get("x-amz-content-sha256")
    if in_query and is_s3:
        digest = "UNSIGNED-PAYLOAD"
    elif digest not in (None, "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"):
        if digest != hashlib.sha256(body).hexdigest():
            return "another body"
    with mock.patch.object(signer, "headers_to_sign", lambda request: _signed(request, signed)), \
            mock.patch.object(signer, "payload", lambda request: digest or SigV4Auth.payload(signer, request)):
        canonical = signer.canonical_request(request)
        expected = signer.signature(signer.string_to_sign(request, canonical), request)
    return None if expected == given else f"another signature; expected for:\n{canonical}"


def _signed(request, names):
    headers = HTTPHeaders()
    for name in names:
        headers[name] = request.headers[name]
    return headers


port, record = int(sys.argv[1]), sys.argv[2]
# Real servers keep connections open.
WSGIRequestHandler.protocol_version = "HTTP/1.1"
application = Recording(Checked(DomainDispatcherApplication(create_backend_app)), record)
if host := os.environ.get("TLS_HOST"):
    certificate = os.environ["TLS_FILE"]
    tls_front.NAME = host
    tls_front.write_certificate(certificate, is_authority=False)
    settings = (certificate, certificate)
    server = make_server("127.0.0.1", int(os.environ["TLS_PORT"]), application, threaded=True, ssl_context=settings)
    threading.Thread(target=server.serve_forever, daemon=True).start()
run_simple("127.0.0.1", port, application, threaded=True)
