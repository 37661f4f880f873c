"""Writes down which requests an upstream received, for the test to read."""

import json
import threading


class Recording:
    """A WSGI application that appends the head of each request to a file, one JSON object a line."""

    def __init__(self, application, path):
        self.application = application
        self.file = open(path, "a", buffering=1)
        self.lock = threading.Lock()

    def __call__(self, environment, start_response):
        headers = {name: value for name, value in environment.items() if name.startswith("HTTP_")}
        head = {
            "method": environment["REQUEST_METHOD"],
            "target": environment["RAW_URI"],
            "headers": {name[5:].replace("_", "-").lower(): value for name, value in headers.items()},
        }
        with self.lock:
            self.file.write(json.dumps(head) + "\n")
        return self.application(environment, start_response)
