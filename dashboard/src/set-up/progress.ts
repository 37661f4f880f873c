/** The progress of the set-up, which the URL keeps. */

/** The steps after the account, in order. */
export const STEPS = ['service', 'connection', 'document', 'agent', 'request'] as const;

/** A step. */
export type Step = (typeof STEPS)[number];

/** The choices so far, and the ids of what was created. */
export interface Progress {
  /** The name of the template, or `custom`. */
  template?: string;
  service?: number;
  agent?: number;
  step?: Step;
}

/** Returns the valid part of a URL's search parameters. */
export function readProgress(search: Record<string, unknown>): Progress {
  const { template, service, agent, step } = search;
  return {
    ...(typeof template === 'string' && { template }),
    ...(typeof service === 'number' && { service }),
    ...(typeof agent === 'number' && { agent }),
    ...(isStep(step) && { step }),
  };
}

function isStep(value: unknown): value is Step {
  return STEPS.some((step) => step === value);
}

/** Returns the step to show: the one that the URL names, if the steps before it are done. */
export function stepOf({ service, agent, step }: Progress): Step {
  if (service === undefined) return 'service';
  if (step === undefined) return agent === undefined ? 'connection' : 'request';
  return step === 'request' && agent === undefined ? 'agent' : step;
}

/** Returns whether a step can be opened. */
export function isReachable(progress: Progress, step: Step): boolean {
  return stepOf({ ...progress, step }) === step;
}

/** Returns whether a step is done. A step that may be skipped is done once it was passed. */
export function isDone(progress: Progress, step: Step, hasRequest: boolean): boolean {
  if (step === 'service') return progress.service !== undefined;
  if (step === 'agent') return progress.agent !== undefined;
  if (step === 'request') return hasRequest;
  const isPassed = STEPS.indexOf(stepOf(progress)) > STEPS.indexOf(step);
  return isPassed || progress.agent !== undefined;
}
