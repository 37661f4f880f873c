// The gateway's MCP tools in the SDKs of model providers: the Vercel AI SDK with its own MCP client, and the SDKs of
// OpenAI, Google and Anthropic with the official one. Node.js reads this from standard input, in the folder of the
// packages. It prints which tools each provider would have received.

import { createServer } from "node:http";

import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createMCPClient } from "@ai-sdk/mcp";
import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { mcpTools } from "@anthropic-ai/sdk/helpers/beta/mcp";
import { GoogleGenAI, mcpToTool } from "@google/genai";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { generateText, stepCountIs, streamText } from "ai";

const { GATEWAY, AGENT_KEY } = process.env;
const authorization = { Authorization: `Bearer ${AGENT_KEY}` };
const results = {};

// The AI SDK: a streaming model behind the gateway calls the tools until the held request is executed.
const tools = await createMCPClient({
  transport: { type: "http", url: `${GATEWAY}/mcp`, headers: authorization },
});
const ownTools = await tools.tools();
const openai = createOpenAI({
  baseURL: `${GATEWAY}/s/openai`,
  apiKey: AGENT_KEY,
  headers: { "X-Agent-Intent": "Choose the next step" },
});
const run = streamText({
  model: openai.chat("gpt-4o-mini"),
  tools: ownTools,
  stopWhen: stepCountIs(8),
  prompt: "Delete note 2, because Ann was called.",
  onError: ({ error }) => console.error(error),
});
results.pieces = [];
for await (const piece of run.textStream) results.pieces.push(piece);
results.calls = (await run.steps).flatMap((step) => step.toolCalls.map((call) => call.toolName));

// The model providers, which are the outside world: a server that keeps what it receives.
const received = {};
const replies = {
  "/openai/responses": {
    id: "resp_1", object: "response", created_at: 1, model: "m", status: "completed", error: null,
    incomplete_details: null,
    output: [{
      type: "message", id: "msg_1", role: "assistant", status: "completed",
      content: [{ type: "output_text", text: "fine", annotations: [], logprobs: [] }],
    }],
    usage: { input_tokens: 1, output_tokens: 1 },
  },
  "/google/": {
    candidates: [{ content: { role: "model", parts: [{ text: "fine" }] }, finishReason: "STOP", index: 0 }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  },
};
const message = (stop_reason, content) => ({
  id: "msg_1", type: "message", role: "assistant", model: "m", stop_reason, stop_sequence: null, content,
  usage: { input_tokens: 1, output_tokens: 1 },
});
const providers = createServer(async (request, response) => {
  let text = "";
  for await (const piece of request) text += piece;
  const body = JSON.parse(text);
  const [, provider] = request.url.split("/");
  (received[provider] ??= []).push(body);
  const called = body.messages?.at(-1).content[0].type === "tool_result";
  const reply =
    provider === "anthropic"
      ? called
        ? message("end_turn", [{ type: "text", text: "fine" }])
        : message("tool_use", [{ type: "tool_use", id: "toolu_1", name: "list_services", input: {} }])
      : replies[Object.keys(replies).find((path) => request.url.startsWith(path))];
  response.writeHead(200, { "Content-Type": "application/json" });
  response.end(JSON.stringify(reply));
});
await new Promise((resolve) => providers.listen(0, "127.0.0.1", resolve));
const outside = `http://127.0.0.1:${providers.address().port}`;
const apiKey = "a-key-of-the-provider";
results.warnings = [];

for (const model of [
  createOpenAI({ baseURL: `${outside}/openai`, apiKey })("m"),
  createGoogleGenerativeAI({ baseURL: `${outside}/google/ai`, apiKey })("m"),
]) {
  const result = await generateText({ model, tools: ownTools, prompt: "Hello" });
  results.warnings.push(...(result.warnings ?? []));
}
results.aiSdkOpenai = received.openai[0].tools;
results.aiSdkGoogle = received.google[0].tools;

const client = new Client({ name: "test", version: "1" });
await client.connect(
  new StreamableHTTPClientTransport(new URL(`${GATEWAY}/mcp`), { requestInit: { headers: authorization } }),
);
const google = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${outside}/google/genai` } });
await google.models.generateContent({ model: "m", contents: "Hello", config: { tools: [mcpToTool(client)] } });
results.google = received.google[1].tools;

const anthropic = new Anthropic({ baseURL: `${outside}/anthropic`, apiKey });
const listed = await client.listTools();
const said = await anthropic.beta.messages.toolRunner({
  model: "m",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hello" }],
  tools: mcpTools(listed.tools, client),
});
results.anthropic = received.anthropic[0].tools;
results.anthropicRan = received.anthropic[1].messages.at(-1).content;
results.anthropicSaid = said.content[0].text;

await client.close();
await tools.close();
providers.close();
providers.closeAllConnections();
console.log(JSON.stringify(results));
