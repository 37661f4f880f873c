import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Action } from '#/client';
import { collectBursts } from './burst';

const action = (id: string) =>
  ({
    action_id: id,
    agent_name: 'clerk',
    service_name: 's',
    method: 'GET',
    target_url: 'https://a.example/x',
    operation: null,
    status: 'PENDING',
  }) as unknown as Action;

let shown: string[];
let burst: ReturnType<typeof collectBursts>;
beforeEach(() => {
  vi.useFakeTimers();
  shown = [];
  burst = collectBursts(({ title }) => shown.push(title));
});
afterEach(() => vi.useRealTimers());

it('a few requests are notified one by one', () => {
  burst.add('1', action('1'));
  burst.add('2', action('2'));
  expect(shown).toEqual([]);
  vi.runAllTimers();
  expect(shown).toEqual(['GET /x', 'GET /x']);
});

it('a burst is one notification, whether its requests are known or only counted', () => {
  for (const id of ['1', '2', '3']) burst.add(id, action(id));
  for (const id of ['4', '5']) burst.add(id);
  vi.runAllTimers();
  expect(shown).toEqual(['5 requests need approval']);
  burst.add('6', action('6'));
  vi.runAllTimers();
  expect(shown).toEqual(['5 requests need approval', 'GET /x']);
});

it('nothing is shown after the end', () => {
  burst.add('1', action('1'));
  burst.stop();
  burst.add('2', action('2'));
  vi.runAllTimers();
  expect(shown).toEqual([]);
});
