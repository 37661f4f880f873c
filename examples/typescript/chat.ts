// The OpenAI SDK, unmodified: its base URL leads to the gateway and its key is the agent key.
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: `${process.env.GAITERGUARD_URL}/s/openai`,
  apiKey: process.env.GAITERGUARD_AGENT_KEY,
  maxRetries: 0,
});
const completion = await client.chat.completions.create(
  { model: "gpt-4o-mini", messages: [{ role: "user", content: "Name a color." }] },
  { headers: { "X-Agent-Intent": "Ask for the name of a color" } },
);
console.log(completion.choices[0]?.message.content);
