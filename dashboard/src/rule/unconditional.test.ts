import { describe, expect, it } from 'vitest';
import { allowsEverything } from './unconditional';

const allow = (condition: string | null, text: string | null = null) =>
  allowsEverything({ effect: 'allow', condition, text });

describe('an Allow rule allows everything', () => {
  it.each([
    null,
    '',
    '  ',
    'true',
    '(true)',
    '!false',
    '1 == 1',
    '1 < 2',
    '"a" == "a"',
    '"request" == "request"',
    '[1].exists(x, x == 1)',
    'true && 1 == 1',
    'true || request.method == "GET"',
    'request.method == "GET" || (1 == 1)',
    'request.method == "GET" || (true && (2 > 1))',
    'request.method == request.method',
    '(request.path) == (request.path) || false',
    '(true || request.size > 1)',
  ])('with the condition %j', (condition) => {
    expect(allow(condition)).toBe(true);
  });
});

describe('an Allow rule depends on the request', () => {
  it.each([
    'service.name == "up"',
    'request.method == "GET"',
    'true && request.method == "GET"',
    'request.method == "GET" && (request.path == "/a" || request.path == "/b")',
    'agent.name in ["a", "b"]',
    'intent.contains("true || true")',
    'request.body.a == request.body.b',
    'has(request.body.amount)',
    'false',
    'request.size <= 10',
    '!(request.method == "DELETE")',
  ])('with the condition %j', (condition) => {
    expect(allow(condition)).toBe(false);
  });

  it('with a description, and other effects allow nothing', () => {
    expect(allow(null, 'Reading is fine')).toBe(false);
    expect(allowsEverything({ effect: 'deny', condition: null, text: null })).toBe(false);
    expect(allowsEverything({ effect: 'require_approval', condition: 'true', text: null })).toBe(
      false,
    );
  });
});
