"""An OAuth 2.0 provider and an API that its tokens open, from the package Authlib.

usage: oauth_provider.py PORT RECORD   the heads of all requests are appended to the file RECORD

ISSUER is the address that the provider names in its metadata, CLIENT_SECRET the secret of its clients `machine` (which
authenticates with Basic only) and `form` (in the form only). Everything under /console is for the test: what a human
does on the provider's web pages.
"""

import os
import secrets
import sys
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7523 import JWTBearerGrant
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, jsonify, request
from recording import Recording
from werkzeug.serving import WSGIRequestHandler, run_simple

# Grants are usually refused without https, which the gateway does not need on this machine.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
# Clients of service accounts sign for this audience, wherever they send the assertion.
AUDIENCE = "https://oauth2.googleapis.com/token"
ISSUER, SECRET = os.environ["ISSUER"], os.environ["CLIENT_SECRET"]
ROBOT = "robot@project.iam.example"


class Client(ClientMixin):
    def __init__(self, name, method, grants):
        self.name, self.method, self.grants = name, method, grants

    def get_client_id(self):
        return self.name

    def get_allowed_scope(self, scope):
        return scope or "read"

    def check_client_secret(self, secret):
        return secrets.compare_digest(secret, SECRET)

    def check_endpoint_auth_method(self, method, endpoint):
        return method == self.method

    def check_grant_type(self, grant_type):
        return grant_type in self.grants


class Token(TokenMixin):
    def __init__(self, client, values):
        self.client, self.values = client, values
        self.until = time.time() + values.get("expires_in", 3600)
        self.revoked = False

    def check_client(self, client):
        return self.client.name == client.name

    def get_scope(self):
        return self.values.get("scope", "")

    def get_expires_in(self):
        return self.values.get("expires_in", 0)

    def is_expired(self):
        return self.until < time.time()

    def is_revoked(self):
        return self.revoked

    def get_user(self):
        return None

    def get_client(self):
        return self.client


key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
pem = serialization.Encoding.PEM
public_key = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
private_key = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
clients = {
    "machine": Client("machine", "client_secret_basic", {"client_credentials", "refresh_token"}),
    "form": Client("form", "client_secret_post", {"client_credentials"}),
    ROBOT: Client(ROBOT, "none", {JWTBearerGrant.GRANT_TYPE}),
}
tokens, exchanges = [], []


class Machine(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]


class Refresh(RefreshTokenGrant):
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, value):
        for token in tokens:
            if token.values.get("refresh_token") == value and not token.revoked:
                return token
        return None

    def authenticate_user(self, token):
        return token.client.name

    def revoke_old_credential(self, token):
        token.revoked = True


class Assertion(JWTBearerGrant):
    def get_audiences(self):
        return [AUDIENCE]

    def resolve_issuer_client(self, issuer):
        return clients.get(issuer)

    def resolve_client_public_key(self, client):
        return public_key

    def authenticate_user(self, subject):
        return subject

    def has_granted_permission(self, client, user):
        return True


def save_token(values, asked):
    tokens.append(Token(asked.client, values))
    exchanges.append(asked.payload.grant_type)


class Validator(BearerTokenValidator):
    def authenticate_token(self, value):
        for token in tokens:
            if token.values["access_token"] == value:
                return token
        return None


app = Flask(__name__)
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
server = AuthorizationServer(app, query_client=clients.get, save_token=save_token)
for grant in (Machine, Refresh, Assertion):
    server.register_grant(grant)
protect = ResourceProtector()
protect.register_token_validator(Validator())


@app.get("/.well-known/openid-configuration")
@app.get("/v2.0/.well-known/openid-configuration")
def metadata():
    return jsonify(
        issuer=ISSUER, authorization_endpoint=f"{ISSUER}/authorize", token_endpoint=f"{ISSUER}/token"
    )


@app.post("/token")
def token():
    return server.create_token_response()


@app.get("/me")
@protect("read")
def me():
    return jsonify(client=current_token.client.name, scope=current_token.get_scope())


@app.post("/notes")
@protect("read")
def notes():
    return jsonify(text=request.get_json()["text"]), 201


@app.get("/console/service-account")
def service_account():
    return jsonify(
        type="service_account",
        client_email=ROBOT,
        private_key=private_key.decode(),
        private_key_id="1",
        token_uri=f"{ISSUER}/token",
    )


@app.post("/console/consent")
def consent():
    values = {"access_token": secrets.token_hex(16), "refresh_token": secrets.token_hex(16), "scope": "read"}
    tokens.append(Token(clients["machine"], values))
    return jsonify(values)


@app.post("/console/expire")
def expire():
    for token in tokens:
        token.until = 0
    return "", 204


@app.get("/console/exchanges")
def list_exchanges():
    return jsonify(exchanges)


port, record = int(sys.argv[1]), sys.argv[2]
WSGIRequestHandler.protocol_version = "HTTP/1.1"
run_simple("127.0.0.1", port, Recording(app, record), threaded=True)
