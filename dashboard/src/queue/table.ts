/** Similar requests as a table, and whether it shows all of a request. */
import { hasPlainHeaders, pointerOf } from '#/action/card';
import { isTruncated, TARGET_CHARACTERS_MAX } from '#/action/friction';
import { bodyValues } from '#/action/requestValues';
import type { Action } from '#/client';
import { hasHidden } from '#/text/visible';

/** A longer value does not fit into a cell. */
const CELL_CHARACTERS_MAX = 300;

/** A value in a cell, or in the line of common values. */
export interface Cell {
  name: string;
  value: string;
}

/** Requests side by side. */
export interface Table {
  /** The names of the values that differ. */
  columns: string[];
  /** The values that all rows have in common. */
  common: Cell[];
  rows: Row[];
}

/** A request. */
export interface Row {
  action: Action;
  /** The value of each column; undefined if the request lacks it. */
  cells: Array<string | undefined>;
  /** Whether the table shows everything that would be sent. */
  isComplete: boolean;
  /** Whether its approval needs a passkey, which is used for one request at a time. */
  needsPasskey: boolean;
}

/** Returns the table of some requests. */
export function tableOf(actions: readonly Action[]): Table {
  const values = actions.map(
    (action) => new Map(cellsOf(action).map(({ name, value }) => [name, value])),
  );
  const names = [...new Set(values.flatMap((row) => [...row.keys()]))];
  const first = values[0];
  const isCommon = (name: string) => {
    const value = first?.get(name);
    return (
      actions.length > 1 && value !== undefined && values.every((row) => row.get(name) === value)
    );
  };
  const columns = names.filter((name) => !isCommon(name));
  return {
    columns,
    common: names.filter(isCommon).map((name) => ({ name, value: first?.get(name) ?? '' })),
    rows: actions.map((action, at) => ({
      action,
      cells: columns.map((name) => values[at]?.get(name)),
      isComplete: isComplete(action),
      needsPasskey: action.approvals.step_up === 'passkey',
    })),
  };
}

/** Returns the values of a body. An amount is followed by the way people write it. */
function cellsOf(action: Action): Cell[] {
  const amounts = new Map(
    action.summary?.facts
      .filter(({ kind, is_cut }) => kind === 'amount' && !is_cut)
      .map((fact) => [pointerOf(fact), fact.value]),
  );
  return bodyValues(action).map(({ pointer, value }) => {
    const amount = amounts.get(pointer);
    return {
      name: pointer.slice(1).replaceAll('/', '.'),
      value: amount === undefined || amount === value ? value : `${value} (${amount})`,
    };
  });
}

function isComplete(action: Action): boolean {
  const { request_body: body, body_encoding: encoding, target_url: target } = action;
  if (isTruncated(action) || action.unreadable || encoding !== 'utf8') return false;
  if (target.length > TARGET_CHARACTERS_MAX || !hasPlainHeaders(action)) return false;
  if (hasHidden(target) || hasHidden(body)) return false;
  if (body === '') return true;
  const leaves = bodyValues(action);
  const names = new Set(leaves.map(({ pointer }) => pointer.slice(1).replaceAll('/', '.')));
  return (
    leaves.length > 0 &&
    // Two values of one name would share a cell.
    names.size === leaves.length &&
    leaves.every(({ value }) => value !== '' && value.length <= CELL_CHARACTERS_MAX) &&
    hasNoEmptyPart(body)
  );
}

/** Returns whether a body is nothing but its scalars: an empty object or list is in no cell. */
function hasNoEmptyPart(body: string): boolean {
  const isFull = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return true;
    const members = Object.values(value);
    return members.length > 0 && members.every(isFull);
  };
  try {
    return isFull(JSON.parse(body));
  } catch {
    // A form has only scalars.
    return true;
  }
}
