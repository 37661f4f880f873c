"""A Git server: the program `git http-backend` with one repository.

usage: git.py PORT RECORD   the heads of all requests are appended to the file RECORD
"""

import os
import subprocess
import sys
import tempfile

from recording import Recording
from werkzeug.serving import WSGIRequestHandler, run_simple

port, record = int(sys.argv[1]), sys.argv[2]
root = tempfile.mkdtemp()
work = os.path.join(root, "work")
environment = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
for arguments in [
    ["init", "--quiet", "--initial-branch=main", work],
    ["-C", work, "-c", "user.name=Ann", "-c", "user.email=ann@example.com", "commit", "--quiet", "--allow-empty", "-m", "Paint the gate"],
    ["clone", "--quiet", "--bare", work, os.path.join(root, "gate.git")],
]:
    subprocess.run(["git", *arguments], check=True, env=environment)


def application(request, start_response):
    if request["PATH_INFO"] == "/":
        start_response("200 OK", [])
        return [b"ready"]
    length = int(request.get("CONTENT_LENGTH") or 0)
    variables = environment | {
        "GIT_PROJECT_ROOT": root,
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": request["REQUEST_METHOD"],
        "PATH_INFO": request["PATH_INFO"],
        "QUERY_STRING": request.get("QUERY_STRING", ""),
        "CONTENT_TYPE": request.get("CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(length),
        "HTTP_CONTENT_ENCODING": request.get("HTTP_CONTENT_ENCODING", ""),
        "GIT_PROTOCOL": request.get("HTTP_GIT_PROTOCOL", ""),
    }
    body = request["wsgi.input"].read(length)
    answered = subprocess.run(["git", "http-backend"], input=body, stdout=subprocess.PIPE, env=variables, check=True)
    head, _, content = answered.stdout.partition(b"\r\n\r\n")
    headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
    status = dict(headers).get("Status", "200 OK")
    start_response(status, [header for header in headers if header[0] != "Status"])
    return [content]


WSGIRequestHandler.protocol_version = "HTTP/1.1"
run_simple("127.0.0.1", port, Recording(application, record), threaded=True)
