/** The permissions of the signed-in user. The gateway checks them; the dashboard only explains them. */
import { useQuery } from '@tanstack/react-query';
import type { Permission, Role } from '#/client';
import { meOptions } from '#/client/@tanstack/react-query.gen';

/** The roles that have each permission, and what it allows, as parts of a sentence. */
const RULES: Readonly<Record<Permission, readonly [roles: string, phrase: string]>> = {
  account: ['Members', 'use their account'],
  read: ['Members', 'read this'],
  decide: ['Owners and approvers', 'decide on requests'],
  stop: ['Owners, operators, and approvers', 'stop agents'],
  define: ['Owners and operators', 'change this'],
  manage: ['Owners', 'manage members'],
};

/** The roles, with what they may do. */
export const ROLES: Readonly<Record<Role, readonly [name: string, meaning: string]>> = {
  owner: ['Owner', 'Has every permission, and manages members.'],
  operator: [
    'Operator',
    'Changes services, agents, and rules, and stops agents. Cannot approve or deny requests.',
  ],
  approver: ['Approver', 'Approves and denies requests, and stops agents. Changes nothing else.'],
  viewer: ['Viewer', 'Reads everything and changes nothing.'],
};

/** Returns why a role lacks a permission; null if it has it. */
export function refusal(
  permission: Permission,
  me: { role: Role; permissions: readonly Permission[] },
): string | null {
  if (me.permissions.includes(permission)) return null;
  const [roles, phrase] = RULES[permission];
  return `Only ${roles.charAt(0).toLowerCase()}${roles.slice(1)} can ${phrase}. Your role: ${ROLES[me.role][0].toLowerCase()}.`;
}

/**
 * Returns why the signed-in user lacks a permission; null if the user has it, and while that is not known
 * yet.
 */
export function useRefusal(permission: Permission | undefined): string | null {
  const { data: me } = useQuery({ ...meOptions(), enabled: permission !== undefined });
  return me && permission ? refusal(permission, me) : null;
}
