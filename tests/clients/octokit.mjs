// GitHub's SDK: its base URL and its token are the gateway's. It is read from standard input in the folder of
// its packages.

import { Octokit } from "@octokit/rest";

const octokit = new Octokit({ auth: process.env.AGENT_KEY, baseUrl: process.env.BASE_URL });
const repository = { owner: "ann", repo: "gate" };
const because = (intent, more) => ({ headers: { "x-agent-intent": intent, ...more } });
const told = {};

const listed = await octokit.rest.issues.listForRepo({
  ...repository,
  labels: "a bug",
  ...because("See which bugs are open"),
});
told.titles = listed.data.map((issue) => issue.title);

const pages = octokit.paginate(octokit.rest.issues.listForRepo, {
  ...repository,
  per_page: 1,
  ...because("Count the issues"),
});
told.paged = (await pages).length;

const waiting = because("Remove the repository that Ann archived", { prefer: "wait=60" });
told.deleted = (await octokit.rest.repos.delete({ ...repository, ...waiting })).status;

try {
  await octokit.rest.repos.delete({ owner: "ann", repo: "other", ...because("Tidy up") });
} catch (error) {
  // The SDK hands on as bytes what is not plain JSON by its type.
  const problem = JSON.parse(new TextDecoder().decode(error.response.data));
  told.held = { status: error.status, code: problem.code };
}

console.log(JSON.stringify(told));
