import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { snippets } from './snippets';

const HOSTILE = `a'b"c$(touch x)\`id\` {{d}} / é!`;

describe('a snippet', () => {
  const all = snippets({
    url: 'http://127.0.0.1:3000',
    key: 'agt_0',
    service: HOSTILE,
    path: `/files?name=${HOSTILE}`,
    proxyPort: 3128,
  });
  const code = (name: string) => all.find((snippet) => snippet.name === name)?.code ?? '';

  it('quotes hostile text as single shell arguments', () => {
    const lines = `curl() { printf '%s\\n' "$2"; }\n${code('curl')}`;
    const [first] = execFileSync('sh', ['-c', lines]).toString().split('\n');
    const service = 'a%27b%22c%24%28touch%20x%29%60id%60%20%7B%7Bd%7D%7D%20%2F%20%C3%A9%21';
    expect(first).toBe(`http://127.0.0.1:3000/s/${service}/files?name=${HOSTILE}`);
  });

  it('passes the service name to the skill', () => {
    const lines = `mkdir() { :; }\ncurl() { :; }\ntar() { :; }\npython3() { printf '%s\\n' "$3" "$5"; }\n${code('Skill')}`;
    const [path, service] = execFileSync('sh', ['-c', lines]).toString().split('\n');
    expect([path, service]).toEqual([`/files?name=${HOSTILE}`, HOSTILE]);
  });

  it('passes the service name to the command line', () => {
    const lines = `gaiterguard() { printf '%s\\n' "$3" "$5"; }\n${code('Command line')}`;
    const [path, service] = execFileSync('sh', ['-c', lines]).toString().split('\n');
    expect([path, service]).toEqual([`/files?name=${HOSTILE}`, HOSTILE]);
  });

  it.each(['Cursor', 'MCP'])('is valid JSON for %s', (name) => {
    const { mcpServers } = JSON.parse(code(name));
    expect(JSON.stringify(mcpServers.gaiterguard)).toContain('agt_0');
  });

  it.each(['Python', 'OpenAI SDK', 'LangChain'])('compiles: %s', (name) => {
    execFileSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], {
      input: code(name),
    });
  });

  it('sets the variables of the proxy for a shell', () => {
    const lines = `curl() { :; }\n${code('Proxy variables')}\nprintf '%s\\n' "$HTTPS_PROXY" "$HTTP_PROXY"`;
    const [https, http] = execFileSync('sh', ['-c', lines]).toString().split('\n');
    expect(https).toBe('http://my-program:agt_0@127.0.0.1:3128');
    expect(http).toBe(https);
    expect(code('Wrap a command')).toContain('gaiterguard run --wait 5m -- ');
  });

  it('says what is missing for a proxy', () => {
    const input = { url: 'http://g', key: 'agt_1', service: 's', path: '/', proxyPort: null };
    const wrap = snippets(input).find(({ name }) => name === 'Wrap a command');
    expect(wrap?.note).toContain('INTERCEPT_PORT');
  });

  it('does not quote plain text', () => {
    const [curl] = snippets({
      url: 'https://g.example',
      key: 'agt_1',
      service: 'things',
      path: '/',
      proxyPort: null,
    });
    expect(curl?.code).toContain('export GAITERGUARD_URL=https://g.example\n');
    expect(curl?.code).toContain('"$GAITERGUARD_URL"/s/things/ \\\n');
  });
});
