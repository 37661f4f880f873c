"""An agent with httpx: creates a note and deletes it again, which a human has to approve."""

import os
import sys
import uuid

import httpx

gateway = httpx.Client(
    base_url=os.environ["GAITERGUARD_URL"],
    headers={"Agent-Key": os.environ["GAITERGUARD_AGENT_KEY"]},
    timeout=320,  # longer than the longest wait for a human
)


def send(method: str, path: str, intent: str, body: object = None, wait: int = 0) -> httpx.Response:
    """Sends one request through the gateway. The key makes it safe to repeat after a lost connection."""
    return gateway.post(
        "/proxy",
        headers={"Idempotency-Key": str(uuid.uuid4())},
        json={
            "service": "notes",
            "method": method,
            "path": path,
            "intent": intent,
            "body": body,
            "wait": wait,
        },
    )


created = send("POST", "/notes", "Create a note that says: water the plants", {"text": "Water the plants"})
if created.headers["X-Proxy-Status"] == "blocked":
    sys.exit(f"held: {created.json()['risk_explanation']}")
note = created.json()
print("created:", note)

print("asking to delete it; waiting for a human …")
deleted = send("DELETE", f"/notes/{note['id']}", f"Delete note {note['id']}, which this program created", wait=120)
match deleted.headers["X-Proxy-Status"]:
    case "executed-approved":
        print("deleted:", deleted.json())
    case "blocked":
        print("still pending:", deleted.json()["status_url"])
    case _:
        print("refused:", deleted.json()["code"], deleted.json().get("note"))
