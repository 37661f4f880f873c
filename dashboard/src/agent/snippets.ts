/** Code snippets that connect an agent. */
import { GATEWAY_PATH } from '#/gateway';

/** The values in the snippets. */
export interface SnippetInput {
  /** The gateway's URL, as agents reach it. */
  url: string;
  key: string;
  service: string;
  /** Below the service's base URL, beginning with a slash. */
  path: string;
  /** The port of the gateway's forward proxy; null without one. */
  proxyPort: number | null;
}

/** A snippet. */
export interface Snippet {
  /** The client that it is for. */
  name: string;
  /** Where the code belongs, or what it does. */
  note?: string;
  code: string;
  /** The path of a file to download. */
  download?: string;
}

/** The path of the agent skill, which the build packs. */
const SKILL_PATH = '/app/skill.tar.gz';

const INTENT = 'Try the gateway for the first time';

/** Returns the snippets. Names and paths are escaped, so that each stays one argument or string. */
export function snippets(input: SnippetInput): Snippet[] {
  const path = `/s/${encoded(input.service)}${input.path}`;
  const variables = variablesOf(input);
  return [
    { name: 'curl', code: curlCommand(input, 'GET', INTENT) },
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
      name: 'OpenAI SDK',
      note: 'Works with any SDK whose base URL can be set. A held request raises an error with status 428.',
      code: `from openai import OpenAI

client = OpenAI(
    base_url=${JSON.stringify(`${input.url}/s/${encoded(input.service)}`)},
    api_key=${JSON.stringify(input.key)},
    max_retries=0,
)
completion = client.chat.completions.create(
    model="gpt-4o-mini",
    messages=[{"role": "user", "content": "Name a color."}],
    extra_headers={"X-Agent-Intent": "Ask for the name of a color"},
)
print(completion.choices[0].message.content)
`,
    },
    {
      name: 'LangChain',
      note: 'A tool that waits up to two minutes for your decision.',
      code: `import httpx
from langchain_core.tools import tool

@tool
def call_api(method: str, path: str, intent: str) -> str:
    """Calls the API. The intent says exactly why."""
    response = httpx.post(
        ${JSON.stringify(`${input.url}/proxy`)},
        headers={"Agent-Key": ${JSON.stringify(input.key)}},
        json={
            "service": ${JSON.stringify(input.service)},
            "method": method,
            "path": path,
            "intent": intent,
            "wait": 120,
        },
        timeout=130,
    )
    return response.text

print(call_api.invoke({"method": "GET", "path": ${JSON.stringify(input.path)}, "intent": "${INTENT}"}))
`,
    },
    {
      name: 'Claude Code',
      note: 'Then ask Claude to use the service, for example to read something.',
      code: `claude mcp add --transport http gaiterguard ${shell(`${input.url}/mcp`)} \\
  --header ${shell(`Authorization: Bearer ${input.key}`)}
`,
    },
    {
      name: 'Cursor',
      note: 'In ~/.cursor/mcp.json, or in a project’s .cursor/mcp.json.',
      code: json({
        mcpServers: {
          gaiterguard: {
            url: `${input.url}/mcp`,
            headers: { Authorization: `Bearer ${input.key}` },
          },
        },
      }),
    },
    {
      name: 'MCP',
      note: 'For clients that start a process, such as Claude Desktop. Add it to claude_desktop_config.json, or to a project’s .mcp.json.',
      code: json({
        mcpServers: {
          gaiterguard: {
            command: 'gaiterguard',
            args: ['mcp'],
            env: { GAITERGUARD_URL: input.url, GAITERGUARD_AGENT_KEY: input.key },
          },
        },
      }),
    },
    {
      name: 'Skill',
      note: 'Teaches an agent that supports skills how to use the gateway.',
      download: GATEWAY_PATH + SKILL_PATH,
      code: `${variables}
mkdir -p ~/.claude/skills
curl -sS "$GAITERGUARD_URL${SKILL_PATH}" | tar -xz -C ~/.claude/skills
python3 ~/.claude/skills/gaiterguard-gateway/scripts/gaiterguard.py GET ${shell(input.path)} \\
  --service ${shell(input.service)} --intent "${INTENT}"
`,
    },
    {
      name: 'Wrap a command',
      note: withProxy(
        input,
        'Starts a program whose HTTP requests pass the gateway. The program is not changed, and its own API keys are replaced by placeholders.',
      ),
      code: `${variables}
gaiterguard run --check
gaiterguard run --wait 5m -- python3 agent.py
`,
    },
    {
      name: 'Proxy variables',
      note: withProxy(
        input,
        'For a program that you cannot wrap. CA variables that replace a program’s roots, such as SSL_CERT_FILE, are for programs that call only your services.',
      ),
      code: `curl -sS ${shell(`${input.url}/ca.pem`)} -o gaiterguard-ca.pem
export HTTPS_PROXY=${shell(proxyUrl(input))}
export HTTP_PROXY="$HTTPS_PROXY" NO_PROXY=localhost,127.0.0.1
export SSL_CERT_FILE="$PWD/gaiterguard-ca.pem" REQUESTS_CA_BUNDLE="$PWD/gaiterguard-ca.pem"
export CURL_CA_BUNDLE="$PWD/gaiterguard-ca.pem" GIT_SSL_CAINFO="$PWD/gaiterguard-ca.pem"
export NODE_EXTRA_CA_CERTS="$PWD/gaiterguard-ca.pem" NODE_USE_ENV_PROXY=1
`,
    },
    {
      name: 'Command line',
      note: 'The gaiterguard program is also a client. It waits for your decision, then executes the request.',
      code: `${variables}
gaiterguard call GET ${shell(input.path)} --service ${shell(input.service)} \\
  --intent "${INTENT}" --wait 10m
`,
    },
  ];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Returns a command that sends a request. The intent is plain text of ours. */
export function curlCommand(
  input: Omit<SnippetInput, 'proxyPort'>,
  method: 'GET' | 'DELETE',
  intent: string,
): string {
  const path = `/s/${encoded(input.service)}${input.path}`;
  return `${variablesOf(input)}
curl -i ${method === 'GET' ? '' : `-X ${method} `}"$GAITERGUARD_URL"${shell(path)} \\
  -H "Authorization: Bearer $GAITERGUARD_AGENT_KEY" \\
  -H "X-Agent-Intent: ${intent}"
`;
}

function variablesOf({ url, key }: Pick<SnippetInput, 'url' | 'key'>): string {
  return [
    `export GAITERGUARD_URL=${shell(url)}`,
    `export GAITERGUARD_AGENT_KEY=${shell(key)}`,
  ].join('\n');
}

/** Returns a note on the forward proxy, or on what is missing for it. */
function withProxy({ proxyPort }: SnippetInput, note: string): string {
  const missing = 'The gateway has no forward proxy yet: start it with INTERCEPT_PORT. ';
  return proxyPort === null ? missing + note : note;
}

/** Returns the URL of the forward proxy, which speaks HTTP, on the host of the gateway's URL. */
function proxyUrl({ url, key, proxyPort }: SnippetInput): string {
  const host = URL.canParse(url) ? new URL(url).hostname : 'GATEWAY';
  return `http://my-program:${key}@${host}:${proxyPort ?? 'INTERCEPT_PORT'}`;
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
