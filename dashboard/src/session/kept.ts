/** Unsaved text of a user, kept in the tab so that a reload or a session that ends does not lose it. */
import { useEffect } from 'react';
import { onSignedOut, sessionHasEnded, sessionUser } from './session';

/** Returns where it is kept: by user, so that nobody sees another's. */
export function keptPlace(kind: string, key = ''): string {
  return `gaiterguard.${kind}.${sessionUser()}.${key}`;
}

/** Discards it when the user signs out. A session that has ended is continued after signing in. */
export function useForgottenAtSignOut(place: string) {
  useEffect(
    () =>
      onSignedOut(() => {
        if (!sessionHasEnded()) sessionStorage.removeItem(place);
      }),
    [place],
  );
}
