import { describe, expect, it } from 'vitest';
import { formError, messageOf, sentenceOf } from './client';
import { ProblemError } from './session';

const invalid = new ProblemError(400, {
  code: 'validation_failed',
  errors: [
    { field: 'baseUrl', message: 'must be an http or https URL' },
    { field: 'name', message: 'must not be empty' },
  ],
});

describe('the message of an error', () => {
  it('begins with a capital letter where it is a sentence', () => {
    const error = new ProblemError(404, { detail: 'no such request' });
    expect(messageOf(error)).toBe('no such request');
    expect(sentenceOf(error)).toBe('No such request');
    expect(sentenceOf(new TypeError('Failed to fetch'))).toBe('The gateway could not be reached');
  });

  it('keeps the spelling of field names', () => {
    expect(sentenceOf(invalid)).toBe(
      'baseUrl must be an http or https URL; name must not be empty',
    );
  });

  it('is left to the fields if they show all of it', () => {
    expect(formError(invalid, ['name', 'baseUrl'])).toBeNull();
    expect(formError(invalid, ['name'])).toBe(invalid);
  });
});
