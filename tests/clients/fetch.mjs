// Sends a GET to each of the URLs in URLS, a JSON list, with the fetch of Node.js itself. Prints the status and the body
// of each response. Node.js reads this from standard input.

const { AGENT_KEY, URLS } = process.env;
const results = [];
for (const url of JSON.parse(URLS)) {
  const response = await fetch(url, { headers: { Authorization: `Bearer ${AGENT_KEY}` } });
  results.push({ status: response.status, body: await response.text() });
}
console.log(JSON.stringify(results));
