/** Deletes a service. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Service } from '#/client';
import { deleteServiceMutation, listServicesQueryKey } from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';

/** Shows the button and its confirmation. */
export function DeleteService({ service }: { service: Service }) {
  const [isAsking, setIsAsking] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    ...deleteServiceMutation(),
    onSuccess: async () => {
      // Fetched first, so that the list does not show the deleted one for a moment.
      await queries.invalidateQueries({ queryKey: listServicesQueryKey(), refetchType: 'all' });
      await navigate({ to: '/services' });
      await queries.invalidateQueries();
    },
  });
  return (
    <>
      <Button needs="define" onClick={() => setIsAsking(true)}>
        Delete…
      </Button>
      {isAsking && (
        <Confirm
          title="Delete this service?"
          action="Delete service"
          isBusy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate({ path: { id: service.id } })}
          onClose={() => setIsAsking(false)}
        >
          <p>
            Agents can no longer use <Visible text={service.name} />, and its pending and approved
            requests can no longer be executed. Its credential and documents are deleted. This
            cannot be undone.
          </p>
        </Confirm>
      )}
    </>
  );
}
