// Uses the GitHub SDK through the gateway. Only the base URL and the token are set. Node.js reads this from
// standard input, in the folder of the packages.

import { Octokit } from "@octokit/rest";

const octokit = new Octokit({ auth: process.env.AGENT_KEY, baseUrl: process.env.BASE_URL });
const repository = { owner: "ann", repo: "gate" };
const because = (intent, more) => ({ headers: { "x-agent-intent": intent, ...more } });
const results = {};

const listed = await octokit.rest.issues.listForRepo({
  ...repository,
  labels: "a bug",
  ...because("See which bugs are open"),
});
results.titles = listed.data.map((issue) => issue.title);

const pages = octokit.paginate(octokit.rest.issues.listForRepo, {
  ...repository,
  per_page: 1,
  ...because("Count the issues"),
});
results.paged = (await pages).length;

const waiting = because("Remove the repository that Ann archived", { prefer: "wait=60" });
results.deleted = (await octokit.rest.repos.delete({ ...repository, ...waiting })).status;

try {
  await octokit.rest.repos.delete({ owner: "ann", repo: "other", ...because("Tidy up") });
} catch (error) {
  // The SDK returns bodies as bytes unless their type is plain JSON.
  const problem = JSON.parse(new TextDecoder().decode(error.response.data));
  results.held = { status: error.status, code: problem.code };
}

console.log(JSON.stringify(results));
