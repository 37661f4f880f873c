/** Definitions whose stored data is damaged. */
import { Visible } from '#/text/Visible';
import { Badge } from './Badge';
import { Failure } from './Failure';

type Noun = 'agent' | 'channel' | 'document' | 'rule' | 'service';

/** Shows a definition's name, or its kind and id if the name is lost. */
export function DefinitionName({ noun, id, name }: { noun: Noun; id: number; name: string }) {
  return <Visible text={name === '' ? `${noun} ${id}` : name} />;
}

/** Marks a damaged definition in a list. */
export function UnreadableBadge() {
  return <Badge tone="bad">Unreadable</Badge>;
}

/** Explains the damage and what to do. */
export function UnreadableNote({ noun }: { noun: Noun }) {
  return (
    <Failure>
      The stored data of this {noun} is damaged and cannot be read. Requests in this workspace may
      be refused until you delete it or repair it in the database.
    </Failure>
  );
}
