/** Explains why the user can only read a page, or does not see a part of it. */
import type { ReactNode } from 'react';
import type { Permission } from '#/client';
import { useRefusal } from '#/session/permission';

/** Shows why the user lacks a permission; renders nothing if the user has it. */
export function RoleNote({ needs }: { needs: Permission }) {
  const refusal = useRefusal(needs);
  if (refusal === null) return null;
  return (
    <p role="note" className="mb-4 rounded-md border border-line bg-raised p-3 text-sm">
      {refusal}
    </p>
  );
}

/** Shows its content only to users with a permission, such as a link to a form. */
export function IfPermitted({ needs, children }: { needs: Permission; children: ReactNode }) {
  return useRefusal(needs) === null && children;
}
