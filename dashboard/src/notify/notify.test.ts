import { expect, it } from 'vitest';
import type { Action } from '#/client';
import { notificationOf } from './notify';

it('a notification names agent and target, marks invisible characters, and shows no query', () => {
  const action = {
    agent_name: 'a\u202eb',
    service_name: 'things',
    method: 'DELETE',
    target_url: `https://api.example/${'long/'.repeat(50)}?token=secret`,
  } as Action;
  const { title, body } = notificationOf(action);
  expect(title).toBe('a[U+202E]b requests approval');
  expect(body).toMatch(/^things: DELETE \/long\/.*…$/);
  expect(body).not.toContain('secret');
  expect(body.length).toBeLessThan(150);
});
