/** The theme: the system's, unless the user has chosen one. */
import { useSyncExternalStore } from 'react';

/** The choices. */
export type Theme = 'system' | 'light' | 'dark';

const KEPT = 'gaiterguard.theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function chosen(): Theme {
  const kept = localStorage.getItem(KEPT);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Sets the theme for this browser. */
export function chooseTheme(theme: Theme) {
  localStorage.setItem(KEPT, theme);
  apply();
}

/** Applies the theme, and follows changes of the system's theme. */
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

/** Returns the choice, and whether the page is dark. */
export function useTheme(): { theme: Theme; isDark: boolean } {
  return {
    theme: useSyncExternalStore(subscribe, chosen),
    isDark: useSyncExternalStore(subscribe, isDark),
  };
}
