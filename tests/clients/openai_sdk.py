"""Uses the OpenAI SDK through the gateway. Only OPENAI_BASE_URL and OPENAI_API_KEY are set."""

import json

import openai

client = openai.OpenAI(default_headers={"X-Agent-Intent": "Respond to Ann's question"})
results = {}

question = [{"role": "user", "content": "What is a gate?"}]
completion = client.chat.completions.create(model="gpt-4o-mini", messages=question)
results["completion"] = completion.choices[0].message.content

stream = client.chat.completions.create(model="gpt-4o-mini", messages=question, stream=True)
results["pieces"] = [chunk.choices[0].delta.content for chunk in stream if chunk.choices]

removal = {"X-Agent-Intent": "Remove the file that Ann does not need"}
try:
    client.files.delete("file-1", extra_headers=removal)
except openai.APIStatusError as error:
    results["held"] = {"status": error.status_code, "code": error.code}

waiting = removal | {"Prefer": "wait=60"}
results["deleted"] = client.files.delete("file-2", extra_headers=waiting).deleted

try:
    client.files.delete("file-3", extra_headers=waiting)
except openai.PermissionDeniedError as error:
    results["denied"] = {"code": error.code, "note": error.response.json()["note"]}

# An error of the upstream is the SDK's own, with the upstream's words.
try:
    client.chat.completions.create(model="unknown", messages=question)
except openai.NotFoundError as error:
    results["unknown"] = {"code": error.code, "message": error.body["message"]}

# The SDK repeats a request that the upstream failed to process. With a key, the repetition gets the same response.
try:
    once = {"Idempotency-Key": "question-1"}
    client.chat.completions.create(model="broken", messages=question, extra_headers=once)
except openai.InternalServerError as error:
    results["broken"] = {
        "status": error.status_code,
        "proxy": error.response.headers["X-Proxy-Status"],
        "retries": error.response.request.headers["X-Stainless-Retry-Count"],
    }

print(json.dumps(results))
