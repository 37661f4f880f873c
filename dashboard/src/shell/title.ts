/** The page's name and the number of matters for a human in the tab's title and icon. */
import { appPath } from '#/gateway';
import { pageName } from './pages';

/** Returns the title of the tab that shows the page with this path and heading. */
export function titleOf(path: string, count: number, heading = ''): string {
  const name = pageName(path);
  const parts = [heading === name ? '' : heading, name ?? '', 'GaiterGuard'];
  const title = parts.filter((part) => part !== '').join(' · ');
  return count > 0 ? `(${count}) ${title}` : title;
}

/** Shows a count in the tab's icon. */
export function showCountInIcon(count: number) {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link) link.href = count > 0 ? iconWithCount(count) : appPath('icon.svg');
  // The icon of an installed dashboard.
  void (count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.())?.catch(() => {});
}

function iconWithCount(count: number): string {
  const text = count > 99 ? '99+' : String(count);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path d="M32 3 57 12v19c0 15-10 25-25 30C17 56 7 46 7 31V12z" fill="#115e59"/><circle cx="42" cy="42" r="22" fill="#b01c1c"/><text x="42" y="52" font-family="sans-serif" font-weight="700" font-size="${text.length > 2 ? 20 : 28}" text-anchor="middle" fill="#fff">${text}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
