/** The values of a request that matter most, on its card. */
import { useMemo } from 'react';
import { keyFieldsOf } from '#/action/keyFields';
import { useOperation } from '#/action/useOperation';
import type { Action } from '#/client';
import { Cut } from '#/text/Cut';

const NAME_CHARACTERS = 40;
const VALUE_CHARACTERS = 60;
const MEANING_CHARACTERS = 80;

/** At most three of them, with their documented meaning; what is cut ends with dots. */
export function KeyFields({ action }: { action: Action }) {
  const { operation } = useOperation(action);
  const fields = useMemo(() => keyFieldsOf(action, operation), [action, operation]);
  return fields.map(({ name, value, meaning }, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a name may stand twice
    <span key={index} className="mt-0.5 line-clamp-2 text-xs">
      <span className="font-mono text-soft">
        <Cut text={name} length={NAME_CHARACTERS} />
      </span>{' '}
      <span className="font-mono font-semibold">
        <Cut text={value} length={VALUE_CHARACTERS} />
      </span>
      {meaning !== null && (
        <span className="text-soft">
          {' — '}
          <Cut text={meaning} length={MEANING_CHARACTERS} />
        </span>
      )}
    </span>
  ));
}
