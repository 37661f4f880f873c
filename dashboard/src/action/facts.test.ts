import { describe, expect, it } from 'vitest';
import type { HeadlinePart, RequestFact, RequestSummary } from '#/client';
import { byName, factsBeyond, meaningOf } from './facts';

const words = (text: string): HeadlinePart => ({ text, is_value: false });
const value = (text: string): HeadlinePart => ({ text, is_value: true });

const fact = (name: string, text: string, change: Partial<RequestFact> = {}): RequestFact => ({
  kind: 'other',
  name,
  location: `body/${name.replaceAll('.', '/')}`,
  value: text,
  is_cut: false,
  meaning: null,
  ...change,
});

/** The names of the facts that the headline leaves out. */
const beyond = (headline: HeadlinePart[], facts: RequestFact[]) =>
  factsBeyond({ headline, facts } as RequestSummary).map(({ name }) => name);

describe('the facts next to a headline', () => {
  it('are those that it does not show', () => {
    const headline = [words('Change flag '), value('f1'), words(' · '), value('key')];
    expect(
      beyond(
        [...headline, words(' '), value('production')],
        [fact('flags', 'f1', { location: 'path' }), fact('key', 'production'), fact('note', 'x')],
      ),
    ).toEqual(['note']);
  });

  it('include a second field with the same value', () => {
    const headline = [words('Create leave · '), value('end date'), words(' '), value('2025-05-23')];
    const facts = [fact('start_date', '2025-05-23'), fact('end_date', '2025-05-23')];
    expect(beyond(headline, facts)).toEqual(['start_date']);
  });

  it('include a value of which the headline shows only a part', () => {
    const headline = [words('Post: “'), value('Hello'), words('…”')];
    expect(beyond(headline, [fact('text', 'Hello world')])).toEqual(['text']);
    expect(beyond(headline, [fact('text', 'Hello', { is_cut: true })])).toEqual(['text']);
  });

  it('include all of a list of which the headline shows the first', () => {
    const headline = [words('Create webhook · '), value('events'), words(' '), value('a')];
    const events = [
      fact('events', 'a', { location: 'body/events/0' }),
      fact('events', 'b', { location: 'body/events/1' }),
    ];
    expect(beyond([...headline, words(' and 1 more')], events)).toEqual(['events', 'events']);
  });

  it('include a value that is documented', () => {
    const headline = [words('Charge '), value('50000')];
    const cents = fact('amount', '50000', { kind: 'amount', meaning: 'in cents' });
    expect(beyond(headline, [cents])).toEqual(['amount']);
    expect(beyond(headline, [{ ...cents, meaning: 'long '.repeat(20) }])).toEqual([]);
  });

  it('include no note of the headline, but a value that reads like its title', () => {
    const headline = [words('Refund · no amount given')];
    const facts = [fact('amount', 'no amount given', { kind: 'amount' }), fact('kind', 'Refund')];
    expect(beyond(headline, facts)).toEqual(['kind']);
  });
});

describe('the names of facts', () => {
  const short = (...names: string[]) =>
    byName(names.map((name) => fact(name, 'x'))).map((named) => named.short);

  it('are the last parts that say what they are', () => {
    expect(short('changes.adjustment.location_id', 'changes.adjustment.quantity')).toEqual([
      'location_id',
      'quantity',
    ]);
    expect(short('data.relationships.workspace.data.id', 'status')).toEqual([
      'workspace.data.id',
      'status',
    ]);
    expect(short('rules.weights.2f43-4e', 'rules.weights.e583-0c')).toEqual([
      'weights.2f43-4e',
      'weights.e583-0c',
    ]);
  });

  it('differ from each other', () => {
    expect(short('billing.address.city', 'shipping.address.city')).toEqual([
      'billing.address.city',
      'shipping.address.city',
    ]);
    expect(short('city', 'address.city')).toEqual(['city', 'address.city']);
  });

  it('are shown once for a list', () => {
    const [events] = byName([fact('events', 'a'), fact('events', 'b')]);
    expect(events?.facts.map(({ value }) => value)).toEqual(['a', 'b']);
  });
});

describe('a description and a label', () => {
  const of = (name: string, meaning: string): RequestFact => ({
    kind: 'target',
    name,
    location: 'path',
    value: 'r7',
    is_cut: false,
    meaning,
  });

  it('is left out if it only repeats the name', () => {
    for (const [name, meaning] of [
      ['dns_records', 'The record'],
      ['memo', 'Memo'],
      ['calendars', 'Calendar identifier'],
    ] as const)
      expect(meaningOf(of(name, meaning)), name).toBeNull();
    expect(meaningOf(of('repos', 'Owner'))).toBe('Owner');
  });

  it('names an object of the path in the singular', () => {
    const labels = byName(['users', 'branches', 'policies', 'status'].map((name) => of(name, '')));
    expect(labels.map(({ short }) => short)).toEqual(['user', 'branch', 'policy', 'status']);
  });
});
