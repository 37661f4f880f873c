/** The texts of notifications. */
import { EFFECTS, isEffect } from '#/action/effect';
import { headline } from '#/action/headline';
import type { Action, Service } from '#/client';
import { counted } from '#/text/count';
import { fold } from '#/text/fold';
import { visibleText } from '#/text/visible';

/** A notification. */
export interface Notice {
  title: string;
  body: string;
  /** Every tab notifies; the browser merges notifications with the same tag. */
  tag: string;
  /** The request to open; the queue if there is none. */
  actionId?: string;
}

const TITLE_CHARACTERS_MAX = 120;

/** How many agents a notification of several requests names. */
const AGENTS_MAX = 3;

/** Returns the notification of a request that is held, or whose outcome is unknown. */
export function noticeOf(action: Action): Notice {
  const { action_id: actionId, agent_name, service_name, status } = action;
  const effect = action.summary?.effect ?? '';
  const effectWord = isEffect(effect) ? `${EFFECTS[effect].word} · ` : '';
  const isUnknown = status === 'INDETERMINATE';
  return {
    title: visibleText(beginning(`${isUnknown ? 'Outcome unknown: ' : ''}${headline(action)}`)),
    body: visibleText(`${effectWord}${agent_name} → ${service_name}`),
    tag: `${actionId} ${isUnknown ? 'unknown' : 'held'}`,
    actionId,
  };
}

/** Returns the notification of a service for which no access token can be fetched. */
export function failingNotice(service: Service): Notice {
  return {
    title: visibleText(beginning(`No access token for ${service.name}`)),
    body: 'Agents’ requests to this service fail until its credential works again.',
    tag: `credential ${service.id}`,
  };
}

/** Returns the notification of several held requests. */
export function groupNotice(ids: readonly string[], actions: readonly Action[]): Notice {
  const agents = [...new Set(actions.map(({ agent_name }) => agent_name))];
  const named = agents.slice(0, AGENTS_MAX).join(', ');
  return {
    title: `${counted(ids.length, 'request')} ${ids.length === 1 ? 'needs' : 'need'} approval`,
    body: visibleText(
      agents.length > 0 ? `From ${named}${agents.length > AGENTS_MAX ? '…' : ''}` : '',
    ),
    tag: `group ${ids[0]}`,
  };
}

function beginning(text: string): string {
  const { shown, hiddenCharacters } = fold(text, Number.POSITIVE_INFINITY, TITLE_CHARACTERS_MAX);
  return hiddenCharacters > 0 ? `${shown}…` : shown;
}
