import { describe, expect, it } from 'vitest';
import type { Action, Signal } from '#/client';
import { isDangerous, topReasonOf } from './reason';

const signal = (code: string, weight: number): Signal => ({
  code,
  weight,
  evidence: 'path',
  sentence: `It ${code}.`,
});

const held = (signals: Signal[], rest: Partial<Action> = {}) =>
  ({
    signals,
    matched_rules: [],
    risk_score: 0.8,
    risk_explanation: 'It changes something.',
    intent: 'Try it as a dry run',
    target_url: 'https://api.example/x',
    request_headers: {},
    request_body: '',
    summary: null,
    ...rest,
  }) as unknown as Action;

const RULE = [{ id: 1, name: 'Freeze', effect: 'require_approval' }] as Action['matched_rules'];

describe('the first reason', () => {
  it('is the danger that the gateway names, before any signal with a weight', () => {
    const signals = [
      signal('deletes', 0.5),
      signal('recipient_differs', 0.9),
      signal('danger_access', 0),
      signal('danger', 0),
    ];
    expect(topReasonOf(held(signals, { matched_rules: RULE }))).toBe(signals[2]);
  });

  it('is another recipient before a rule, and a rule before what may be a total or a default', () => {
    const elsewhere = signal('recipient_differs', 0.1);
    const weak = [
      'amount_differs',
      'choice_differs',
      'date_differs',
      'number_differs',
      'effect_not_asked',
      'effect_unasked',
      'intent_only_reads',
      'weakens_security',
    ].map((code) => signal(code, 0.9));
    expect(topReasonOf(held([...weak, elsewhere], { matched_rules: RULE }))).toBe(elsewhere);
    expect(topReasonOf(held(weak, { matched_rules: RULE }))).toContain('Freeze');
    const other = signal('undocumented', 0.1);
    expect(topReasonOf(held([...weak, other]))).toBe(other);
  });

  it('is a secret or a right before a word of the path, a rule, and what is unusual', () => {
    for (const code of ['carries_secret', 'grants_admin', 'makes_public', 'speaks_to_the_judge']) {
      const grave = signal(code, 0.1);
      const signals = [signal('action_not_in_intent', 0.8), signal('never_seen', 0.9), grave];
      expect(topReasonOf(held(signals, { matched_rules: RULE })), code).toBe(grave);
    }
  });

  it('is an irreversible effect that only the body shows', () => {
    const inBody = { ...signal('deletes', 0.2), evidence: '/items/0/op' };
    expect(topReasonOf(held([inBody, signal('undocumented', 0.9)]))).toBe(inBody);
    expect(topReasonOf(held([inBody, signal('undocumented', 0.3)], { risk_score: 0.2 }))).toBe(
      inBody,
    );
  });

  it('never says of an irreversible effect that only the threshold holds it', () => {
    const reason = topReasonOf(held([signal('pays', 0.1)], { risk_score: 0.2 }));
    expect(reason).toBe(
      'It pays, but is held only because the risk threshold is lower than the default.',
    );
  });

  it('is the rule, then the strongest signal that the headline does not say', () => {
    const signals = [signal('deletes', 0.5), signal('undocumented', 0.4)];
    expect(topReasonOf(held(signals, { matched_rules: RULE }))).toContain('Freeze');
    expect(topReasonOf(held(signals))).toBe(signals[1]);
    expect(topReasonOf(held([]))).toBe('It changes something.');
  });

  it('is that everything is affected, unless the intent says so', () => {
    const summary = (name: string, value: string, words = 'Apply plan') =>
      ({
        effect: 'changes',
        headline: [{ text: words, is_value: false }],
        facts: [{ kind: 'other', name, location: `body/${name}`, value, is_cut: false }],
      }) as unknown as Action['summary'];
    const reason = (shown: Action['summary'], intent = 'Try it as a dry run') =>
      topReasonOf(held([signal('undocumented', 0.4)], { summary: shown, intent }));
    expect(reason(summary('filter', 'none (selects all)'))).toContain('all items');
    expect(reason(summary('id', '7', 'Delete all beds'))).toContain('all items');
    expect(reason(summary('id', '7', 'Delete all beds'), 'Empty the ward')).toMatchObject({
      code: 'undocumented',
    });
  });

  it('is the threshold if only that holds the request', () => {
    const low = { risk_score: 0.2 };
    expect(topReasonOf(held([signal('changes', 0.1)], low))).toContain('lower than the default');
    expect(topReasonOf(held([], { ...low, matched_rules: RULE }))).toContain('Freeze');
  });

  it('is never the sender or a part of an address', () => {
    const at = (code: string, evidence: string) => ({ ...signal(code, 0.9), evidence });
    const grave = signal('gives_secret', 0.1);
    for (const weak of [
      at('recipient_differs', '/from/email'),
      at('recipient_not_in_intent', '/ship_to/street'),
    ]) {
      expect(topReasonOf(held([weak, grave])), weak.evidence).toBe(grave);
    }
  });

  it('is the recipient that differs most from the others of its list', () => {
    const to = (index: number, value: string) => ({
      kind: 'recipient',
      name: 'to',
      location: `body/to/${index}`,
      value,
      is_cut: false,
    });
    const summary = {
      effect: 'shares_outside',
      headline: [],
      facts: [to(7, 'eve@evil.example'), to(0, 'a@corp.example')],
    } as unknown as Action['summary'];
    const first = { ...signal('recipient_not_in_intent', 0.3), evidence: '/to/0' };
    expect(topReasonOf(held([first], { summary }))).toMatchObject({
      evidence: '/to/7',
      sentence: 'It goes to “eve@evil.example”, whom the intent does not mention.',
    });
  });

  it('is an address that looks like another one, a header that decides, or a missing condition', () => {
    const fact = (location: string, value: string, kind: string) => ({
      kind,
      name: location.replace(/^.*\//, ''),
      location,
      value,
      is_cut: false,
    });
    const reason = (facts: unknown[], words = 'Do it') =>
      topReasonOf(
        held([signal('undocumented', 0.4)], {
          target_url: 'https://api.example/x',
          summary: {
            effect: 'changes',
            headline: [{ text: words, is_value: false }],
            facts,
          } as unknown as Action['summary'],
        }),
      );
    expect(reason([fact('body/url', 'https://paypal.com.evil.io', 'link')])).toContain('evil.io');
    expect(reason([fact('header/impersonate-user', 'ceo', 'access')])).toBe(
      'The header “impersonate-user: ceo” determines on whose behalf it is done, but the intent does not mention it.',
    );
    expect(reason([], ' (no WHERE: every row)')).toContain('every row');
  });

  it('is a statement that does more than to read', () => {
    const statement = signal('statement', 0.8);
    expect(topReasonOf(held([statement, signal('effect_unasked', 0.9)]))).toBe(statement);
    const reads = signal('statement', 0.1);
    expect(topReasonOf(held([reads, signal('undocumented', 0.05)]))).toMatchObject({
      code: 'undocumented',
    });
  });

  it('is the account that gets the money, and not the one that pays', () => {
    const account = (name: string, value: string) => ({
      kind: 'account',
      name,
      location: `body/${name}`,
      value,
      is_cut: false,
    });
    const summary = {
      effect: 'pays',
      headline: [],
      facts: [account('debtorIban', 'DE1'), account('creditorIban', 'DE2')],
    } as unknown as Action['summary'];
    const own = {
      ...signal('account_not_in_intent', 0.5),
      evidence: '/debtorIban',
      sentence: 'The intent does not mention the account “DE1”.',
    };
    expect(topReasonOf(held([own], { summary }))).toMatchObject({
      evidence: '/creditorIban',
      sentence: 'The intent does not mention the account “DE2”.',
    });
  });
});

describe('a reason that misreads the intent', () => {
  const of = (code: string, sentence: string, intent: string) =>
    topReasonOf(
      held([{ code, weight: 0.4, evidence: '/x', sentence }], { intent, risk_score: 0.1 }),
    );

  it('is left out if the intent names the person or the day in words', () => {
    const goes = 'It goes to “eva.krull@mail.example”, whom the intent does not mention.';
    expect(of('recipient_not_in_intent', goes, 'Pay the fee of Eva Krüll')).not.toMatchObject({
      code: 'recipient_not_in_intent',
    });
    expect(of('recipient_not_in_intent', goes, 'Pay the fee of Eva Berg')).toMatchObject({
      code: 'recipient_not_in_intent',
    });
  });
});

describe('a value that the intent has in another spelling', () => {
  const EXPLAINED = 'It changes something.';
  const body = (value: unknown): Partial<Action> => ({
    request_body: JSON.stringify(value),
    body_encoding: 'utf8',
  });
  const about = (code: string, evidence: string, sentence: string) => ({
    ...signal(code, 0.6),
    evidence,
    sentence,
  });
  const top = (one: Signal, intent: string, value: unknown) =>
    topReasonOf(held([one], { intent, ...body(value), risk_explanation: EXPLAINED }));

  it('does not count: a telephone number, a colleague', () => {
    const phone = about(
      'account_not_in_intent',
      '/to',
      'The intent does not mention the account “4915112345678”.',
    );
    expect(top(phone, 'Text Ms Voss (+49 151 1234 5678)', { to: '4915112345678' })).toBe(EXPLAINED);
    expect(top(phone, 'Text Ms Voss (+49 151 9999 5678)', { to: '4915112345678' })).toBe(phone);
    const other = about(
      'recipient_not_in_intent',
      '/to',
      'It goes to “priya.nair@corp.example”, whom the intent does not mention.',
    );
    expect(top(other, 'Ask Priya', { to: 'priya.nair@corp.example', cc: 'tom@corp.example' })).toBe(
      EXPLAINED,
    );
    expect(top(other, 'Ask Priya', { to: 'priya.nair@corp.example' })).toBe(other);
  });

  it('does not make a high score a danger, and a danger makes any score one', () => {
    const link = signal('link_not_in_intent', 0.4);
    expect(isDangerous(held([], { risk_score: 0.98 }))).toBe(false);
    expect(isDangerous(held([link], { risk_score: 0.98 }))).toBe(false);
    const opens = about(
      'danger_access',
      '/source',
      'It opens access to everyone: “source” is “*”.',
    );
    expect(isDangerous(held([{ ...opens, weight: 0 }], { risk_score: 0.55 }))).toBe(true);
    expect(topReasonOf(held([signal('deletes', 0.9), { ...opens, weight: 0 }]))).toMatchObject({
      code: 'danger_access',
    });
  });
});
