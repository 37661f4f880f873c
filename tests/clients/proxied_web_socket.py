"""A WebSocket server with TLS, and a client of it behind a proxy, with the package websockets.

usage: proxied_web_socket.py serve PEM_FILE TOKEN
       proxied_web_socket.py call URL PROXY CA_FILE

The server writes its certificate to PEM_FILE and prints its port. On each connection it sends whether the request has the
bearer token TOKEN alone, and then echoes one message. The client prints both.
"""

import ssl
import sys

from tls_front import write_certificate
from websockets.sync.client import connect
from websockets.sync.server import serve


def serve_echo(pem_file, token):
    write_certificate(pem_file, is_authority=False, names=["localhost", "things.example"])
    settings = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    settings.load_cert_chain(pem_file)

    def echo(connection):
        sent = connection.request.headers.get_all("Authorization")
        connection.send("authorized" if sent == [f"Bearer {token}"] else "not authorized")
        connection.send(connection.recv())

    with serve(echo, "127.0.0.1", 0, ssl=settings) as server:
        print(server.socket.getsockname()[1], flush=True)
        server.serve_forever()


def call(url, proxy, ca_file):
    settings = ssl.create_default_context(cafile=ca_file)
    headers = {"Authorization": "Bearer placeholder", "X-Agent-Intent": "Listen"}
    with connect(url, proxy=proxy, ssl=settings, additional_headers=headers) as connection:
        print(connection.recv())
        connection.send("ping")
        print(connection.recv())


{"serve": serve_echo, "call": call}[sys.argv[1]](*sys.argv[2:])
