/** The names behind ids. What was removed has none any more. */
import { useQuery } from '@tanstack/react-query';
import { listAgentsOptions, listServicesOptions } from '#/client/@tanstack/react-query.gen';

/** A choice for each, and the name of one. */
export interface Names {
  all: ReadonlyArray<{ id: number; name: string }>;
  of: (id: number) => string;
  /** The name itself; undefined where it is not known. */
  nameOf: (id: number) => string | undefined;
}

function names(kind: string, all: Array<{ id: number; name: string }> | undefined): Names {
  const byId = new Map(all?.map(({ id, name }) => [id, name]));
  return {
    all: all ?? [],
    of: (id) => byId.get(id) ?? `${kind} ${id}`,
    nameOf: (id) => byId.get(id),
  };
}

/** Agents and services by their ids. */
export function useNames(): { agents: Names; services: Names } {
  const agents = useQuery(listAgentsOptions());
  const services = useQuery(listServicesOptions());
  return { agents: names('agent', agents.data), services: names('service', services.data) };
}
