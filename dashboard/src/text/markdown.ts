/** Markdown in descriptions, which the dashboard shows as plain text. */

/** Tags that documents use within descriptions. */
const TAGS = /<\/?(?:a|b|br|code|em|i|li|ol|p|pre|strong|ul)\b[^<>]{0,200}>/gi;

/** Removes the marks of links, code, emphasis, headings, and tags; what they enclose remains. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/!?\[([^[\]]{0,500})\]\([^()\s]{0,2000}(?: +"[^"]{0,200}")?\)/g, '$1')
    .replace(TAGS, '')
    .replace(/^#{1,6} +/gm, '')
    .replace(/(\*\*|\*)(?=\S)([^*\n]{1,500}?)(?<=\S)\1/g, '$2')
    .replace(/`+([^`\n]{1,500})`+/g, '$1')
    .trim();
}
