/** Set-up of each file of browser tests. */
import { beforeEach } from 'vitest';
import { beforeAttempt } from './page';

beforeEach(({ task }) => beforeAttempt(task.id));
