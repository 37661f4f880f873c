import { describe, expect, it } from 'vitest';
import { refusal } from './permission';

describe('why a role may not do something', () => {
  it('is nothing if it may', () => {
    expect(refusal('read', { role: 'viewer', permissions: ['account', 'read'] })).toBeNull();
  });

  it('names the roles that may', () => {
    expect(refusal('decide', { role: 'viewer', permissions: ['account', 'read'] })).toBe(
      'Only owners and approvers can decide on requests. Your role: viewer.',
    );
  });
});
