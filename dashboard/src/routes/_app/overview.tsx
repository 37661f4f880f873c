import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { createFileRoute, Link } from '@tanstack/react-router';
import type { Overview } from '#/client';
import { getOverviewOptions, getSettingsOptions } from '#/client/@tanstack/react-query.gen';
import { useNames } from '#/names/useNames';
import { Bars } from '#/overview/Bars';
import { Decided } from '#/overview/Decided';
import { ModelUse } from '#/overview/ModelUse';
import { OverTime } from '#/overview/OverTime';
import { Unknown } from '#/overview/Unknown';
import { OpenRules } from '#/rule/OpenRules';
import { counted } from '#/text/count';
import { Visible } from '#/text/Visible';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';

const PERIODS = { day: 'Day', week: 'Week', month: '30 days' } as const;

type Period = keyof typeof PERIODS;

export const Route = createFileRoute('/_app/overview')({
  validateSearch: ({ period }: Record<string, unknown>): { period?: Period } =>
    period === 'week' || period === 'month' ? { period } : {},
  component: OverviewPage,
});

function OverviewPage() {
  const { period = 'day' } = Route.useSearch();
  const overview = useQuery({
    ...getOverviewOptions({ query: { period } }),
    placeholderData: keepPreviousData,
  });
  const settings = useQuery(getSettingsOptions());
  return (
    <>
      <PageTitle
        actions={
          <nav aria-label="Period" className="flex rounded-md border border-line bg-panel p-0.5">
            {Object.entries(PERIODS).map(([value, text]) => (
              <Link
                key={value}
                to="/overview"
                search={value === 'day' ? {} : { period: value as Period }}
                activeOptions={{ exact: true, explicitUndefined: true }}
                activeProps={{ className: 'bg-raised' }}
                className="rounded px-3 py-1.5 text-sm font-medium"
              >
                {text}
              </Link>
            ))}
          </nav>
        }
      >
        Overview
      </PageTitle>
      <OpenRules />
      <Unknown />
      {overview.isPending && <Loading />}
      <Failure error={overview.error} />
      {overview.data && overview.data.unreadable > 0 && (
        <div className="mb-4">
          <Failure>
            The stored data of {counted(overview.data.unreadable, 'request')} in this period is
            damaged. {overview.data.unreadable === 1 ? 'It is' : 'They are'} not counted below; the
            history shows what is still readable.
          </Failure>
        </div>
      )}
      {overview.data && (
        <div className="grid gap-4 xl:grid-cols-2">
          <div className="min-w-0 xl:col-span-2">
            <OverTime overview={overview.data} />
          </div>
          <Decided overview={overview.data} />
          <Agents overview={overview.data} />
          <Operations overview={overview.data} />
          {settings.data && <ModelUse llm={settings.data.llm} days={overview.data.model_days} />}
        </div>
      )}
      <Failure error={settings.error} />
    </>
  );
}

function Agents({ overview }: { overview: Overview }) {
  return (
    <Bars
      title="Top agents"
      summary={
        overview.agents.length === 0
          ? 'No requests in this period.'
          : 'Agents with the most requests.'
      }
      of="Agent"
      bars={overview.agents.map(({ id, name, count }) => ({
        key: String(id),
        text: name,
        count,
        name: (
          <Link to="/history" search={{ agent: id }} className="underline">
            <Visible text={name} />
          </Link>
        ),
      }))}
    />
  );
}

function Operations({ overview }: { overview: Overview }) {
  const { services } = useNames();
  const idOf = (service: string) => services.all.find(({ name }) => name === service)?.id;
  return (
    <Bars
      title="Top operations"
      summary={
        overview.operations.length === 0
          ? 'No requests in this period.'
          : 'From the latest 2,000 requests. Undocumented calls are shown by method.'
      }
      of="Operation"
      bars={overview.operations.map(({ service, method, name, count }) => ({
        key: `${service}\n${method}\n${name ?? ''}`,
        text: `${name ?? method} · ${service}`,
        count,
        name: (
          <>
            <Visible text={name ?? method} />{' '}
            <Link to="/history" search={{ service: idOf(service) }} className="text-soft underline">
              <Visible text={service} />
            </Link>
          </>
        ),
      }))}
    />
  );
}
