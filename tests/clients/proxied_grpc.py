"""A gRPC server with TLS, and calls to it behind a proxy, with the package grpcio.

usage: proxied_grpc.py serve PEM_FILE
       grpc_proxy=… proxied_grpc.py call ADDRESS CA_FILE KIND METHOD [NAME=VALUE…]

The server writes its certificate to PEM_FILE and prints its port. Its methods return what they got and the
`authorization` that came with it. KIND is unary, watch, upload, chat, together or cancel; NAME=VALUE is metadata. The
client prints each message, and then the name of the status, its text and the trailing metadata, one JSON a line.
"""

import json
import sys
import threading
import time
from concurrent import futures

import grpc

SERVICE = "/things.Things/"
TIMEOUT_S = 60


def show(**values):
    print(json.dumps(values), flush=True)


def serve(pem_file):
    from tls_front import write_certificate

    def who(context):
        return dict(context.invocation_metadata()).get("authorization", "nobody").encode()

    def unary(request, context):
        show(called=request.decode(errors="replace")[:100])
        context.set_trailing_metadata([("x-cost", "7")])
        return b"got " + request[:100] + b" from " + who(context)

    def fail(request, context):
        context.abort(grpc.StatusCode.NOT_FOUND, "no such key: " + who(context).decode())

    def watch(request, context):
        for number in range(3):
            yield request + b" %d" % number
            time.sleep(0.3)

    def upload(requests, context):
        return b"%d bytes" % sum(len(request) for request in requests)

    def chat(requests, context):
        for request in requests:
            yield b"you said " + request

    def wait(request, context):
        ended = threading.Event()
        context.add_callback(ended.set)
        ended.wait(TIMEOUT_S)
        show(ended=True)
        return request

    handlers = {
        "Get": grpc.unary_unary_rpc_method_handler(unary),
        "Pay": grpc.unary_unary_rpc_method_handler(unary),
        "Delete": grpc.unary_unary_rpc_method_handler(unary),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Wait": grpc.unary_unary_rpc_method_handler(wait),
        "Watch": grpc.unary_stream_rpc_method_handler(watch),
        "Upload": grpc.stream_unary_rpc_method_handler(upload),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
    }
    write_certificate(pem_file, is_authority=False)
    with open(pem_file, "rb") as file:
        pem = file.read()
    server = grpc.server(futures.ThreadPoolExecutor(32))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("things.Things", handlers)])
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(pem, pem)]))
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


def call(address, ca_file, kind, method, *metadata):
    with open(ca_file, "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    channel = grpc.secure_channel(address, credentials)
    path = SERVICE + method
    options = {"metadata": [tuple(pair.split("=", 1)) for pair in metadata], "timeout": TIMEOUT_S}

    def ended(call):
        trailing = {name: str(value) for name, value in call.trailing_metadata() or []}
        show(status=call.code().name, text=call.details(), trailing=trailing)

    try:
        if kind == "unary":
            response, finished = channel.unary_unary(path).with_call(b"hello", **options)
            show(message=response.decode())
        elif kind == "watch":
            finished = channel.unary_stream(path)(b"event", **options)
            started = time.monotonic()
            for message in finished:
                show(message=message.decode(), after_ms=int(1000 * (time.monotonic() - started)))
        elif kind == "upload":
            pieces = (b"x" * 100_000 for _ in range(30))
            response, finished = channel.stream_unary(path).with_call(pieces, **options)
            show(message=response.decode())
        elif kind == "chat":
            heard = threading.Event()

            def speak():
                for word in (b"one", b"two", b"three"):
                    heard.clear()
                    yield word
                    # The next word is said after the response to the last one.
                    heard.wait(TIMEOUT_S)

            finished = channel.stream_stream(path)(speak(), **options)
            for message in finished:
                show(message=message.decode())
                heard.set()
        elif kind == "together":
            unary = channel.unary_unary(path)
            calls = [unary.future(b"number %d" % number, **options) for number in range(100)]
            show(message=len({one.result() for one in calls}))
            finished = calls[0]
        elif kind == "cancel":
            finished = channel.unary_unary(path).future(b"hello", **options)
            time.sleep(1)
            finished.cancel()
        ended(finished)
    except grpc.RpcError as error:
        ended(error)


{"serve": serve, "call": call}[sys.argv[1]](*sys.argv[2:])
