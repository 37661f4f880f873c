/** The frame of every page: navigation, kill switch, and connection state. */

import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { ExternalLink, LogOut, Menu, Moon, Sun, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { getKillSwitchOptions, getSettingsOptions } from '#/client/@tanstack/react-query.gen';
import { appPath, GATEWAY_PATH } from '#/gateway';
import { useInboxCount } from '#/inbox/inbox';
import { useConnection, useLive } from '#/live/LiveProvider';
import { signOut } from '#/session/session';
import { Button } from '#/ui/Button';
import { chooseTheme, useTheme } from '#/ui/theme';
import { KillSwitchBanner, KillSwitchButton, KillSwitchDialog } from './KillSwitch';
import { type DashboardPage, PAGES } from './pages';
import { useKeptFocus } from './useKeptFocus';
import { usePageCode } from './usePageCode';
import { useTitle } from './useTitle';

/** The pages in the bar at the bottom of a phone. The menu of a phone leaves them out. */
const BAR_PAGES: readonly string[] = ['/', '/history'];

/** Pages of the gateway outside the dashboard, and on the Web. */
const HELP_PAGES = [
  { href: `${GATEWAY_PATH}/docs`, text: 'API reference' },
  {
    href: 'https://github.com/gaiterguard/gaiterguard/blob/main/docs/src/SUMMARY.md',
    text: 'Help',
  },
] as const;

/** Shows the frame around the current page. */
export function Shell() {
  const [isOpen, setIsOpen] = useState(false);
  const menuButton = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const onKey = ({ key, defaultPrevented }: globalThis.KeyboardEvent) => {
      if (key !== 'Escape' || defaultPrevented) return;
      setIsOpen(false);
      menuButton.current?.focus();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [isOpen]);
  const [isSwitching, setIsSwitching] = useState(false);
  const count = useInboxCount();
  useTitle(count);
  usePageCode();
  useKeptFocus();
  // A request that fills a phone has its own buttons at the bottom, and so has one in the set-up.
  const hasBar = !useRouterState({
    select: ({ location }) =>
      location.pathname === '/set-up' || (location.pathname === '/' && 'action' in location.search),
  });
  // It changes only with a new gateway, after which the page reconnects.
  const settings = useQuery({ ...getSettingsOptions(), staleTime: Number.POSITIVE_INFINITY });
  const openSwitch = () => setIsSwitching(true);

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
            ref={menuButton}
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
            <img src={appPath('icon.svg')} alt="" className="size-7" />
            <span className="hidden sm:inline">GaiterGuard</span>
            <span className="sr-only sm:hidden">GaiterGuard</span>
          </Link>
          <Status />
          <div className="ml-auto flex items-center gap-1">
            <ThemeButton />
            <SignOutButton />
            <div className={hasBar ? 'hidden sm:block' : ''}>
              <KillSwitchButton onOpen={openSwitch} />
            </div>
          </div>
        </div>
        <OfflineBar />
        <KillSwitchBanner onResume={openSwitch} />
      </header>
      <div className="lg:grid lg:grid-cols-[12rem_1fr]">
        <nav
          id="pages"
          aria-label="Pages"
          className={`${isOpen ? 'flex' : 'hidden'} flex-col border-b border-line bg-panel p-2 lg:sticky lg:top-(--header) lg:flex lg:h-[calc(100dvh-var(--header))] lg:overflow-y-auto lg:border-r lg:border-b-0`}
        >
          <ul className="space-y-0.5">
            {PAGES.map((page) => (
              <li key={page.to} className={BAR_PAGES.includes(page.to) ? 'hidden sm:block' : ''}>
                <PageLink page={page} count={count} onClick={() => setIsOpen(false)} />
              </li>
            ))}
          </ul>
          <ul className="mt-2 border-t border-line pt-2 lg:mt-auto">
            {HELP_PAGES.map(({ href, text }) => (
              <li key={href}>
                <a
                  href={href}
                  target="_blank"
                  rel="noreferrer"
                  className="flex min-h-9 items-center gap-1.5 rounded-md px-3 text-sm text-soft hover:bg-raised hover:text-ink"
                >
                  {text} <ExternalLink aria-hidden className="size-3.5" />
                </a>
              </li>
            ))}
            {settings.data && (
              <li className="px-3 py-1 text-xs text-soft">Version {settings.data.version}</li>
            )}
          </ul>
        </nav>
        <main
          id="content"
          tabIndex={-1}
          className="min-w-0 p-3 pb-[calc(var(--footer)+0.75rem)] sm:p-5"
        >
          <Outlet />
        </main>
      </div>
      {hasBar && <BottomBar count={count} onSwitch={openSwitch} />}
      {isSwitching && <KillSwitchDialog onClose={() => setIsSwitching(false)} />}
    </div>
  );
}

function PageLink({
  page: { to, text, icon: Icon },
  count,
  onClick,
}: {
  page: DashboardPage;
  count: number;
  onClick: () => void;
}) {
  return (
    <Link
      to={to}
      activeOptions={{ exact: to === '/', includeSearch: false }}
      onClick={onClick}
      className="flex min-h-10 items-center gap-2 rounded-md px-3 text-sm font-medium hover:bg-raised"
      activeProps={{ className: 'bg-raised', 'aria-current': 'page' }}
    >
      <Icon aria-hidden className="size-4" />
      {text}
      {to === '/' && <Count count={count} className="ml-auto" />}
    </Link>
  );
}

function Count({ count, className }: { count: number; className: string }) {
  if (count === 0) return null;
  return (
    <span
      className={`rounded-full bg-bad-fill px-2 text-xs leading-5 font-semibold text-white ${className}`}
    >
      {count}
      <span className="sr-only"> to review</span>
    </span>
  );
}

/** The navigation of a phone, in reach of a thumb: the queue, the history, and the kill switch. */
function BottomBar({ count, onSwitch }: { count: number; onSwitch: () => void }) {
  return (
    <nav
      ref={measureBar}
      aria-label="Main pages"
      className="fixed inset-x-0 bottom-0 z-30 grid grid-cols-3 items-center border-t border-line bg-panel px-2 py-1 sm:hidden"
    >
      {PAGES.filter(({ to }) => BAR_PAGES.includes(to)).map(({ to, text, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: to === '/', includeSearch: false }}
          className="relative flex min-h-12 flex-col items-center justify-center rounded-md text-xs font-medium text-soft"
          activeProps={{ className: 'text-ink font-semibold', 'aria-current': 'page' }}
        >
          <Icon aria-hidden className="size-5" />
          {text}
          {to === '/' && <Count count={count} className="absolute top-0 left-[calc(50%+0.5rem)]" />}
        </Link>
      ))}
      <KillSwitchButton onOpen={onSwitch} />
    </nav>
  );
}

/** Refs that keep their identity between renders. */
const measureHeader = measureAs('--header');
const measureBar = measureAs('--footer');

/**
 * Publishes an element's height as a variable of the styles, for elements that keep clear of it. It
 * changes, because banners wrap.
 */
function measureAs(variable: string) {
  return (element: HTMLElement | null) => {
    if (!element) return;
    const { style } = document.documentElement;
    const observer = new ResizeObserver(() => {
      style.setProperty(variable, `${element.offsetHeight}px`);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      style.removeProperty(variable);
    };
  };
}

/** Whether agents can work, and whether this page is up to date. */
function Status() {
  const state = useLive();
  const { data: killSwitch } = useQuery(getKillSwitchOptions());
  const [text, color] = {
    live: killSwitch?.active ? ['Stopped', 'bg-hold'] : ['Connected', 'bg-good'],
    connecting: ['Connecting…', 'bg-warn'],
    broken: ['Offline, reconnecting…', 'bg-bad'],
  }[state] as [string, string];
  const isElsewhere = color === 'bg-good' || state === 'broken';
  return (
    <span role="status" className="flex items-center gap-1.5 text-xs text-soft">
      <span aria-hidden className={`size-2 rounded-full ${color}`} />
      {/* A phone has room only for what nothing else on the page says. */}
      <span className={isElsewhere ? 'sr-only sm:not-sr-only' : ''}>{text}</span>
    </span>
  );
}

/** Says since when the page may be out of date. */
function OfflineBar() {
  const { lostAt, retry } = useConnection();
  if (lostAt === null) return null;
  const since = new Date(lostAt).toLocaleTimeString(undefined, {
    hour: '2-digit',
    minute: '2-digit',
  });
  return (
    <div
      role="alert"
      className="flex items-center gap-3 border-t border-line bg-mark px-3 py-1.5 text-sm text-ink"
    >
      <p className="min-w-0 flex-1">
        <strong>Offline since {since}.</strong> This page may be out of date.
      </p>
      <Button className="min-h-8 py-0.5" onClick={retry}>
        Retry
      </Button>
    </div>
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
