/** The gateway's environment settings. They are read at startup, so they are read-only here. */
import type { Settings } from '#/client';
import { duration } from '#/text/time';
import { Fact } from '#/ui/Fact';
import { Panel } from '#/ui/Panel';

const REGISTRATIONS: Record<Settings['registration'], string> = {
  first: 'First user only',
  open: 'Open to anyone',
  closed: 'Closed',
};

/** Shows the settings, each with its environment variable. */
export function Configured({ settings }: { settings: Settings }) {
  const groups: ReadonlyArray<readonly [string, ReadonlyArray<readonly [string, string, string]>]> =
    [
      [
        'Approvals',
        [
          ['Risk threshold', settings.risk_threshold.toFixed(2), 'RISK_THRESHOLD'],
          [
            'Pending request expires after',
            duration(settings.pending_ttl_ms),
            'APPROVAL_PENDING_TTL_HOURS',
          ],
          [
            'Approval expires after',
            duration(settings.execute_ttl_ms),
            'APPROVAL_EXECUTE_TTL_HOURS',
          ],
          [
            'Max pending requests per agent',
            number(settings.pending_per_agent_max),
            'MAX_PENDING_PER_AGENT',
          ],
        ],
      ],
      [
        'Retention',
        [
          ['Idempotency keys', duration(settings.idempotency_ttl_ms), 'IDEMPOTENCY_TTL_HOURS'],
          ['Requests', duration(settings.ledger_retention_ms), 'LEDGER_RETENTION_DAYS'],
          ['Responses', duration(settings.result_retention_ms), 'RESULT_RETENTION_DAYS'],
          [
            'Max stored response',
            bytes(settings.stored_answer_bytes_max),
            'MAX_STORED_ANSWER_BYTES',
          ],
          ['Database', settings.database === 'sqlite' ? 'SQLite' : 'PostgreSQL', 'DATABASE_URL'],
        ],
      ],
      [
        'Services',
        [
          [
            'Connect timeout',
            duration(settings.upstream_connect_timeout_ms),
            'UPSTREAM_CONNECT_TIMEOUT_MS',
          ],
          ['Response timeout', duration(settings.upstream_timeout_ms), 'UPSTREAM_TIMEOUT_MS'],
          ['Idle timeout', duration(settings.upstream_idle_timeout_ms), 'UPSTREAM_IDLE_TIMEOUT_MS'],
          ['Max request body', bytes(settings.request_body_bytes_max), 'MAX_REQUEST_BODY_BYTES'],
        ],
      ],
      [
        'Accounts',
        [
          ['Registration', REGISTRATIONS[settings.registration], 'REGISTRATION'],
          ['Access token lifetime', duration(settings.access_token_ttl_ms), 'JWT_ACCESS_EXPIRY'],
          ['Session idle timeout', duration(settings.session_ttl_ms), 'JWT_REFRESH_EXPIRY'],
        ],
      ],
    ];
  return (
    <Panel title="Server configuration">
      <p className="mb-4 text-sm text-soft">Environment variables, read at startup.</p>
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
