"""Ends TLS in front of the gateway, like a reverse proxy, for clients that require https or act differently over it."""

import asyncio
import datetime
import ssl
import threading
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NAME = "localhost"


def write_certificate(path, is_authority=True, names=()):
    """Writes a certificate and its key. Some clients trust only an authority, and some accept none as a server's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    alternatives = x509.SubjectAlternativeName([x509.DNSName(it) for it in names or [NAME]])
    builder = builder.add_extension(alternatives, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    with open(path, "wb") as file:
        file.write(certificate + key.private_bytes(*pem))


async def _copy(reader, writer):
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


def start(gateway, path, port=0):
    """Serves `gateway` with TLS and returns the https address; `path` becomes the file of its certificate."""
    write_certificate(path)
    settings = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    settings.load_cert_chain(path)
    target = urlsplit(gateway)
    started, address = threading.Event(), []

    async def connected(reader, writer):
        from_gateway, to_gateway = await asyncio.open_connection(target.hostname, target.port)
        await asyncio.gather(_copy(reader, to_gateway), _copy(from_gateway, writer))

    async def serve():
        server = await asyncio.start_server(connected, "127.0.0.1", port, ssl=settings)
        address.append(server.sockets[0].getsockname()[1])
        started.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    if not started.wait(30):
        raise RuntimeError("the front did not start")
    return f"https://{NAME}:{address[0]}"
