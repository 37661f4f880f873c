"""The OpenAI SDK, unmodified: its base URL leads to the gateway and its key is the agent key."""

import os

from openai import OpenAI

client = OpenAI(
    base_url=f"{os.environ['GAITERGUARD_URL']}/s/openai",
    api_key=os.environ["GAITERGUARD_AGENT_KEY"],
    max_retries=0,
)
completion = client.chat.completions.create(
    model="gpt-4o-mini",
    messages=[{"role": "user", "content": "Name a color."}],
    extra_headers={"X-Agent-Intent": "Ask for the name of a color"},
)
print(completion.choices[0].message.content)
