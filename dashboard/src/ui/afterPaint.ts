/** Work that must not delay what is about to be painted. */

/** Calls `work` once the next frame is painted. Returns a function that cancels this. */
export function afterPaint(work: () => void): () => void {
  // The callbacks of a frame run before it is painted, so this waits for the frame after it.
  let frame = requestAnimationFrame(() => {
    frame = requestAnimationFrame(work);
  });
  return () => cancelAnimationFrame(frame);
}
