// Uses the GitHub SDK and its plugin for retries through the gateway. Only the base URL and the token are set. Node.js
// reads this from standard input, in the folder of the packages.

import { retry } from "@octokit/plugin-retry";
import { Octokit } from "@octokit/rest";

const { AGENT_KEY: auth, BASE_URL: baseUrl } = process.env;
const octokit = new Octokit({ auth, baseUrl });
const repository = { owner: "ann", repo: "gate" };
const because = (intent, more) => ({ headers: { "x-agent-intent": intent, ...more } });
const results = {};

/** Returns the error of a promise as its status and code. Any other class of error ends the program. */
async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    if (error.name !== "HttpError") throw error;
    // The SDK returns bodies as bytes unless their type is plain JSON.
    const { data } = error.response;
    const problem = data instanceof ArrayBuffer ? JSON.parse(new TextDecoder().decode(data)) : data;
    return { status: error.status, code: problem.code, message: problem.message };
  }
  throw new Error("the call did not fail");
}

const listed = await octokit.rest.issues.listForRepo({
  ...repository,
  labels: "a bug",
  ...because("See which bugs are open"),
});
results.titles = listed.data.map((issue) => issue.title);

const all = { ...repository, per_page: 1, ...because("Count the issues") };
results.paged = (await octokit.paginate(octokit.rest.issues.listForRepo, all)).map(({ number }) => number);

const missing = octokit.rest.issues.get({ ...repository, issue_number: 9, ...because("Read issue 9") });
results.missing = await failure(missing);

const waiting = because("Remove the repository that Ann archived", { prefer: "wait=60" });
results.deleted = (await octokit.rest.repos.delete({ ...repository, ...waiting })).status;

results.held = await failure(octokit.rest.repos.delete({ owner: "ann", repo: "other", ...because("Tidy up") }));

// The plugin repeats whatever it does not know to be final, and 428 is not on its list.
const Persistent = Octokit.plugin(retry);
const persistent = new Persistent({ auth, baseUrl, retry: { retryAfterBaseValue: 10 } });
const flaky = { owner: "ann", repo: "flaky", ...because("Read the repository again") };
results.flaky = (await persistent.rest.repos.get(flaky)).data.full_name;
const stubborn = { owner: "ann", repo: "stubborn", ...because("Remove the repository that Ann archived") };
results.stubborn = await failure(persistent.rest.repos.delete(stubborn));

console.log(JSON.stringify(results));
