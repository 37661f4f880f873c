/** Sentences of the documentation that a reader should know before approving. */
import type { Action, Operation } from '#/client';
import { plainText } from '#/text/markdown';
import { meaningsOf } from './requestValues';

/** More of them would push the intent off a phone's first screen. */
const SENTENCES_MAX = 2;
const SENTENCE_CHARACTERS_MAX = 150;

/** Words that say that more happens than the title says, or that it stays. */
const CAUTION =
  /\b(can ?not be (undone|recalled|reversed|restored|recovered|cancell?ed)|can't be (undone|recalled|reversed)|irreversibl\w*|irrevocabl\w*|permanent(ly)?|immediately|at once|all (of (the|its|their) )?[\w ]+ (are|is|will be)|replaces? (all|the (entire|whole|existing))|overwrites?|null (to|disables|removes)|every (user|member|item|record))\b/i;

/** Returns the sentences of an operation's description, and of those of the values in the request, that warn. */
export function cautionsOf(action: Action, operation: Operation): string[] {
  const texts = [
    operation.description ?? '',
    ...meaningsOf(action, operation).map(
      ({ name, meaning }) => `${name.replace(/^.*\./, '')}: ${meaning}`,
    ),
  ];
  const sentences = texts.flatMap((text) => plainText(text).split(/(?<=[.!;])\s+|\n+/));
  const warning = sentences
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence.length <= SENTENCE_CHARACTERS_MAX && CAUTION.test(sentence));
  return [...new Set(warning)].slice(0, SENTENCES_MAX);
}
