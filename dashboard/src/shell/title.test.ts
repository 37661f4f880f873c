import { expect, it } from 'vitest';
import { titleOf } from './title';

it.each([
  ['/', 7, '(7) Queue · GaiterGuard'],
  ['/history', 0, 'History · GaiterGuard'],
  ['/history/12', 1, '(1) History · GaiterGuard'],
  ['/services/new', 0, 'Services · GaiterGuard'],
  ['/set-up', 0, 'Set up · GaiterGuard'],
  ['/sign-in', 0, 'Sign in · GaiterGuard'],
  ['/servicesandmore', 0, 'GaiterGuard'],
])('the title of %s with %i pending requests is %s', (path, count, title) => {
  expect(titleOf(path, count)).toBe(title);
});
