/** What an operator pastes where the agent runs. */

/** What the snippets are about. */
export interface SnippetInput {
  /** Where agents reach the gateway. */
  url: string;
  key: string;
  service: string;
  /** Below the service's base URL, beginning with a slash. */
  path: string;
}

/** One snippet. */
export interface Snippet {
  name: string;
  code: string;
}

const INTENT = 'Try the gateway for the first time';

/** The snippets; whatever stands in names and paths, it stays one argument or one string. */
export function snippets(input: SnippetInput): Snippet[] {
  const path = `/s/${encoded(input.service)}${input.path}`;
  const variables = [
    `export GAITERGUARD_URL=${shell(input.url)}`,
    `export GAITERGUARD_AGENT_KEY=${shell(input.key)}`,
  ].join('\n');
  return [
    {
      name: 'curl',
      code: `${variables}
curl -i "$GAITERGUARD_URL"${shell(path)} \\
  -H "Authorization: Bearer $GAITERGUARD_AGENT_KEY" \\
  -H "X-Agent-Intent: ${INTENT}"
`,
    },
    {
      name: 'Python',
      code: `import urllib.request

request = urllib.request.Request(
    ${JSON.stringify(input.url + path)},
    headers={
        "Authorization": ${JSON.stringify(`Bearer ${input.key}`)},
        "X-Agent-Intent": "${INTENT}",
    },
)
with urllib.request.urlopen(request) as answer:
    print(answer.status, answer.read().decode())
`,
    },
    {
      name: 'TypeScript',
      code: `const answer = await fetch(${JSON.stringify(input.url + path)}, {
  headers: {
    Authorization: ${JSON.stringify(`Bearer ${input.key}`)},
    'X-Agent-Intent': '${INTENT}',
  },
});
console.log(answer.status, await answer.text());
`,
    },
    {
      name: 'Skill',
      code: `${variables}
cp -r skill/gaiterguard-gateway ~/.claude/skills/
python3 ~/.claude/skills/gaiterguard-gateway/scripts/gaiterguard.py GET ${shell(input.path)} \\
  --service ${shell(input.service)} --intent "${INTENT}"
`,
    },
  ];
}

/** One argument of a shell, whatever it holds. */
function shell(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function encoded(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
