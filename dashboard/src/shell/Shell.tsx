/** The frame of every page: navigation, kill switch, and connection state. */
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import {
  Bot,
  ChartColumn,
  History,
  Inbox,
  LogOut,
  type LucideIcon,
  Menu,
  Moon,
  Plug,
  Scale,
  ScrollText,
  Settings,
  Sun,
  X,
} from 'lucide-react';
import { useEffect, useState } from 'react';
import { listPendingApprovalsOptions } from '#/client/@tanstack/react-query.gen';
import { useLive } from '#/live/LiveProvider';
import { useUnknownOutcomes } from '#/queue/unknown';
import { signOut } from '#/session/session';
import { Button } from '#/ui/Button';
import { chooseTheme, useTheme } from '#/ui/theme';
import { KillSwitch, KillSwitchBanner } from './KillSwitch';
import { showCount } from './title';

const PAGES: ReadonlyArray<{ to: string; text: string; icon: LucideIcon }> = [
  { to: '/', text: 'Queue', icon: Inbox },
  { to: '/overview', text: 'Overview', icon: ChartColumn },
  { to: '/history', text: 'History', icon: History },
  { to: '/rules', text: 'Rules', icon: Scale },
  { to: '/services', text: 'Services', icon: Plug },
  { to: '/agents', text: 'Agents', icon: Bot },
  { to: '/audit', text: 'Audit', icon: ScrollText },
  { to: '/settings', text: 'Settings', icon: Settings },
];

/** Shows the frame around the current page. */
export function Shell() {
  const [isOpen, setIsOpen] = useState(false);
  const pending = useQuery(listPendingApprovalsOptions());
  const unknown = useUnknownOutcomes();
  // Both require a human.
  const count = (pending.data?.approvals.length ?? 0) + unknown.actions.length;
  useEffect(() => showCount(count), [count]);

  return (
    <div className="min-h-dvh">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-panel focus:p-2"
      >
        Skip to content
      </a>
      <header ref={measureHeader} className="sticky top-0 z-30 border-b border-line bg-panel">
        <div className="flex items-center gap-2 px-3 py-2">
          <Button
            tone="quiet"
            className="px-2 lg:hidden"
            aria-expanded={isOpen}
            aria-controls="pages"
            aria-label={isOpen ? 'Close menu' : 'Open menu'}
            onClick={() => setIsOpen(!isOpen)}
          >
            {isOpen ? (
              <X aria-hidden className="size-5" />
            ) : (
              <Menu aria-hidden className="size-5" />
            )}
          </Button>
          <Link to="/" className="flex items-center gap-2 font-bold">
            <img src="/app/icon.svg" alt="" className="size-7" />
            <span className="hidden sm:inline">GaiterGuard</span>
            <span className="sr-only sm:hidden">GaiterGuard</span>
          </Link>
          <Connection />
          <div className="ml-auto flex items-center gap-1">
            <ThemeButton />
            <SignOutButton />
            <KillSwitch />
          </div>
        </div>
        <KillSwitchBanner />
      </header>
      <div className="lg:grid lg:grid-cols-[12rem_1fr]">
        <nav
          id="pages"
          aria-label="Pages"
          className={`${isOpen ? 'block' : 'hidden'} border-b border-line bg-panel p-2 lg:sticky lg:top-(--header) lg:block lg:h-[calc(100dvh-var(--header))] lg:border-r lg:border-b-0`}
        >
          <ul className="space-y-0.5">
            {PAGES.map(({ to, text, icon: Icon }) => (
              <li key={to}>
                <Link
                  to={to}
                  activeOptions={{ exact: to === '/', includeSearch: false }}
                  onClick={() => setIsOpen(false)}
                  className="flex min-h-10 items-center gap-2 rounded-md px-3 text-sm font-medium hover:bg-raised"
                  activeProps={{ className: 'bg-raised', 'aria-current': 'page' }}
                >
                  <Icon aria-hidden className="size-4" />
                  {text}
                  {to === '/' && count > 0 && (
                    <span className="ml-auto rounded-full bg-bad-fill px-2 text-xs leading-5 font-semibold text-white">
                      {count}
                      <span className="sr-only"> pending</span>
                    </span>
                  )}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <main id="content" tabIndex={-1} className="min-w-0 p-3 sm:p-5">
          <Outlet />
        </main>
      </div>
    </div>
  );
}

/** Publishes the header's height for sticky elements below it, because a banner may wrap. */
function measureHeader(header: HTMLElement | null) {
  if (!header) return;
  const observer = new ResizeObserver(() => {
    document.documentElement.style.setProperty('--header', `${header.offsetHeight}px`);
  });
  observer.observe(header);
  return () => observer.disconnect();
}

function Connection() {
  const state = useLive();
  const [text, tone] = {
    live: ['Connected', 'bg-good'],
    connecting: ['Connecting…', 'bg-warn'],
    broken: ['Offline, reconnecting…', 'bg-bad'],
  }[state] as [string, string];
  return (
    <span role="status" className="flex items-center gap-1.5 text-xs text-soft">
      <span aria-hidden className={`size-2 rounded-full ${tone}`} />
      {/* A phone only has room for bad news. */}
      <span className={state === 'live' ? 'sr-only sm:not-sr-only' : ''}>{text}</span>
    </span>
  );
}

function SignOutButton() {
  const navigate = useNavigate();
  const [isBusy, setIsBusy] = useState(false);
  const [hasFailed, setHasFailed] = useState(false);
  const leave = async () => {
    setIsBusy(true);
    setHasFailed(false);
    try {
      await signOut();
      await navigate({ to: '/sign-in' });
    } catch {
      setHasFailed(true);
      setIsBusy(false);
    }
  };
  return (
    <>
      {hasFailed && (
        <span role="alert" className="text-xs text-bad">
          Sign-out failed
        </span>
      )}
      <Button
        tone="quiet"
        className="px-2"
        aria-label="Sign out"
        isBusy={isBusy}
        onClick={() => void leave()}
      >
        {!isBusy && <LogOut aria-hidden className="size-5" />}
      </Button>
    </>
  );
}

function ThemeButton() {
  const { isDark } = useTheme();
  return (
    <Button
      tone="quiet"
      className="px-2"
      aria-label={isDark ? 'Switch to light theme' : 'Switch to dark theme'}
      onClick={() => chooseTheme(isDark ? 'light' : 'dark')}
    >
      {isDark ? <Sun aria-hidden className="size-5" /> : <Moon aria-hidden className="size-5" />}
    </Button>
  );
}
