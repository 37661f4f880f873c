"""The OpenAI SDK, pointed at the gateway by its two settings alone: OPENAI_BASE_URL and OPENAI_API_KEY."""

import json

import openai

client = openai.OpenAI(default_headers={"X-Agent-Intent": "Answer Ann's question"})
told = {}

question = [{"role": "user", "content": "What is a gate?"}]
answer = client.chat.completions.create(model="gpt-4o-mini", messages=question)
told["answer"] = answer.choices[0].message.content

stream = client.chat.completions.create(model="gpt-4o-mini", messages=question, stream=True)
told["pieces"] = [chunk.choices[0].delta.content for chunk in stream if chunk.choices]

removal = {"X-Agent-Intent": "Remove the file that Ann does not need"}
try:
    client.files.delete("file-1", extra_headers=removal)
except openai.APIStatusError as error:
    told["held"] = {"status": error.status_code, "code": error.response.json()["code"]}

waiting = removal | {"Prefer": "wait=60"}
told["deleted"] = client.files.delete("file-2", extra_headers=waiting).deleted

try:
    client.files.delete("file-3", extra_headers=waiting)
except openai.PermissionDeniedError as error:
    problem = error.response.json()
    told["denied"] = {"code": problem["code"], "note": problem["note"]}

print(json.dumps(told))
