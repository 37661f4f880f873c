import { describe, expect, it } from 'vitest';
import { ownPage } from './next';

describe('the page to return to after signing in', () => {
  it.each([
    '/app/',
    '/app/?action=0b7c2d1e-0000-4000-8000-000000000000',
    '/app/history/2',
    '/app/rules/new?from=2',
    '/app/services/1#documents',
    '/app/history?text=a%20b%2F%2Fc',
  ])('is %s', (page) => {
    expect(ownPage(page)).toBe(page);
  });

  it.each([
    '//evil.example/app/',
    '/\\evil.example',
    '\\\\evil.example',
    '/app//evil.example',
    '/app/\\evil.example',
    '/app/\t/evil.example',
    '/app/../..//evil.example',
    '/app/..//evil.example',
    '/app/%2e%2e//evil.example',
    '/app/../auth/logout',
    'https://evil.example/app/',
    'javascript:alert(1)',
    'data:text/html,x',
    '/appearance',
    '/auth/logout',
    '/app/sign-in?next=/app/',
    '',
    `/app/${'x'.repeat(2_000)}`,
    ['/app/'],
    1,
    null,
    undefined,
  ])('is not %j', (page) => {
    expect(ownPage(page)).toBeNull();
  });
});
