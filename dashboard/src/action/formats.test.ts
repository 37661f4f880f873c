import { describe, expect, it } from 'vitest';
import { batchLeaves, multipartLeaves, withLineBreaks, xmlLeaves } from './formats';

describe('the values of XML', () => {
  it('are its attributes and texts, as the gateway places them', () => {
    const xml =
      '<?xml version="1.0"?><!-- x --><p:Pay xmlns:p="urn:x"><Amt Ccy="EUR">400.00</Amt>' +
      '<To>A &amp; B</To><To>C&#x44;</To><Note><![CDATA[<b>]]></Note><Empty/></p:Pay>\n';
    expect(xmlLeaves(xml)).toEqual([
      { pointer: '/Pay/Amt/Ccy', value: 'EUR' },
      { pointer: '/Pay/Amt/', value: '400.00' },
      { pointer: '/Pay/To/0', value: 'A & B' },
      { pointer: '/Pay/To/1', value: 'CD' },
      { pointer: '/Pay/Note', value: '<b>' },
      { pointer: '/Pay/Empty', value: '' },
    ]);
  });

  it.each(['<a><b></a></b>', '<a>', '<a></a><b></b>', 'plain', '< a>'])(
    'are unknown for %s',
    (text) => {
      expect(xmlLeaves(text)).toBeNull();
    },
  );
});

describe('the values of a multipart body', () => {
  const body =
    '--x\r\nContent-Disposition: form-data; name="to"\r\n\r\nann@example.com\r\n' +
    '--x\r\nContent-Disposition: form-data; name="file"; filename="run.sh"\r\n\r\n#!/bin/sh\r\nrm -rf /\r\n--x--\r\n';

  it('are its parts, a file with its name', () => {
    expect(multipartLeaves(body, 'multipart/form-data; boundary=x')).toEqual([
      { pointer: '/to', value: 'ann@example.com' },
      { pointer: '/file/filename', value: 'run.sh' },
      { pointer: '/file', value: '#!/bin/sh\nrm -rf /' },
    ]);
    expect(multipartLeaves(body, 'text/plain')).toBeNull();
  });
});

describe('the values of a batch', () => {
  it('are those of its requests, however deep they are nested', () => {
    const body =
      '--o\r\nContent-Type: application/http\r\n\r\nGET Cars(7) HTTP/1.1\r\nAccept: */*\r\n\r\n\r\n' +
      '--o\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n' +
      '--i\r\nContent-Type: application/http\r\n\r\nPATCH Cars(7) HTTP/1.1\r\n' +
      'Content-Type: application/json\r\n\r\n{"Color": "red"}\r\n--i--\r\n\r\n--o--\r\n';
    expect(batchLeaves(body, 'multipart/mixed; boundary=o')).toEqual([
      { pointer: '/0/method', value: 'GET' },
      { pointer: '/0/url', value: 'Cars(7)' },
      { pointer: '/1/method', value: 'PATCH' },
      { pointer: '/1/url', value: 'Cars(7)' },
      { pointer: '/1/body/Color', value: 'red' },
    ]);
    expect(batchLeaves('--x\r\n\r\nhello\r\n--x--', 'multipart/mixed; boundary=x')).toBeNull();
  });
});

describe('a line break', () => {
  it('of the internet is a plain one, and a lone carriage return stays', () => {
    expect(withLineBreaks('a\r\nb\rc\r\r\n')).toBe('a\nb\rc\r\n');
  });
});
