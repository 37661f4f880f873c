"""States an intent in a language other than English with requests, which sends header values in Latin-1."""

import json
import os

import requests

key = {"Agent-Key": os.environ["AGENT_KEY"]}
intent = {"X-Agent-Intent": os.environ["INTENT"]}
response = requests.delete(os.environ["URL"], headers=key | intent, timeout=60)
print(json.dumps({"status": response.status_code, "id": response.json().get("action_id")}))
