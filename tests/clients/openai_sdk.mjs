// Uses the OpenAI SDK for JavaScript through the gateway. Only OPENAI_BASE_URL and OPENAI_API_KEY are set. Node.js
// reads this from standard input, in the folder of the packages. Prints the same as openai_sdk.py.

import OpenAI from "openai";

const client = new OpenAI({ defaultHeaders: { "X-Agent-Intent": "Respond to Ann's question" } });
const results = {};

const messages = [{ role: "user", content: "What is a gate?" }];
const ask = (model, options) => client.chat.completions.create({ model, messages }, options);
const completion = await ask("gpt-4o-mini");
results.completion = completion.choices[0].message.content;

const stream = await client.chat.completions.create({ model: "gpt-4o-mini", messages, stream: true });
results.pieces = [];
for await (const chunk of stream) {
  results.pieces.push(...chunk.choices.map((choice) => choice.delta.content));
}

/** Returns the error of a promise. Any other class of error ends the program. */
async function failure(promise, kind) {
  try {
    await promise;
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

const removal = { "X-Agent-Intent": "Remove the file that Ann does not need" };
const held = await failure(client.files.delete("file-1", { headers: removal }), OpenAI.APIError);
results.held = { status: held.status, code: held.code };

const waiting = { headers: { ...removal, Prefer: "wait=60" } };
results.deleted = (await client.files.delete("file-2", waiting)).deleted;

const denied = await failure(client.files.delete("file-3", waiting), OpenAI.PermissionDeniedError);
results.denied = { code: denied.code, note: denied.error.note };

const unknown = await failure(ask("unknown"), OpenAI.NotFoundError);
results.unknown = { code: unknown.code, message: unknown.error.message };

const once = { headers: { "Idempotency-Key": "question-1" } };
const broken = await failure(ask("broken", once), OpenAI.InternalServerError);
results.broken = { status: broken.status, proxy: broken.headers.get("x-proxy-status") };

console.log(JSON.stringify(results));
