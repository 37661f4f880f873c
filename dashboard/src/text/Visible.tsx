/** Untrusted text, with invisible characters marked. */
import { visibleSegments } from './visible';

/** Shows text with a visible mark in place of each invisible character. */
export function Visible({ text }: { text: string }) {
  const segments = visibleSegments(text);
  return (
    <bdi className="whitespace-pre-wrap [overflow-wrap:anywhere]">
      {segments.map((segment, index) =>
        'text' in segment ? (
          segment.text
        ) : (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: the segments of a text have no other key
            key={index}
            title={segment.name}
            className="mx-px rounded-sm bg-mark px-1 font-mono text-[0.75em] text-ink"
          >
            {segment.mark}
          </span>
        ),
      )}
    </bdi>
  );
}
