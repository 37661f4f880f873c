import { describe, expect, it } from 'vitest';
import type { Action, Signal } from '#/client';
import { topReasonOf } from './reason';

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
    summary: null,
    ...rest,
  }) as unknown as Action;

const RULE = [{ id: 1, name: 'Freeze', effect: 'require_approval' }] as Action['matched_rules'];

describe('the first reason', () => {
  it('is a contradiction between the intent and the request, before any other', () => {
    const signals = [
      signal('deletes', 0.5),
      signal('undocumented', 0.4),
      signal('effect_not_asked', 0.3),
      signal('amount_differs', 0.1),
    ];
    expect(topReasonOf(held(signals, { matched_rules: RULE }))).toBe(signals[3]);
    expect(topReasonOf(held(signals.slice(0, 3)))).toBe(signals[2]);
  });

  it('is who gets how much, then an irreversible effect that nobody asked for, then any other difference', () => {
    const differs = signal('choice_differs', 0.9);
    const unasked = signal('effect_not_asked', 0.1);
    const elsewhere = signal('recipient_differs', 0.1);
    const first = (effect: string, ...signals: Signal[]) =>
      topReasonOf(held([signal(effect, 0.5), ...signals]));
    expect(first('deletes', differs, unasked, elsewhere)).toBe(elsewhere);
    expect(first('deletes', differs, unasked)).toBe(unasked);
    expect(first('changes', differs, unasked)).toBe(differs);
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
    expect(reason).toBe('It pays, but only a risk threshold below the default holds this.');
  });

  it('is the rule, then the strongest signal that the headline does not say', () => {
    const signals = [signal('deletes', 0.5), signal('undocumented', 0.4)];
    expect(topReasonOf(held(signals, { matched_rules: RULE }))).toContain('Freeze');
    expect(topReasonOf(held(signals))).toBe(signals[1]);
    expect(topReasonOf(held([]))).toBe('It changes something.');
  });

  it('is that a switch is off, or that everything is affected, unless the intent says so', () => {
    const summary = (name: string, value: string, words = 'Apply plan') =>
      ({
        effect: 'changes',
        headline: [{ text: words, is_value: false }],
        facts: [{ kind: 'other', name, location: `body/${name}`, value, is_cut: false }],
      }) as unknown as Action['summary'];
    const reason = (shown: Action['summary'], intent = 'Try it as a dry run') =>
      topReasonOf(held([signal('undocumented', 0.4)], { summary: shown, intent }));
    expect(reason(summary('options.dryRun', 'false'))).toBe(
      '“dry run” is false, but the intent mentions it.',
    );
    expect(reason(summary('dryRun', 'true'))).toMatchObject({ code: 'undocumented' });
    expect(reason(summary('anonymize', 'false'), 'Export anonymized rows')).toContain('anonymize');
    expect(reason(summary('signed', 'false'), 'Turn off signed builds')).toMatchObject({
      code: 'undocumented',
    });
    expect(reason(summary('dryRun', 'false'), 'Apply it')).toMatchObject({ code: 'undocumented' });
    expect(reason(summary('filter', 'none (selects all)'))).toContain('all of them');
    expect(reason(summary('id', '7', 'Delete all beds'))).toContain('all of them');
    expect(reason(summary('id', '7', 'Delete all beds'), 'Empty the ward')).toMatchObject({
      code: 'undocumented',
    });
  });

  it('is the threshold if only that holds the request', () => {
    const low = { risk_score: 0.2 };
    expect(topReasonOf(held([signal('changes', 0.1)], low))).toContain('below the default');
    expect(topReasonOf(held([], { ...low, matched_rules: RULE }))).toContain('Freeze');
  });
});
