/** Rules to start from. */
import { conditionOf, type FieldRef, type Test } from './built';
import type { RuleDraft } from './draft';
import { initialValues } from './fields';
import type { Documented, DocumentedField } from './vocabulary';

/** A rule to start from. */
export interface Template {
  name: string;
  draft: Pick<RuleDraft, 'name' | 'effect' | 'condition'>;
}

/** The last part of the names of amounts and of recipients. */
const AMOUNT = /^(amount|total|price|value)$/i;
const RECIPIENT = /^(to|recipients?|destination|payee|channel|email)$/i;

/** Returns the templates, with the fields that the documents name. */
export function templates(known: Documented, zone: string): Template[] {
  const amount = fieldNamed(known, AMOUNT) ?? { path: ['amount'], kind: null };
  const recipient = fieldNamed(known, RECIPIENT) ?? { path: ['to'], kind: null };
  const isList = recipient.kind === 'array';
  return [
    {
      name: 'Deletions',
      draft: {
        name: 'Deletions need approval',
        effect: 'require_approval',
        condition: conditionOf({ target: { kind: 'method', method: 'DELETE' }, tests: [] }),
      },
    },
    {
      name: 'Payments over an amount',
      draft: {
        name: 'Payments over an amount need approval',
        effect: 'require_approval',
        condition: conditionOf({
          target: { kind: 'effect', effect: 'pays' },
          tests: [
            present(bodyField(amount.path)),
            { field: bodyField(amount.path), operator: 'gt', values: ['10000'] },
          ],
        }),
      },
    },
    {
      name: 'Outside working hours',
      draft: {
        name: 'Changes outside working hours need approval',
        effect: 'require_approval',
        condition: conditionOf({
          target: { kind: 'writes' },
          tests: [
            {
              field: { place: 'time' },
              operator: 'outside',
              values: initialValues('outside', zone),
            },
          ],
        }),
      },
    },
    {
      name: 'Recipients not on a list',
      draft: {
        name: 'Other recipients need approval',
        effect: 'require_approval',
        condition: conditionOf({
          target: { kind: 'any' },
          tests: [
            present(bodyField(recipient.path)),
            {
              field: bodyField(recipient.path),
              operator: isList ? 'not_only' : 'none_of',
              values: [],
            },
          ],
        }),
      },
    },
    {
      name: 'Read only',
      draft: {
        name: 'Read only',
        effect: 'deny',
        condition: conditionOf({ target: { kind: 'writes' }, tests: [] }),
      },
    },
  ];
}

function fieldNamed(known: Documented, pattern: RegExp): DocumentedField | undefined {
  return known.body.find(({ path }) => pattern.test(path.at(-1) ?? ''));
}

function bodyField(path: readonly string[]): FieldRef {
  return { place: 'body', path };
}

function present(field: FieldRef): Test {
  return { field, operator: 'present', values: [] };
}
