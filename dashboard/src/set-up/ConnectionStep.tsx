/** The set-up step that tries the base URL and the credential. */
import { useEffect, useRef, useState } from 'react';
import type { Service } from '#/client';
import { CredentialPanel } from '#/service/CredentialPanel';
import { isRejected, reached } from '#/service/reached';
import { TestCallPanel } from '#/service/TestCallPanel';
import { Button } from '#/ui/Button';

/** Sends a read-only request, and asks for the credential again if the service rejects it. */
export function ConnectionStep({
  service,
  testPath,
  onDone,
}: {
  service: Service;
  /** A path that requires the credential. */
  testPath: string;
  onDone: () => void;
}) {
  const [status, setStatus] = useState<number>();
  const isGood = status !== undefined && reached(status).isGood;
  const next = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isGood) next.current?.focus();
  }, [isGood]);
  return (
    <div className="max-w-3xl space-y-4">
      <TestCallPanel
        serviceId={service.id}
        chosen={{ method: 'GET', path: testPath }}
        isChosen={false}
        isBrief
        onStatus={setStatus}
      />
      {status !== undefined && isRejected(status) && (
        <CredentialPanel key={service.authType} service={service} />
      )}
      <Button ref={next} tone={isGood ? 'main' : 'plain'} onClick={onDone}>
        {status === undefined ? 'Skip' : isGood ? 'Continue' : 'Continue anyway'}
      </Button>
    </div>
  );
}
