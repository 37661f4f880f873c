/** The notes that are being written, and the request whose denial is open, kept in the tab until the decision. */
import { useCallback, useEffect, useState } from 'react';
import { keptPlace, useForgottenAtSignOut } from '#/session/kept';

/** Notes by the ids of their requests, and the id of the request that is being denied. */
interface Written {
  notes: Readonly<Record<string, string>>;
  denyingId: string | null;
}

const NOTHING: Written = { notes: {}, denyingId: null };

/** Returns the notes and what changes them. `restoredId` is the request whose denial was open before a new sign-in or a reload. */
export function useNotes() {
  // Ending the session must not change the place.
  const [place] = useState(() => keptPlace('notes'));
  const [kept] = useState(() => readWritten(sessionStorage.getItem(place)));
  const [written, setWritten] = useState(kept);
  useEffect(() => {
    const isEmpty = written.denyingId === null && Object.keys(written.notes).length === 0;
    if (isEmpty) sessionStorage.removeItem(place);
    else sessionStorage.setItem(place, JSON.stringify(written));
  }, [place, written]);
  useForgottenAtSignOut(place);
  /** Changes the note on a request; null removes it. */
  const onNote = useCallback(
    (id: string, text: string | null) =>
      setWritten(({ notes: { [id]: _, ...others }, denyingId }) => ({
        notes: text === null ? others : { ...others, [id]: text },
        denyingId,
      })),
    [],
  );
  const setDenyingId = useCallback(
    (change: (before: string | null) => string | null) =>
      setWritten(({ notes, denyingId }) => ({ notes, denyingId: change(denyingId) })),
    [],
  );
  const restoredId = written.denyingId === kept.denyingId ? kept.denyingId : null;
  return { ...written, restoredId, onNote, setDenyingId };
}

/** Reads what was kept; nothing if it is not that. */
export function readWritten(text: string | null): Written {
  if (text === null) return NOTHING;
  try {
    const { notes, denyingId } = JSON.parse(text);
    const areNotes =
      typeof notes === 'object' &&
      notes !== null &&
      Object.values(notes).every((note) => typeof note === 'string');
    const isId = denyingId === null || typeof denyingId === 'string';
    return areNotes && isId ? { notes, denyingId } : NOTHING;
  } catch {
    return NOTHING;
  }
}
