/** Definitions of which the stored data is damaged. */
import { Visible } from '#/text/Visible';
import { Badge } from './Badge';
import { Failure } from './Failure';

type Noun = 'agent' | 'document' | 'rule' | 'service';

/** What a definition is called: its name, or what remains if that is lost. */
export function DefinitionName({ noun, id, name }: { noun: Noun; id: number; name: string }) {
  return <Visible text={name === '' ? `${noun} ${id}` : name} />;
}

/** Marks one in a list. */
export function UnreadableBadge() {
  return <Badge tone="bad">cannot be read</Badge>;
}

/** Says what it means and what to do. */
export function UnreadableNote({ noun }: { noun: Noun }) {
  return (
    <Failure>
      The stored data of this {noun} is damaged and cannot be read. The agents of this workspace may
      be refused until it is deleted, or repaired in the database.
    </Failure>
  );
}
