import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { getRuleOptions, updateRuleMutation } from '#/client/@tanstack/react-query.gen';
import { DeleteRule } from '#/rule/DeleteRule';
import { draftOf, ruleBody } from '#/rule/draft';
import { Hits } from '#/rule/Hits';
import { RuleForm } from '#/rule/RuleForm';
import { NotFound, requireId } from '#/shell/NotFound';
import { BackLink } from '#/ui/BackLink';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';
import { RoleNote } from '#/ui/RoleNote';
import { Saved } from '#/ui/Saved';
import { DefinitionName, UnreadableNote } from '#/ui/Unreadable';

export const Route = createFileRoute('/_app/rules/$id')({
  params: { parse: ({ id }) => ({ id: Number(id) }), stringify: ({ id }) => ({ id: String(id) }) },
  loader: requireId,
  notFoundComponent: NotFound,
  component: RulePage,
});

function RulePage() {
  const { id } = Route.useParams();
  const { data: rule, error, isPending } = useQuery(getRuleOptions({ path: { id } }));
  const queries = useQueryClient();
  const save = useMutation({
    ...updateRuleMutation(),
    onSuccess: () => queries.invalidateQueries(),
  });
  return (
    <>
      <BackLink to="/rules">All rules</BackLink>
      {isPending && <Loading />}
      {error && !rule && <PageTitle>Rule</PageTitle>}
      <Failure error={error} />
      {rule && (
        <>
          <PageTitle actions={<DeleteRule rule={rule} />}>
            <DefinitionName noun="rule" id={rule.id} name={rule.name} />
          </PageTitle>
          <RoleNote needs="define" />
          <p className="mb-4 text-sm text-soft first-letter:uppercase">
            <Hits rule={rule} />
          </p>
          {rule.unreadable ? (
            <UnreadableNote noun="rule" />
          ) : (
            <RuleForm
              key={rule.id}
              draftKey={String(rule.id)}
              id={rule.id}
              initial={draftOf(rule)}
              isBusy={save.isPending}
              error={save.error}
              note={<Saved when={save.isSuccess} />}
              onSave={(draft) => save.mutate({ path: { id: rule.id }, body: ruleBody(draft) })}
              onChange={save.reset}
            />
          )}
        </>
      )}
    </>
  );
}
