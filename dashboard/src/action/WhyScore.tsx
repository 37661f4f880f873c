/** Why a request was held, and how its score came about. */
import { TextSearch } from 'lucide-react';
import { useId, useState } from 'react';
import type { Action, Signal } from '#/client';
import { RuleLink } from '#/names/Links';
import { counted } from '#/text/count';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { RiskBadge } from './RiskBadge';
import { sentenceOf } from './reason';
import { pointsToBody, signalsOf } from './signals';

/** Marks the text that a signal points to. */
export type Mark = (signal: Signal) => void;

/** Shows a reason. One that points to the body is a button that leads to the text. */
export function Reason({
  action,
  reason,
  hasEvidence = false,
  onMark,
}: {
  action: Action;
  reason: Signal | string;
  /** Whether to say where in the request the reason is. */
  hasEvidence?: boolean;
  onMark: Mark;
}) {
  if (typeof reason === 'string') return <Visible text={reason} />;
  const isText = action.body_encoding === 'utf8' && action.request_body !== '';
  if (!isText || !pointsToBody(reason)) {
    return (
      <>
        <Visible text={sentenceOf(action, reason)} />
        {hasEvidence && reason.evidence !== '' && (
          <span className="text-soft">
            {' '}
            (<Visible text={reason.evidence} />)
          </span>
        )}
      </>
    );
  }
  return (
    <button
      type="button"
      onClick={() => onMark(reason)}
      className="inline text-left underline decoration-dotted underline-offset-4 hover:decoration-solid"
    >
      <Visible text={sentenceOf(action, reason)} />
      <TextSearch aria-hidden className="ml-1 inline size-4 align-[-0.2em] text-soft" />
      <span className="sr-only"> Show in the request</span>
    </button>
  );
}

/** Shows a button that opens the score, the weights, and the rules. */
export function WhyScore({ action, onMark }: { action: Action; onMark: Mark }) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  return (
    <section className="rounded-lg border border-line bg-panel px-4 py-2">
      <h2 className="flex flex-wrap items-center justify-between gap-2">
        <Button
          tone="quiet"
          className="-ml-3"
          aria-expanded={isOpen}
          aria-controls={isOpen ? id : undefined}
          onClick={() => setIsOpen(!isOpen)}
        >
          Why this score?
        </Button>
        <span className="text-sm font-normal text-soft">
          {counted(action.signals.length, 'signal')}
          {action.matched_rules.length > 0 && `, ${counted(action.matched_rules.length, 'rule')}`}
        </span>
      </h2>
      {isOpen && (
        <div id={id} className="space-y-2 pb-2 text-sm">
          <p>
            <RiskBadge score={action.risk_score} /> <Visible text={action.risk_explanation} />
          </p>
          <Signals action={action} onMark={onMark} />
          {action.matched_rules.length > 0 && (
            <p>
              Matched rules:{' '}
              {action.matched_rules.map((rule) => (
                <RuleLink key={rule.id} rule={rule} />
              ))}
            </p>
          )}
        </div>
      )}
    </section>
  );
}

function Signals({ action, onMark }: { action: Action; onMark: Mark }) {
  if (action.signals.length === 0) return null;
  return (
    <>
      <ul className="space-y-1">
        {signalsOf(action).map((signal) => (
          <li key={`${signal.code} ${signal.evidence}`} className="flex gap-2">
            <span className="shrink-0 font-mono text-soft">
              {signal.weight > 0 ? '+' : ''}
              {signal.weight.toFixed(2)}
            </span>
            <span className="min-w-0">
              <Reason action={action} reason={signal} hasEvidence onMark={onMark} />
            </span>
          </li>
        ))}
      </ul>
      <p className="text-soft">
        Each weight, from 0 to 1, shows how strongly a signal raises the score. The weights do not
        add up to the score, and some signals set a minimum score.
      </p>
    </>
  );
}
