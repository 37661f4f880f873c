/** Decisions that the gateway has confirmed. */
import type { Action } from '#/client';
import type { Count } from './send';

/** Approving, denying, or denying and blocking the agent. */
export type DecisionKind = 'approve' | 'deny' | 'block';

/** A confirmed decision. */
export interface Made {
  kind: DecisionKind;
  action: Action;
  /** The approvals of a request that waits for others; null if the decision took effect. */
  count: Count | null;
}
