/** The error of a page, in place of its content. */
import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useLive } from '#/live/LiveProvider';
import { Failure } from '#/ui/Failure';
import { PageTitle } from '#/ui/PageTitle';

/** Shows the error inside the frame. Loads the page again on request, and once the gateway is back. */
export function PageError({ error }: ErrorComponentProps) {
  const router = useRouter();
  const live = useLive();
  const before = useRef(live);
  useEffect(() => {
    const wasLost = before.current !== 'live';
    before.current = live;
    if (live === 'live' && wasLost) void router.invalidate();
  }, [live, router]);
  return (
    <>
      <PageTitle>Something went wrong on this page</PageTitle>
      <Failure error={error} onRetry={() => router.invalidate()} />
    </>
  );
}
