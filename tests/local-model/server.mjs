// Serves a GGUF model with the chat completions API on 127.0.0.1, one request at a time. A grammar
// enforces the JSON schema.
//
//   node server.mjs MODEL.gguf [PORT]
//
// It prints its address once it is ready.
import { createServer } from "node:http";
import { availableParallelism } from "node:os";
import { getLlama, LlamaChat } from "node-llama-cpp";

const [path, port = "0"] = process.argv.slice(2);
// Threads spin while they wait for each other, so more threads than processors block the work.
const llama = await getLlama({
  gpu: false,
  build: "never",
  logLevel: "error",
  maxThreads: availableParallelism(),
});
const model = await llama.loadModel({ modelPath: path });
// Each kind of question keeps a sequence, so that its system message is evaluated only once.
const KINDS = 2;
const context = await model.createContext({ contextSize: 8192, sequences: KINDS });
const chats = new Map();

function chatOf(system) {
  let chat = chats.get(system);
  if (chat) return chat;
  if (chats.size < KINDS) {
    chat = new LlamaChat({ contextSequence: context.getSequence() });
  } else {
    const [oldest] = chats.keys();
    chat = chats.get(oldest);
    chats.delete(oldest);
  }
  chats.set(system, chat);
  return chat;
}

async function complete(request) {
  const chat = chatOf(request.messages.find(({ role }) => role === "system")?.content);
  const history = request.messages.map(({ role, content }) =>
    role === "assistant"
      ? { type: "model", response: [content] }
      : { type: role, text: content },
  );
  history.push({ type: "model", response: [] });
  const format = request.response_format;
  const grammar =
    format?.type === "json_schema"
      ? await llama.createGrammarForJsonSchema(format.json_schema.schema)
      : format?.type === "json_object"
        ? await llama.getGrammarFor("json")
        : undefined;
  const before = chat.sequence.tokenMeter.getState();
  const { response, metadata } = await chat.generateResponse(history, {
    grammar,
    temperature: request.temperature ?? 0,
    maxTokens: request.max_tokens,
  });
  const used = chat.sequence.tokenMeter.diff(before);
  return {
    object: "chat.completion",
    model: request.model,
    choices: [
      {
        index: 0,
        finish_reason: metadata.stopReason === "maxTokens" ? "length" : "stop",
        message: { role: "assistant", content: response },
      },
    ],
    usage: {
      prompt_tokens: used.usedInputTokens,
      completion_tokens: used.usedOutputTokens,
    },
  };
}

let turn = Promise.resolve();
const server = createServer(async (request, response) => {
  const respond = (status, body) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (request.method !== "POST" || request.url !== "/v1/chat/completions") {
    respond(404, { error: { message: "not found" } });
    return;
  }
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  turn = turn.then(async () => {
    try {
      respond(200, await complete(JSON.parse(Buffer.concat(pieces))));
    } catch (error) {
      console.error(error);
      respond(500, { error: { message: "failed" } });
    }
  });
});
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/v1`);
});
