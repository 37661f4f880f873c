/** Deletes a rule. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Rule } from '#/client';
import { deleteRuleMutation, listRulesQueryKey } from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';

/** Shows the button and its confirmation. */
export function DeleteRule({ rule }: { rule: Rule }) {
  const [isAsking, setIsAsking] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    ...deleteRuleMutation(),
    onSuccess: async () => {
      // Unsaved changes are discarded with the rule.
      // Fetched first, so that the list does not show the deleted one for a moment.
      await queries.invalidateQueries({ queryKey: listRulesQueryKey(), refetchType: 'all' });
      await navigate({ to: '/rules', ignoreBlocker: true });
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
          title="Delete this rule?"
          action="Delete rule"
          isBusy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate({ path: { id: rule.id } })}
          onClose={() => setIsAsking(false)}
        >
          <p>
            <Visible text={rule.name} /> stops applying immediately. To pause it, disable it
            instead.
          </p>
        </Confirm>
      )}
    </>
  );
}
