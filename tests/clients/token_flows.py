"""Libraries that fetch tokens themselves, google-auth and msal: their token endpoint and the API are behind the gateway.

The service passes their own credentials on, so that the agent key has a header of its own.
"""

import json
import os

import msal
import requests
import tls_front
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import service_account

GATEWAY, PROVIDER, KEY = os.environ["GATEWAY"], os.environ["PROVIDER"], os.environ["AGENT_KEY"]
SECRET = os.environ["CLIENT_SECRET"]
HEADERS = {"Agent-Key": KEY, "X-Agent-Intent": "See which notes there are"}
results = {}


def google(service):
    """Returns a session of a service account whose tokens come through a service of the gateway."""
    account = requests.get(f"{PROVIDER}/console/service-account", timeout=30).json()
    account["token_uri"] = f"{GATEWAY}/s/{service}/token"
    credentials = service_account.Credentials.from_service_account_info(account, scopes=["read"])
    fetching = requests.Session()
    fetching.headers.update(HEADERS)
    session = AuthorizedSession(credentials, auth_request=Request(fetching))
    session.headers.update(HEADERS)
    return session


session = google("login")
results["google"] = [session.get(f"{GATEWAY}/s/login/me").json()["client"]]
# The library fetches a new token if the API rejects its own.
requests.post(f"{PROVIDER}/console/expire", timeout=30)
results["google"].append(session.get(f"{GATEWAY}/s/login/me").json()["client"])
try:
    google("watched-login").get(f"{GATEWAY}/s/watched-login/me")
except RefreshError as error:
    results["google_held"] = "approval" in str(error)

certificate = os.path.join(os.environ["HOME"], "front.pem")
front = tls_front.start(GATEWAY, certificate, int(os.environ["FRONT_PORT"]))
secure = requests.Session()
secure.headers.update(HEADERS)
secure.verify = certificate


def microsoft(service, secret):
    authority = f"{front}/s/{service}"
    app = msal.ConfidentialClientApplication(
        "form", client_credential=secret, oidc_authority=authority, http_client=secure
    )
    return app.acquire_token_for_client(["read"])


token = microsoft("login", SECRET)["access_token"]
bearer = {"Authorization": f"Bearer {token}"}
results["msal"] = secure.get(f"{front}/s/login/me", headers=bearer).json()["client"]
results["msal_refused"] = microsoft("login", "another secret")["error"]

print(json.dumps(results))
