/** Light or dark: as the system says, unless the human chose. */

/** What can be chosen. */
export type Theme = 'system' | 'light' | 'dark';

const KEPT = 'gaiterguard.theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');

/** What was chosen. */
export function chosenTheme(): Theme {
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
  const chosen = chosenTheme();
  const isDark = chosen === 'dark' || (chosen === 'system' && system.matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
}
