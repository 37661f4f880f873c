"""Sends requests in HTTP/2 with the package httpx, many at a time on one connection.

usage: proxied_httpx.py PROXY CA_FILE COUNT URL

Prints the version of HTTP and the number of responses for each status.
"""

import asyncio
import collections
import ssl
import sys

import httpx


async def main(proxy, ca_file, count, url):
    settings = ssl.create_default_context(cafile=ca_file)
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(http2=True, proxy=proxy, verify=settings, limits=limits, timeout=60) as client:
        responses = await asyncio.gather(*(client.get(url) for _ in range(int(count))))
    found = collections.Counter((one.http_version, one.status_code) for one in responses)
    for (version, status), number in sorted(found.items()):
        print(version, status, number)


asyncio.run(main(*sys.argv[1:]))
