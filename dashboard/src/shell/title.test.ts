import { expect, it } from 'vitest';
import { titleOf } from './title';

it.each<[path: string, count: number, title: string, heading?: string]>([
  ['/', 7, '(7) Queue · GaiterGuard'],
  ['/history', 0, 'History · GaiterGuard'],
  ['/history/12', 1, '(1) History · GaiterGuard'],
  ['/services/new', 0, 'Services · GaiterGuard'],
  ['/services', 0, 'Services · GaiterGuard', 'Services'],
  ['/services/new', 0, 'New service · Services · GaiterGuard', 'New service'],
  ['/agents/3', 2, '(2) assistant · Agents · GaiterGuard', 'assistant'],
  ['', 0, 'Create your account · GaiterGuard', 'Create your account'],
  ['/elsewhere', 0, 'Page not found · GaiterGuard', 'Page not found'],
  ['/set-up', 0, 'Set up · GaiterGuard'],
  ['/sign-in', 0, 'Sign in · GaiterGuard'],
  ['/servicesandmore', 0, 'GaiterGuard'],
])('the title of %s with %i pending requests is %s', (path, count, title, heading) => {
  expect(titleOf(path, count, heading)).toBe(title);
});
