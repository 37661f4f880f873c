import { describe, expect, it } from 'vitest';
import { plainText } from './markdown';

describe('plain text', () => {
  it.each([
    ['[See below](#text_usage) for `text`.', 'See below for text.'],
    ['![logo](https://a.example/x.png "Logo") **Charge** a *card*', 'logo Charge a card'],
    ['<p>Deletes the <code>object</code>.<br/></p>', 'Deletes the object.'],
    ['## Refunds\nA ``refund`` of `a` and `b`', 'Refunds\nA refund of a and b'],
  ])('has no marks of %s', (markdown, text) => {
    expect(plainText(markdown)).toBe(text);
  });

  it.each([
    'snake_case_name',
    '2 * 3 * 4',
    'a < b',
    '<img src=x onerror=alert(1)>',
    'f(x)[0]',
    '`',
  ])('leaves %s alone', (text) => {
    expect(plainText(text)).toBe(text);
  });
});
