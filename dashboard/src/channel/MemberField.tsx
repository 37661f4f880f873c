/** The member whom a channel notifies. */
import { useQuery } from '@tanstack/react-query';
import { listMembers, type Member } from '#/client';
import { Failure } from '#/ui/Failure';
import { SelectField } from '#/ui/SelectField';

/** The most members of a page. */
const PAGE = 200;

/** Offers the members who may decide on held requests. */
export function MemberField({
  value,
  error,
  onChange,
}: {
  value: string;
  error: string | undefined;
  onChange: (event: { target: { value: string } }) => void;
}) {
  const members = useQuery({ queryKey: ['members', 'deciding'], queryFn: deciding });
  const options = (members.data ?? []).map(({ userId: id, email }) => [String(id), email] as const);
  const isKnown = value === '' || options.some(([id]) => id === value);
  return (
    <>
      <SelectField
        label="Member"
        required
        hint="Gets messages about requests that this member may decide on, by email and in browsers with push notifications."
        options={[
          ['', 'Choose a member'],
          ...options,
          ...(isKnown ? [] : [[value, `User ${value}`] as const]),
        ]}
        {...{ value, error, onChange }}
      />
      <Failure error={members.error} />
    </>
  );
}

async function deciding(): Promise<Member[]> {
  const found: Member[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } =
      cursor === null ? { limit: PAGE } : { limit: PAGE, cursor };
    const { data } = await listMembers({ query, throwOnError: true });
    found.push(...data.items.filter(({ role }) => role === 'owner' || role === 'approver'));
    cursor = data.next_cursor;
  } while (cursor !== null);
  return found;
}
