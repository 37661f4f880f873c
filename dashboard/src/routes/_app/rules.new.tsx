import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { createRuleMutation, getRequestOptions } from '#/client/@tanstack/react-query.gen';
import { EMPTY_RULE, ruleBody } from '#/rule/draft';
import { draftFrom } from '#/rule/fromRequest';
import { RuleForm } from '#/rule/RuleForm';
import { BackLink } from '#/ui/BackLink';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';

interface Search {
  /** The id of the request to create the rule from. */
  from?: number;
}

export const Route = createFileRoute('/_app/rules/new')({
  validateSearch: ({ from }: Record<string, unknown>): Search =>
    typeof from === 'number' ? { from } : {},
  component: NewRule,
});

function NewRule() {
  const { from } = Route.useSearch();
  const navigate = Route.useNavigate();
  const queries = useQueryClient();
  const request = useQuery({
    ...getRequestOptions({ path: { id: from ?? 0 } }),
    enabled: from !== undefined,
  });
  const create = useMutation({
    ...createRuleMutation(),
    onSuccess: async () => {
      await navigate({ to: '/rules' });
      await queries.invalidateQueries();
    },
  });
  const initial = from === undefined ? EMPTY_RULE : request.data && draftFrom(request.data);
  return (
    <>
      <BackLink to="/rules">All rules</BackLink>
      <PageTitle>New rule</PageTitle>
      {!initial && request.isPending && <Loading />}
      <Failure error={request.error} />
      {initial && (
        <RuleForm
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
