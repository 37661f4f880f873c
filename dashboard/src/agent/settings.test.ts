import { describe, expect, it } from 'vitest';
import type { Agent } from '#/client';
import { expiryError, settingsOf, toFields } from './settings';
import { agentState } from './state';

const AGENT: Agent = {
  id: 1,
  unreadable: false,
  name: 'clerk',
  keyPrefix: 'agt_01234567',
  isActive: true,
  blocked: false,
  services: [{ id: 1, name: 'things' }],
  holdSeconds: 30,
  riskThreshold: 0,
  otherHosts: 'tunnel',
  expiresAt: '2031-02-03T04:05:00Z',
  ownerId: 1,
  lastUsedAt: null,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
};

describe('the state of a damaged agent', () => {
  it('is unreadable before anything else', () => {
    const agent = { ...AGENT, unreadable: true, isActive: false };
    expect(agentState(agent, 0).word).toBe('Unreadable');
  });
});

describe('the expiry of a key', () => {
  const now = Date.parse('2030-01-01T00:00:00');
  it('must be in the future', () => {
    expect(expiryError('2030-01-01T00:01', '', now)).toBeUndefined();
    expect(expiryError('2029-12-31T23:59', '', now)).toMatch(/future/);
  });

  it('may stay in the past, so that the other settings of an expired agent can be saved', () => {
    expect(expiryError('2029-12-31T23:59', '2029-12-31T23:59', now)).toBeUndefined();
  });
});

describe('the settings of an agent', () => {
  it('survive the round trip through the form', () => {
    const fields = toFields(settingsOf(AGENT));
    const { name, holdSeconds, riskThreshold, otherHosts, expiresAt } = fields;
    expect({ name, holdSeconds, riskThreshold, otherHosts }).toEqual({
      name: 'clerk',
      holdSeconds: 30,
      riskThreshold: 0,
      otherHosts: 'tunnel',
    });
    expect(Date.parse(expiresAt ?? '')).toBe(Date.parse('2031-02-03T04:05:00Z'));
  });

  it('keep the seconds of an expiry that was not edited', () => {
    const agent = { ...AGENT, expiresAt: '2031-02-03T04:05:30.5Z' };
    const settings = settingsOf(agent);
    expect(toFields(settings, agent).expiresAt).toBe(agent.expiresAt);
    expect(toFields({ ...settings, expiresAt: '' }, agent).expiresAt).toBeNull();
    const edited = toFields({ ...settings, expiresAt: '2032-01-01T00:00' }, agent).expiresAt;
    expect(edited).toBe(new Date('2032-01-01T00:00').toISOString());
  });

  it('are null for empty fields', () => {
    expect(toFields({ ...settingsOf(), name: ' new ', holdSeconds: '' })).toEqual({
      name: 'new',
      expiresAt: null,
      holdSeconds: 0,
      riskThreshold: null,
      otherHosts: 'refuse',
    });
  });
});

describe('the state of an agent', () => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  it.each([
    [{}, 'Active'],
    [{ services: [] }, 'No services'],
    [{ expiresAt: '2029-12-31T23:59:59Z', services: [] }, 'Expired'],
    [{ isActive: false, expiresAt: '2029-12-31T23:59:59Z' }, 'Disabled'],
    [{ blocked: true, isActive: false }, 'Blocked'],
  ])('is, with %j, %s', (part, word) => {
    expect(agentState({ ...AGENT, ...part }, now).word).toBe(word);
  });
});
