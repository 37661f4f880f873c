/** What the operator set in the gateway's environment. It is read at the start, so it is only shown. */
import type { Settings } from '#/client';
import { duration } from '#/text/time';
import { Fact } from '#/ui/Fact';
import { Panel } from '#/ui/Panel';

const REGISTRATIONS: Record<Settings['registration'], string> = {
  first: 'only the first user',
  open: 'open to anyone',
  closed: 'closed',
};

/** The thresholds and lifetimes, each with its variable. */
export function Configured({ settings }: { settings: Settings }) {
  const groups: ReadonlyArray<readonly [string, ReadonlyArray<readonly [string, string, string]>]> =
    [
      [
        'Holding',
        [
          ['Held from a score of', settings.risk_threshold.toFixed(2), 'RISK_THRESHOLD'],
          ['Waits for', duration(settings.pending_ttl_ms), 'APPROVAL_PENDING_TTL_HOURS'],
          ['Approval good for', duration(settings.execute_ttl_ms), 'APPROVAL_EXECUTE_TTL_HOURS'],
          ['Waiting per agent', number(settings.pending_per_agent_max), 'MAX_PENDING_PER_AGENT'],
        ],
      ],
      [
        'Keeping',
        [
          ['Idempotency keys', duration(settings.idempotency_ttl_ms), 'IDEMPOTENCY_TTL_HOURS'],
          ['Decisions', duration(settings.ledger_retention_ms), 'LEDGER_RETENTION_DAYS'],
          ['Answers', duration(settings.result_retention_ms), 'RESULT_RETENTION_DAYS'],
          ['Answers up to', bytes(settings.stored_answer_bytes_max), 'MAX_STORED_ANSWER_BYTES'],
          ['Database', settings.database === 'sqlite' ? 'SQLite' : 'PostgreSQL', 'DATABASE_URL'],
        ],
      ],
      [
        'Services',
        [
          [
            'Connect within',
            duration(settings.upstream_connect_timeout_ms),
            'UPSTREAM_CONNECT_TIMEOUT_MS',
          ],
          ['First byte within', duration(settings.upstream_timeout_ms), 'UPSTREAM_TIMEOUT_MS'],
          [
            'Longest pause',
            duration(settings.upstream_idle_timeout_ms),
            'UPSTREAM_IDLE_TIMEOUT_MS',
          ],
          ['Requests up to', bytes(settings.request_body_bytes_max), 'MAX_REQUEST_BODY_BYTES'],
        ],
      ],
      [
        'People',
        [
          ['Registration', REGISTRATIONS[settings.registration], 'REGISTRATION'],
          ['Access token', duration(settings.access_token_ttl_ms), 'JWT_ACCESS_EXPIRY'],
          ['Unused session', duration(settings.session_ttl_ms), 'JWT_REFRESH_EXPIRY'],
        ],
      ],
    ];
  return (
    <Panel title="As configured">
      <p className="mb-4 text-sm text-soft">
        Set in the gateway's environment and read when it starts.
      </p>
      <div className="grid gap-5 md:grid-cols-2">
        {groups.map(([title, facts]) => (
          <div key={title} className="min-w-0">
            <h3 className="mb-1 text-sm font-semibold">{title}</h3>
            <dl className="space-y-1.5">
              {facts.map(([name, value, variable]) => (
                <Fact key={variable} name={name}>
                  {value}
                  <code className="block text-xs break-all text-soft">{variable}</code>
                </Fact>
              ))}
            </dl>
          </div>
        ))}
      </div>
    </Panel>
  );
}

function number(value: number): string {
  return value.toLocaleString('en');
}

function bytes(value: number): string {
  if (value >= 1_048_576) return `${number(Math.round((value / 1_048_576) * 10) / 10)} MiB`;
  if (value >= 1024) return `${number(Math.round((value / 1024) * 10) / 10)} KiB`;
  return `${number(value)} bytes`;
}
