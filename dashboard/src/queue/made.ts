/** Decisions that the gateway has confirmed. */
import type { Action } from '#/client';

/** Approving, denying, or denying and blocking the agent. */
export type DecisionKind = 'approve' | 'deny' | 'block';

/** A confirmed decision. */
export interface Made {
  kind: DecisionKind;
  action: Action;
}
