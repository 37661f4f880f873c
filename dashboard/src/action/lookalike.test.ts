import { describe, expect, it } from 'vitest';
import { remarksOn } from './lookalike';

const remark = (text: string, ...known: string[]) => remarksOn([text], known)[0]?.text ?? null;

describe('an address that looks like another one', () => {
  it.each<[string, string, string[]]>([
    ['https://paypal.com.evil.io/pay', 'belongs to evil.io, not to paypal.com', []],
    ['it@login.bank.co.secure-pay.net', 'belongs to secure-pay.net, not to bank.co', []],
    ['ann@xn--pple-43d.com', 'has letters outside a–z, written as xn--', []],
    ['ann@gооgle.com', 'mixes letters from several alphabets', []],
    ['ann@bücher.de', 'has letters outside a–z', []],
    ['billing@examp1e.com', 'has a digit in place of a letter', []],
    [
      'billing@examp1e.com',
      'looks like example.com, but is another domain',
      ['Write to a@example.com'],
    ],
    [
      'https://rnicrosoft.com/',
      'looks like microsoft.com, but is another domain',
      ['microsoft.com'],
    ],
    [
      'a@northwnid.com',
      'looks like northwind.com, but is another domain',
      ['https://api.northwind.com'],
    ],
    ['a@northwind.co', 'looks like northwind.com, but is another domain', ['northwind.com']],
  ])('is remarked on: %s', (text, expected, known) => {
    expect(remark(text, ...known)).toBe(expected);
  });

  it('is found next to the one that it looks like', () => {
    const addresses = (texts: string[], known: string[] = []) =>
      remarksOn(texts, known).map(({ address }) => address);
    // Only the one that is less likely the real one is remarked on.
    expect(addresses(['to a@corp-mail.com', 'cc b@corp-mall.com'])).toEqual(['corp-mall.com']);
    expect(addresses(['a@corp-mall.com', 'b@corp-mail.com', 'c@corp-mail.com'])).toEqual([
      'corp-mall.com',
    ]);
    expect(addresses(['a@corp-mall.com', 'b@corp-mail.com'], ['corp-mail.com'])).toEqual([
      'corp-mall.com',
    ]);
  });

  it('is not a column of a table', () => {
    expect(remarksOn(['UPDATE c SET x = 1 FROM b WHERE bb.email = cc.email'], [])).toEqual([]);
    expect(remarksOn(['a.link and b.link'], [])).toEqual([]);
  });

  it.each([
    'ann@example.com',
    'https://api.eu.example.co.uk/v1',
    'https://web1.example.com:8443/x?y=z',
    'com.example.app',
    'backup.tar.gz',
    'chat.postMessage',
    'k8s.example.org',
    'Dear Ann. Please call me.',
    '10.0.0.1',
    '1.250.50',
  ])('is not %s', (text) => {
    expect(remark(text, 'https://api.example.com', 'mail.example.org')).toBeNull();
  });
});
