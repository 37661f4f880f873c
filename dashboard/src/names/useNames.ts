/** The names of agents and services. Deleted ones have no name. */
import { useQuery } from '@tanstack/react-query';
import { listAgentsOptions, listServicesOptions } from '#/client/@tanstack/react-query.gen';

/** The names of one kind. */
export interface Names {
  all: ReadonlyArray<{ id: number; name: string }>;
  /** Returns the name, or the kind and id if it is unknown. */
  of: (id: number) => string;
  /** Returns the name; undefined if it is unknown. */
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

/** Returns the names of agents and services by id. */
export function useNames(): { agents: Names; services: Names } {
  const agents = useQuery(listAgentsOptions());
  const services = useQuery(listServicesOptions());
  return { agents: names('agent', agents.data), services: names('service', services.data) };
}
