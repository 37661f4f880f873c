import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { type Action, getApproval, getRequest, listOperations, type RequestEntry } from '#/client';
import { createRuleMutation } from '#/client/@tanstack/react-query.gen';
import { EMPTY_RULE, type RuleDraft, ruleBody } from '#/rule/draft';
import { draftFromAction, draftFromEntry } from '#/rule/fromRequest';
import { RuleForm } from '#/rule/RuleForm';
import { forgetDraft } from '#/rule/useDraft';
import { BackLink } from '#/ui/BackLink';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';
import { RoleNote } from '#/ui/RoleNote';

interface Search {
  /** The id of the request to create the rule from. */
  from?: number;
  /** The id of the held request to create the rule from. */
  action?: string;
}

/** The number of operations to search for that of the request. */
const OPERATIONS_READ = 20;

export const Route = createFileRoute('/_app/rules/new')({
  validateSearch: ({ from, action }: Record<string, unknown>): Search => ({
    ...(typeof from === 'number' && { from }),
    ...(typeof action === 'string' && { action }),
  }),
  component: NewRule,
});

function NewRule() {
  const search = Route.useSearch();
  const navigate = Route.useNavigate();
  const queries = useQueryClient();
  const isFromRequest = search.from !== undefined || search.action !== undefined;
  const prefilled = useQuery({
    queryKey: ['ruleFromRequest', search],
    queryFn: () => draftFrom(search),
    enabled: isFromRequest,
    // A later decision must not change the form under the user. A reconnection fetches the others.
    staleTime: 'static',
    gcTime: 0,
  });
  const draftKey = `new ${search.action ?? search.from ?? ''}`;
  const create = useMutation({
    ...createRuleMutation(),
    onSuccess: async () => {
      forgetDraft(draftKey);
      await navigate({ to: '/rules', ignoreBlocker: true });
      await queries.invalidateQueries();
    },
  });
  const initial = isFromRequest ? prefilled.data : EMPTY_RULE;
  return (
    <>
      <BackLink to="/rules">All rules</BackLink>
      <PageTitle>New rule</PageTitle>
      <RoleNote needs="define" />
      {!initial && prefilled.isPending && <Loading />}
      <Failure error={prefilled.error} />
      {initial && (
        <RuleForm
          key={draftKey}
          draftKey={draftKey}
          id={undefined}
          initial={initial}
          isBusy={create.isPending}
          error={create.error}
          onSave={(draft) => create.mutate({ body: ruleBody(draft) })}
          onChange={create.reset}
        />
      )}
    </>
  );
}

async function draftFrom({ from, action }: Search): Promise<RuleDraft> {
  const entry =
    from === undefined
      ? undefined
      : (await getRequest({ path: { id: from }, throwOnError: true })).data;
  const actionId = action ?? entry?.action_id ?? null;
  if (entry && actionId === null) return draftFromEntry(entry, await operationOf(entry));
  const path = { action_id: actionId ?? '' };
  const held = (await getApproval({ path, throwOnError: true })).data;
  return draftFromAction(held, await operationOf(held));
}

async function operationOf({ service_id, operation, method }: Action | RequestEntry) {
  if (!operation) return undefined;
  const { data } = await listOperations({
    path: { id: service_id },
    query: { q: operation.id.slice(0, 200), limit: OPERATIONS_READ },
    throwOnError: true,
  });
  return data.items.find((one) => one.id === operation.id && one.method === method);
}
