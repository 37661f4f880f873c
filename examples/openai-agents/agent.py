"""An agent of the OpenAI Agents SDK whose model and whose tool both go through the gateway."""

import os

import httpx
from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI

URL, KEY = os.environ["GAITERGUARD_URL"], os.environ["GAITERGUARD_AGENT_KEY"]

# Traces would be sent past the gateway.
set_tracing_disabled(True)


@function_tool
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


client = AsyncOpenAI(
    base_url=f"{URL}/s/openai",
    api_key=KEY,
    default_headers={"X-Agent-Intent": "Let the model choose the next step of the note assistant"},
)
agent = Agent(
    name="Note assistant",
    model=OpenAIChatCompletionsModel(model="gpt-4o-mini", openai_client=client),
    tools=[delete_note],
)
result = Runner.run_sync(agent, "Delete note 1, because the milk was bought.")
print(result.final_output)
