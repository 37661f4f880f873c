/** The pages of the dashboard, as the navigation lists them. */
import {
  Bot,
  ChartColumn,
  History,
  Inbox,
  type LucideIcon,
  Plug,
  Scale,
  ScrollText,
  Settings,
  Users,
} from 'lucide-react';

/** A page. */
export interface DashboardPage {
  to: string;
  text: string;
  icon: LucideIcon;
}

/** The pages, in the order of the navigation. */
export const PAGES: readonly DashboardPage[] = [
  { to: '/', text: 'Queue', icon: Inbox },
  { to: '/overview', text: 'Overview', icon: ChartColumn },
  { to: '/history', text: 'History', icon: History },
  { to: '/rules', text: 'Rules', icon: Scale },
  { to: '/services', text: 'Services', icon: Plug },
  { to: '/agents', text: 'Agents', icon: Bot },
  { to: '/audit', text: 'Audit', icon: ScrollText },
  { to: '/members', text: 'Members', icon: Users },
  { to: '/settings', text: 'Settings', icon: Settings },
];

/** Pages that the navigation does not list. */
const OTHER_PAGES: ReadonlyArray<Pick<DashboardPage, 'to' | 'text'>> = [
  { to: '/set-up', text: 'Set up' },
  { to: '/sign-in', text: 'Sign in' },
  { to: '/signed-in', text: 'Single sign-on' },
  { to: '/invitation', text: 'Invitation' },
];

/** Returns the name of the page with this path; undefined if there is none. */
export function pageName(path: string): string | undefined {
  const isOf = ({ to }: { to: string }) =>
    to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
  return [...PAGES, ...OTHER_PAGES].find(isOf)?.text;
}
