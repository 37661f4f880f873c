/** The actor of an event, always with its kind, so that its name cannot pass for an actor of another kind. */
import { useQuery } from '@tanstack/react-query';
import { Bot, type LucideIcon, ShieldHalf, Terminal, User } from 'lucide-react';
import { meOptions } from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { useNames } from './useNames';

/** Shows an actor of the audit log: `user:1`, `agent:2`, `gateway`, or `operator`. */
export function Actor({ actor, name }: { actor: string; name: string | null }) {
  const [kind = '', id = ''] = actor.split(':');
  if (kind === 'user') return <UserActor id={Number(id)} name={name} />;
  if (kind === 'agent') return <AgentActor id={Number(id)} />;
  // `operator` is the command line on the gateway's machine; the rest is the gateway itself.
  return (
    <Marked icon={kind === 'operator' ? Terminal : ShieldHalf}>
      the <Visible text={kind} />
    </Marked>
  );
}

/** Shows a user. `name` is null if it is unknown, as for a user who is not a member of the workspace. */
export function UserActor({ id, name }: { id: number; name: string | null }) {
  const { data: me } = useQuery(meOptions());
  const shown = id === me?.id ? 'you' : name;
  return (
    <Marked icon={User}>
      {shown === null ? (
        `user ${id}`
      ) : (
        <>
          <Visible text={shown} /> (user {id})
        </>
      )}
    </Marked>
  );
}

/** Shows an agent. */
export function AgentActor({ id }: { id: number }) {
  const { agents } = useNames();
  const name = agents.nameOf(id);
  return (
    <Marked icon={Bot}>
      agent {id}
      {name !== undefined && (
        <>
          {': '}
          <Visible text={name} />
        </>
      )}
    </Marked>
  );
}

function Marked({ icon: Icon, children }: { icon: LucideIcon; children: React.ReactNode }) {
  return (
    <span>
      <Icon aria-hidden className="mr-1 inline size-4 align-[-0.2em] text-soft" />
      {children}
    </span>
  );
}
