"""An S3 that keeps its objects in memory: the package moto. It does not check signatures.

usage: s3.py PORT RECORD   the heads of all requests are appended to the file RECORD
"""

import sys

from moto.server import create_backend_app
from recording import Recording
from werkzeug.serving import WSGIRequestHandler, run_simple

port, record = int(sys.argv[1]), sys.argv[2]
# Real servers keep connections open.
WSGIRequestHandler.protocol_version = "HTTP/1.1"
run_simple("127.0.0.1", port, Recording(create_backend_app("s3"), record), threaded=True)
