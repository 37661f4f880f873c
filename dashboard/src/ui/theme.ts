/** Light or dark: as the system says, unless the human chose. */
import { useSyncExternalStore } from 'react';

/** What can be chosen. */
export type Theme = 'system' | 'light' | 'dark';

const KEPT = 'gaiterguard.theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function chosen(): Theme {
  const kept = localStorage.getItem(KEPT);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Chooses, and keeps it for this browser. */
export function chooseTheme(theme: Theme) {
  localStorage.setItem(KEPT, theme);
  apply();
}

/** Sets the page's theme and follows the system's from then on. */
export function startTheme() {
  apply();
  system.addEventListener('change', apply);
}

function apply() {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
  for (const each of listeners) each();
}

function isDark(): boolean {
  return chosen() === 'dark' || (chosen() === 'system' && system.matches);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** What was chosen, and whether the page is dark by it. */
export function useTheme(): { theme: Theme; isDark: boolean } {
  return {
    theme: useSyncExternalStore(subscribe, chosen),
    isDark: useSyncExternalStore(subscribe, isDark),
  };
}
