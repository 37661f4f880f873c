/**
 * The confirmation for an Allow rule without a condition, which takes the human out of every
 * decision.
 */
import { type FormEvent, useState } from 'react';
import type { ProposedRule, SimulatedChanges } from '#/client';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Modal } from '#/ui/Modal';
import { TextField } from '#/ui/TextField';
import { stakesOf } from './changes';
import { useSimulation } from './useSimulation';

const WORD = 'ALLOW';
const DAYS = 30;

/** Asks for confirmation. A rule without a service or an agent cannot be confirmed. */
export function ConfirmAllow({
  rule,
  scope,
  isBusy,
  error,
  onConfirm,
  onClose,
}: {
  rule: ProposedRule;
  /** The names of its service and agent; empty if it applies to all. */
  scope: string;
  isBusy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed === WORD) onConfirm();
  };
  if (scope === '') {
    return (
      <Modal title="Limit this rule first" onClose={onClose}>
        <p className="mb-4 text-sm">
          This rule would allow every request from every agent to every service, including risky
          ones. Add a condition, or limit it to a service or an agent.
        </p>
        <div className="flex justify-end">
          <Button onClick={onClose}>Close</Button>
        </div>
      </Modal>
    );
  }
  return (
    <Modal title="Allow every request?" onClose={onClose}>
      <form onSubmit={submit} className="space-y-4">
        <p className="text-sm">
          This rule has no condition on the request. Every request in its scope (
          <strong>
            <Visible text={scope} />
          </strong>
          ) will be sent without approval, whatever its risk, unless a stricter rule matches too.
        </p>
        <WouldHavePassed rule={rule} />
        <TextField
          label={`Type ${WORD} to confirm`}
          autoFocus
          autoCapitalize="characters"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Failure error={error} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="bad" isBusy={isBusy} disabled={typed !== WORD}>
            Allow every request
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Shows how many risky requests the rule would have allowed. */
function WouldHavePassed({ rule }: { rule: ProposedRule }) {
  const { result } = useSimulation(rule, DAYS);
  if (!result) return null;
  return (
    <p role="status" className="rounded-md border border-bad p-2 text-sm text-bad">
      {passedText([result.released, result.admitted])} in the last {DAYS} days.
    </p>
  );
}

/** Returns a text that says how many risky requests a rule would have allowed, and their stakes. */
export function passedText(changes: readonly SimulatedChanges[]): string {
  const count = changes.reduce((sum, each) => sum + each.count, 0);
  const requests = `${count.toLocaleString('en')} risky ${count === 1 ? 'request' : 'requests'}`;
  const stakes = stakesOf(changes);
  return `Would have allowed ${requests} without approval${stakes && ` (${stakes})`}`;
}
