import { describe, expect, it } from 'vitest';
import { CATALOG, monogram } from './catalog';
import { CREDENTIAL_FORMS } from './credential';

describe('the catalog', () => {
  it('lists each name once, in alphabetical order', () => {
    const names = CATALOG.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort((a, b) => a.localeCompare(b)));
  });

  it('has a different monogram for each template', () => {
    const monograms = CATALOG.map(({ name }) => monogram(name));
    expect(new Set(monograms).size).toBe(CATALOG.length);
    expect(monogram('GitHub')).toBe('GH');
    expect(monogram('Stripe')).toBe('St');
  });

  it.each(CATALOG)('is valid: $name', (template) => {
    const url = new URL(template.baseUrl);
    expect(url.protocol).toBe('https:');
    expect(template.baseUrl).not.toMatch(/[?#]|\/$/);
    expect(new URL(template.keyUrl).protocol).toBe('https:');
    expect(template.testPath ?? '/').toMatch(/^\/[^{]*$/);
    expect(template.testPath?.startsWith(`${url.pathname}/`) ?? false).toBe(false);
    const known = CREDENTIAL_FORMS[template.authType].flatMap(({ fields }) => fields);
    for (const name of Object.keys(template.values)) {
      expect(known).toContainEqual(expect.objectContaining({ key: name, isSecret: false }));
    }
    expect(template.dangers.length).toBeGreaterThan(0);
  });
});
