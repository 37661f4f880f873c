import { describe, expect, it } from 'vitest';
import type { Action, RequestFact } from '#/client';
import { dangerOf, isIban } from './danger';

const fact = (name: string, value: string, location = `body/${name}`): RequestFact => ({
  kind: 'other',
  name,
  location,
  value,
  is_cut: false,
  meaning: null,
});

const held = (
  body: unknown,
  intent: string,
  rest: Partial<Action> = {},
  facts: RequestFact[] = [],
) =>
  ({
    method: 'POST',
    target_url: 'https://api.example/v1/things',
    created_at: '2026-03-01T12:00:00Z',
    request_headers: {},
    request_body: JSON.stringify(body),
    body_encoding: 'utf8',
    decompressed_body: null,
    intent,
    signals: [],
    summary: { effect: 'changes', headline: [], facts, items: [], other_values: 0, amount: null },
    ...rest,
  }) as unknown as Action;

const sentence = (action: Action) => dangerOf(action)?.sentence ?? null;

describe('a danger in the values', () => {
  it('is a secret in a text, of which only the label is quoted', () => {
    const spoken = (text: string) => sentence(held({ note: text }, 'Reply to the customer'));
    expect(spoken('You can sign in as ann, the password is Winter-2031, please keep it.')).toBe(
      'The text contains a secret (“password”).',
    );
    expect(spoken('Zugang wie besprochen. Passwort: Blau!4711')).toBe(
      'The text contains a secret (“Passwort”).',
    );
    for (const text of [
      'Please choose a new password: the link is valid for an hour.',
      'We never ask for your password, by mail or by phone.',
      'The password is required before you can continue.',
    ])
      expect(spoken(text), text).toBeNull();
  });

  it('is a share other than that of the intent', () => {
    const off = (value: string) =>
      sentence(held({}, 'Give Ann 15 % off', {}, [fact('rate', value)]));
    expect(off('100% (1.0)')).toBe('“rate” is 100% (1.0), but the intent says 15%.');
    expect(off('15% (0.15)')).toBeNull();
    expect(off('7')).toBeNull();
  });

  it('is a right that is written as a code', () => {
    const given = (intent: string) =>
      sentence(held({}, intent, {}, [fact('team_role', '4 (Administrator)')]));
    expect(given('Add Bo as a viewer')).toBe(
      '“team_role” is 4 (Administrator), which the intent does not mention.',
    );
    expect(given('Make Bo an administrator')).toBeNull();
  });

  it('is a time that has passed', () => {
    const at = (body: unknown) => sentence(held(body, 'Send it next week'));
    expect(at({ send_at: '2025-03-09T09:00:00Z' })).toContain('which has passed');
    expect(at({ send_at: '2026-03-09T09:00:00Z' })).toBeNull();
    expect(at({ born: '1990-03-09' })).toBeNull();
  });

  it('is a copy to another domain', () => {
    const mail = (copy: string) =>
      held({ to: 'ann@shop.example', bcc: [{ email: copy }] }, 'Let Ann know that it was sent');
    expect(sentence(mail('box@else.example'))).toContain('A copy goes to “box@else.example”');
    expect(sentence(mail('bo@shop.example'))).toBeNull();
  });

  it('is a bank account that the intent does not mention', () => {
    const body = { phone: '+44 20 1234', details: 'GB33BUKB20201555555555' };
    expect(sentence(held(body, 'Correct the telephone number'))).toContain(
      'It sets the bank account',
    );
    expect(sentence(held(body, 'New account GB33 BUKB 2020 1555 5555 55'))).toBeNull();
  });

  it('is something that ends although nobody asked for it', () => {
    const ends = (intent: string) =>
      sentence(
        held({}, intent, {
          summary: {
            effect: 'deletes',
            headline: [{ text: 'Reset keys', is_value: false }],
            facts: [],
            items: [],
            other_values: 0,
            amount: null,
          },
        } as unknown as Partial<Action>),
      );
    expect(ends('Send a reminder to the team')).toBe(
      'It resets something, which the intent does not ask for.',
    );
    expect(ends('Reset the keys of the team')).toBeNull();
    expect(ends('チームの鍵')).toBeNull();
  });

  it('is a switch that makes it do more', () => {
    const query = [fact('recursive', 'true', 'query/recursive')];
    const first = dangerOf(held({}, 'Drop the folder', { method: 'DELETE' }, query));
    expect(first).toMatchObject({ evidence: 'query/recursive' });
    expect(sentence(held({}, 'Drop the folder recursively', {}, query))).toBeNull();
    expect(sentence(held({}, 'Drop it', {}, [fact('recursive', 'false')]))).toBeNull();
  });
});

describe('an IBAN', () => {
  it('has the right check digits', () => {
    expect(isIban('GB33 BUKB 2020 1555 5555 55')).toBe(true);
    expect(isIban('GB34BUKB20201555555555')).toBe(false);
    expect(isIban('SKU00012345678901')).toBe(false);
  });
});
