"""A LangChain agent whose model and whose tool both go through the gateway."""

import os

import httpx
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

URL, KEY = os.environ["GAITERGUARD_URL"], os.environ["GAITERGUARD_AGENT_KEY"]


@tool
def delete_note(number: int, reason: str) -> str:
    """Deletes a note. Waits for a human if the gateway asks for approval."""
    response = httpx.post(
        f"{URL}/proxy",
        headers={"Agent-Key": KEY, "Idempotency-Key": f"delete-note-{number}"},
        json={
            "service": "notes",
            "method": "DELETE",
            "path": f"/notes/{number}",
            "intent": f"Delete note {number}: {reason}",
            "wait": 120,
        },
        timeout=130,
    )
    problem = response.json()
    match response.headers["X-Proxy-Status"]:
        case "forwarded" | "executed-approved" | "replayed":
            return response.text
        case "blocked":
            return f"Held for a human; continue with other work. Status: {problem['status_url']}"
        case _:
            return f"Refused: {problem['code']}: {problem.get('note') or problem['detail']}. Do not try a way around."


model = ChatOpenAI(
    model="gpt-4o-mini",
    base_url=f"{URL}/s/openai",
    api_key=KEY,
    default_headers={"X-Agent-Intent": "Let the model choose the next step of the note assistant"},
)
agent = create_agent(model, tools=[delete_note])
result = agent.invoke({"messages": [{"role": "user", "content": "Delete note 2, because Ann was called."}]})
for message in result["messages"]:
    print(f"{message.type}: {message.content or message.tool_calls}")
