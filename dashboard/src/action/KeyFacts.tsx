/** The facts that a decision rests on: who asks for what, where, and why it was held. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Action, RequestFact } from '#/client';
import { counted } from '#/text/count';
import { fold } from '#/text/fold';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { meaningOf, pointerOf } from './card';
import { comparisonsOf } from './familiarity';
import { bodyValues } from './requestValues';
import { type Mark, Reason, topReasonOf } from './WhyScore';

/** More lines of a value would push the other facts off the screen. */
const VALUE_LINES_MAX = 6;

/** Shows the facts, the values in the words of the summary. */
export function KeyFacts({ action, onMark }: { action: Action; onMark: Mark }) {
  const facts = action.summary?.facts ?? [];
  const others = action.summary?.other_values ?? 0;
  const reason = topReasonOf(action);
  const comparisons = action.context ? comparisonsOf(action.context) : [];
  return (
    <dl className="space-y-3 rounded-lg border border-line bg-panel p-4">
      <Row name="Who and where">
        <Link
          to="/agents/$id"
          params={{ id: action.agent_id }}
          className="font-semibold hover:underline"
        >
          <Visible text={action.agent_name} />
        </Link>{' '}
        →{' '}
        <Link
          to="/services/$id"
          params={{ id: action.service_id }}
          className="font-semibold hover:underline"
        >
          <Visible text={action.service_name} />
        </Link>
        {action.operation && (
          <>
            {' · '}
            <Visible text={action.operation.summary ?? action.operation.id} />{' '}
            {action.operation.deprecated && <Badge tone="warn">Deprecated</Badge>}
          </>
        )}
      </Row>
      {(facts.length > 0 || others > 0) && (
        <Row name="Values">
          <dl className="space-y-1">
            {facts.map((fact, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a name may appear twice
              <Value key={index} action={action} fact={fact} />
            ))}
          </dl>
          {others > 0 && (
            <p className="mt-1 text-soft">{counted(others, 'more value')} in the exact request</p>
          )}
        </Row>
      )}
      {comparisons.length > 0 && (
        <Row name="Is it normal?">
          <ul className="space-y-0.5">
            {comparisons.map(({ text, isUnusual }) => (
              <li key={text} className={isUnusual ? 'font-medium text-warn' : ''}>
                {text}
              </li>
            ))}
          </ul>
        </Row>
      )}
      {reason && (
        <Row name="Why it was held">
          <Reason action={action} reason={reason} onMark={onMark} />
        </Row>
      )}
    </dl>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 gap-y-0.5 sm:grid-cols-[8.5rem_minmax(0,1fr)]">
      <dt className="text-sm text-soft">{name}</dt>
      <dd className="min-w-0 text-sm">{children}</dd>
    </div>
  );
}

function Value({ action, fact }: { action: Action; fact: RequestFact }) {
  const { shown } = fold(fact.value, VALUE_LINES_MAX, fact.value.length);
  const meaning = meaningOf(fact);
  return (
    <div className="min-w-0">
      <dt className="inline text-soft">
        <Visible text={fact.name === '' ? 'name' : fact.name} />
      </dt>{' '}
      <dd className="inline">
        <span className="font-mono text-[0.8rem] font-semibold">
          <Visible text={shown} />
        </span>
        {(fact.is_cut || shown.length < fact.value.length) && (
          <Rest action={action} fact={fact} shown={shown} />
        )}
        {meaning !== null && (
          <span className="text-soft">
            {' — '}
            <Visible text={meaning} />
          </span>
        )}
      </dd>
    </div>
  );
}

/** Says how much of a value is missing here. */
function Rest({ action, fact, shown }: { action: Action; fact: RequestFact; shown: string }) {
  const pointer = pointerOf(fact);
  const whole = bodyValues(action).find((leaf) => leaf.pointer === pointer)?.value;
  const hidden = (fact.is_cut ? (whole?.length ?? 0) : fact.value.length) - shown.length;
  return (
    <span className="text-warn">
      …{' '}
      {hidden > 0
        ? `(${counted(hidden, 'more character')} in the exact request)`
        : '(continues in the exact request)'}
    </span>
  );
}
