/** Buttons, and links that look like them. */
import { LoaderCircle } from 'lucide-react';
import type { ComponentProps } from 'react';
import type { Permission } from '#/client';
import { useRefusal } from '#/session/permission';

type Tone = 'plain' | 'main' | 'bad' | 'quiet';

const BUTTON_TONES: Record<Tone, string> = {
  plain: 'border-line bg-panel hover:bg-raised',
  main: 'border-brand bg-brand text-brand-ink hover:brightness-95',
  bad: 'border-bad-fill bg-bad-fill text-white hover:brightness-95',
  quiet: 'border-transparent hover:bg-raised',
};

const BUTTON_SHAPE =
  'inline-flex min-h-10 items-center justify-center gap-2 rounded-md border px-3 py-1.5 text-sm font-medium';

/** The classes of a link that looks like a button. */
export const BUTTON = `${BUTTON_SHAPE} ${BUTTON_TONES.plain}`;

/** The classes of a link that looks like the main button. */
export const MAIN_BUTTON = `${BUTTON_SHAPE} ${BUTTON_TONES.main}`;

type ButtonProps = ComponentProps<'button'> & {
  tone?: Tone;
  isBusy?: boolean;
  /** The permission that pressing it requires. */
  needs?: Permission;
};

/**
 * A button. It cannot be pressed while `isBusy`, and is disabled if the user lacks the permission that it `needs`; its
 * tooltip then says why.
 */
export function Button({ needs, ...rest }: ButtonProps) {
  return needs ? <Guarded needs={needs} {...rest} /> : <Plain {...rest} />;
}

function Guarded({ needs, ...rest }: ButtonProps & { needs: Permission }) {
  const refusal = useRefusal(needs);
  return refusal === null ? <Plain {...rest} /> : <Plain {...rest} disabled title={refusal} />;
}

/** Keeps a busy button from being pressed, also by Enter in a form. */
const BUSY = {
  'aria-disabled': true,
  onClick: (event: { preventDefault: () => void }) => event.preventDefault(),
};

function Plain({
  tone = 'plain',
  isBusy = false,
  className = '',
  children,
  ...rest
}: Omit<ButtonProps, 'needs'>) {
  return (
    <button
      type="button"
      {...rest}
      // A disabled element loses the focus, and a busy one is enabled again.
      {...(isBusy && !rest.disabled && BUSY)}
      className={`${BUTTON_SHAPE} disabled:cursor-not-allowed disabled:opacity-60 aria-disabled:cursor-not-allowed aria-disabled:opacity-60 ${BUTTON_TONES[tone]} ${className}`}
    >
      {isBusy && <LoaderCircle aria-hidden className="size-4 animate-spin" />}
      {children}
    </button>
  );
}
