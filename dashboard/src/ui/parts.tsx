/** The small parts that all pages are made of. */
import { AlertTriangle, LoaderCircle } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import { useId } from 'react';
import { messageOf } from '#/session/client';

type Tone = 'plain' | 'main' | 'bad' | 'quiet';

const BUTTON_TONES: Record<Tone, string> = {
  plain: 'border-line bg-panel hover:bg-raised',
  main: 'border-brand bg-brand text-brand-ink hover:opacity-90',
  bad: 'border-bad-fill bg-bad-fill text-white hover:opacity-90',
  quiet: 'border-transparent hover:bg-raised',
};

const BUTTON_SHAPE =
  'inline-flex min-h-10 items-center justify-center gap-2 rounded-md border px-3 py-1.5 text-sm font-medium';

/** How a link looks that stands among buttons. */
export const BUTTON = `${BUTTON_SHAPE} ${BUTTON_TONES.plain}`;

/** How a link looks that leads to what the page is for. */
export const MAIN_BUTTON = `${BUTTON_SHAPE} ${BUTTON_TONES.main}`;

/** A button. While `isBusy` it cannot be pressed again. */
export function Button({
  tone = 'plain',
  isBusy = false,
  className = '',
  children,
  ...rest
}: ComponentProps<'button'> & { tone?: Tone; isBusy?: boolean }) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || isBusy}
      className={`${BUTTON_SHAPE} disabled:cursor-not-allowed disabled:opacity-60 aria-disabled:cursor-not-allowed aria-disabled:opacity-60 ${BUTTON_TONES[tone]} ${className}`}
    >
      {isBusy && <LoaderCircle aria-hidden className="size-4 animate-spin" />}
      {children}
    </button>
  );
}

/** How every text field looks. */
export const FIELD =
  'w-full min-h-10 rounded-md border border-line bg-page px-3 py-1.5 text-base text-ink placeholder:text-soft sm:text-sm';

/** A labeled field; what is inside gets its id, and the ids of what describes it. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  children: (id: string, describedBy: string | undefined) => ReactNode;
}) {
  const id = useId();
  const hintId = hint ? `${id}-hint` : undefined;
  const errorId = error ? `${id}-error` : undefined;
  const describedBy = [errorId, hintId].filter(Boolean).join(' ') || undefined;
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block text-sm font-medium">
        {label}
      </label>
      {children(id, describedBy)}
      {error && (
        <p id={errorId} role="alert" className="text-sm break-words text-bad">
          {error}
        </p>
      )}
      {hint && (
        <p id={hintId} className="text-sm text-soft">
          {hint}
        </p>
      )}
    </div>
  );
}

/** A labeled line of text. */
export function TextField({
  label,
  hint,
  error,
  ...rest
}: ComponentProps<'input'> & {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(id, describedBy) => (
        <input
          id={id}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
          autoComplete="off"
          {...rest}
          className={`${FIELD} ${rest.className ?? ''}`}
        />
      )}
    </Field>
  );
}

/** A labeled choice of one. */
export function Choice({
  label,
  hint,
  error,
  options,
  ...rest
}: ComponentProps<'select'> & {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  options: ReadonlyArray<readonly [value: string, text: string]>;
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(id, describedBy) => (
        <select
          id={id}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
          {...rest}
          className={FIELD}
        >
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A panel with an optional heading. */
export function Panel({
  title,
  actions,
  children,
}: {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="min-w-0 rounded-lg border border-line bg-panel p-4">
      {title && (
        <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
          <h2 className="text-base font-semibold">{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

/** A page's heading. */
export function PageTitle({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  return (
    <div className="mb-4 flex flex-wrap items-center justify-between gap-2">
      <h1 className="text-xl font-semibold">{children}</h1>
      {actions}
    </div>
  );
}

const BADGE_TONES = {
  soft: 'border-line text-soft',
  good: 'border-good text-good',
  warn: 'border-warn text-warn',
  bad: 'border-bad text-bad',
};

/** A word or two about how something stands. */
export function Badge({
  tone = 'soft',
  children,
}: {
  tone?: keyof typeof BADGE_TONES;
  children: ReactNode;
}) {
  return (
    <span
      className={`inline-block rounded-full border px-2 font-sans text-xs leading-5 font-medium whitespace-nowrap ${BADGE_TONES[tone]}`}
    >
      {children}
    </span>
  );
}

/** Says loudly that something failed. */
export function Failure({ error, children }: { error?: unknown; children?: ReactNode }) {
  if (!error && !children) return null;
  return (
    <div
      role="alert"
      className="flex gap-2 rounded-md border border-bad bg-panel p-3 text-sm text-bad"
    >
      <AlertTriangle aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 break-words">{children ?? messageOf(error)}</div>
    </div>
  );
}

/** What stands where something is still being fetched. */
export function Loading() {
  return (
    <p role="status" className="flex items-center gap-2 p-4 text-soft">
      <LoaderCircle aria-hidden className="size-4 animate-spin" /> Loading…
    </p>
  );
}

/** A name and what it is. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-3 sm:grid-cols-[9rem_1fr]">
      <dt className="text-sm text-soft">{name}</dt>
      <dd className="min-w-0 text-sm break-words">{children}</dd>
    </div>
  );
}
