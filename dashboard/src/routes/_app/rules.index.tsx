import { useInfiniteQuery } from '@tanstack/react-query';
import { createFileRoute, Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { listRulesInfiniteOptions } from '#/client/@tanstack/react-query.gen';
import { RuleList } from '#/rule/RuleList';
import { MAIN_BUTTON } from '#/ui/Button';
import { Empty } from '#/ui/Empty';
import { nextCursor, Pages } from '#/ui/Pages';
import { PageTitle } from '#/ui/PageTitle';
import { IfPermitted, RoleNote } from '#/ui/RoleNote';

export const Route = createFileRoute('/_app/rules/')({ component: Rules });

function Rules() {
  const rules = useInfiniteQuery({
    ...listRulesInfiniteOptions({ query: { limit: 200 } }),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  return (
    <>
      <PageTitle
        actions={
          <IfPermitted needs="define">
            <Link to="/rules/new" className={MAIN_BUTTON}>
              <Plus aria-hidden className="size-4" /> New rule
            </Link>
          </IfPermitted>
        }
      >
        Rules
      </PageTitle>
      <RoleNote needs="define" />
      <Pages
        query={rules}
        empty={
          <Empty title="No rules yet">
            <p>
              Without rules, the built-in assessor decides which requests are held. A rule denies
              requests, requires approval for them, or allows them. If several rules match, the
              strictest wins.
            </p>
          </Empty>
        }
      >
        {(items) => <RuleList rules={items} />}
      </Pages>
    </>
  );
}
