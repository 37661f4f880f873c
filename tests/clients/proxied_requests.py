"""Sends requests with the package `requests`, which reads the proxy from the environment.

usage: HTTP_PROXY=… HTTPS_PROXY=… REQUESTS_CA_BUNDLE=… proxied_requests.py URL…

Prints the status of each response.
"""

import sys

import requests

with requests.Session() as session:
    session.headers["Authorization"] = "Bearer placeholder"
    for url in sys.argv[1:]:
        print(session.get(url, timeout=60).status_code)
