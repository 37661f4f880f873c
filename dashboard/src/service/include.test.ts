import { describe, expect, it } from 'vitest';
import { includeOf } from './include';

describe('the part of a document to read', () => {
  it('is everything if nothing is typed', () => {
    expect(includeOf({ tags: '', paths: ' \n ' })).toBeUndefined();
  });

  it('has one tag or path per line', () => {
    expect(includeOf({ tags: 'users\n Team members \n', paths: '' })).toEqual({
      tags: ['users', 'Team members'],
    });
    expect(includeOf({ tags: '', paths: '/v1/users\n/v1/teams' })).toEqual({
      paths: ['/v1/users', '/v1/teams'],
    });
  });
});
