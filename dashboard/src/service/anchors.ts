/** Parts of a service's page that other pages link to. */

/** The id of the credential's panel. */
export const CREDENTIAL = 'credential';

/** Returns the id of a document's entry. */
export function documentAnchor(id: number): string {
  return `document-${id}`;
}
