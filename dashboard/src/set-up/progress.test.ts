import { describe, expect, it } from 'vitest';
import { isDone, isReachable, type Progress, readProgress, STEPS, stepOf } from './progress';

describe('the progress of the set-up', () => {
  it('is what is valid in the URL', () => {
    const progress: Progress = { template: 'Stripe', service: 1, agent: 2, step: 'agent' };
    expect(readProgress({ ...progress })).toEqual(progress);
    expect(readProgress({ template: 1, service: '1', agent: null, step: 'elsewhere' })).toEqual({});
  });

  it.each<[Progress, string]>([
    [{}, 'service'],
    [{ template: 'Stripe' }, 'service'],
    [{ step: 'request' }, 'service'],
    [{ service: 1 }, 'connection'],
    [{ service: 1, step: 'service' }, 'service'],
    [{ service: 1, step: 'request' }, 'agent'],
    [{ service: 1, agent: 2 }, 'request'],
    [{ service: 1, agent: 2, step: 'document' }, 'document'],
  ])('%j is at the step %s', (progress, step) => {
    expect(stepOf(progress)).toBe(step);
  });

  it('opens only steps that have what they need', () => {
    const reachable = (progress: Progress) => STEPS.filter((step) => isReachable(progress, step));
    expect(reachable({})).toEqual(['service']);
    expect(reachable({ service: 1 })).toEqual(['service', 'connection', 'document', 'agent']);
    expect(reachable({ service: 1, agent: 2 })).toEqual(STEPS);
  });

  it('ticks the last step when the first request has arrived', () => {
    const done = (progress: Progress, hasRequest = false) =>
      STEPS.filter((step) => isDone(progress, step, hasRequest));
    expect(done({})).toEqual([]);
    expect(done({ service: 1, step: 'document' })).toEqual(['service', 'connection']);
    expect(done({ service: 1, agent: 2, step: 'service' })).toEqual(STEPS.slice(0, 4));
    expect(done({ service: 1, agent: 2 }, true)).toEqual(STEPS);
  });
});
