/** Short names of services. */

/** Returns a name that needs no escaping in a URL; an empty string if no character can be kept. */
export function slugOf(name: string): string {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '');
  return (
    plain
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join('-') ?? ''
  );
}

/** Returns a better name to suggest; null if the name is good or there is none. */
export function betterName(name: string): string | null {
  const slug = slugOf(name);
  return slug === '' || /^[a-z0-9._-]*$/i.test(name.trim()) ? null : slug;
}
