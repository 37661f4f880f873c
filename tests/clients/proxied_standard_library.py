"""Sends a GET for each line of standard input, all in one tunnel, with Python's standard library. If a line is empty,
waits until the proxy closes the tunnel, and opens another one.

usage: proxied_standard_library.py PROXY_HOST PROXY_PORT AUTHORIZATION HOST PORT CA_FILE

Prints the status and the code of each response, and what happens to the tunnel.
"""

import http.client
import json
import ssl
import sys

proxy_host, proxy_port, authorization, host, port, ca_file = sys.argv[1:]
context = ssl.create_default_context(cafile=ca_file)
connection = http.client.HTTPSConnection(proxy_host, int(proxy_port), context=context, timeout=60)
connection.set_tunnel(host, int(port), headers={"Proxy-Authorization": authorization})
for line in sys.stdin:
    if not line.strip():
        connection.sock.settimeout(10)
        rest = connection.sock.recv(1)
        connection.close()
        try:
            connection.connect()
            state = "opened"
        except OSError as error:
            state = str(error)
        print("open" if rest else "closed", state, flush=True)
        continue
    connection.request("GET", line.strip())
    response = connection.getresponse()
    body = response.read()
    kept = connection.sock is not None
    code = json.loads(body).get("code", "-") if response.status >= 400 else "-"
    print(response.status, code, "kept" if kept else "closed", flush=True)
