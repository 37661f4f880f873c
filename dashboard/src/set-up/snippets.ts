/** Code snippets for an agent's first request. */

/** The values in the snippets. */
export interface SnippetInput {
  /** The gateway's URL, as agents reach it. */
  url: string;
  key: string;
  service: string;
  /** Below the service's base URL, beginning with a slash. */
  path: string;
}

/** A snippet. */
export interface Snippet {
  name: string;
  code: string;
}

const INTENT = 'Try the gateway for the first time';

/** Returns the snippets. Names and paths are escaped, so that each stays one argument or string. */
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
with urllib.request.urlopen(request) as response:
    print(response.status, response.read().decode())
`,
    },
    {
      name: 'TypeScript',
      code: `const response = await fetch(${JSON.stringify(input.url + path)}, {
  headers: {
    Authorization: ${JSON.stringify(`Bearer ${input.key}`)},
    'X-Agent-Intent': '${INTENT}',
  },
});
console.log(response.status, await response.text());
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

/** Quotes a text as one shell argument. */
function shell(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function encoded(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
