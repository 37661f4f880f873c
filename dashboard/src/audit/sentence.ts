/** The sentences of the audit log: what its actor did, by event. */

/** A part of a sentence: words, or the place of an object. */
export type Part = string | { object: 'subject' | 'service' };

/** The words after the actor. `{subject}` is what it happened to, `{service}` a service in the detail. */
const SENTENCES: Readonly<Record<string, string>> = {
  'action.approved': 'approved {subject}',
  'action.created': 'requested approval for {subject}',
  'action.denied': 'denied {subject}',
  'action.executed': 'executed {subject}',
  'action.executing': 'started to execute {subject}',
  'action.execution_given_back':
    'disconnected before the execution of {subject}, which stays approved',
  'action.expired': 'let {subject} expire',
  'action.glass_broken': 'approved {subject} alone, without the approvals that it required',
  'action.indeterminate':
    'lost the connection while executing {subject}, so its outcome is unknown',
  'action.recalled': 'revoked {subject} while it was being executed',
  'action.repeated': 'repeated {subject} with another intent',
  'action.resolved': 'recorded the outcome of {subject}',
  'action.returned': 'could not send {subject}, which stays approved',
  'action.revoked': 'revoked {subject}',
  'action.vote_withdrawn': 'withdrew their approval of {subject}',
  'action.voted': 'gave one of the approvals of {subject}',
  'agent.blocked': 'blocked {subject}',
  'agent.created': 'created {subject}',
  'agent.deleted': 'deleted {subject}',
  'agent.key_rotated': 'rotated the key of {subject}',
  'agent.scope_changed': 'changed the services of {subject}',
  'agent.unblocked': 'unblocked {subject}',
  'agent.updated': 'changed {subject}',
  'audit.chain_opened': 'started a new chain of the audit log',
  'audit.key_created': 'created the key that signs checkpoints of the audit log',
  'certificate_authority.created': 'created the certificate authority of the proxy port',
  'certificate_authority.rotated': 'rotated the certificate authority of the proxy port',
  'channel.created': 'created {subject}',
  'channel.deleted': 'deleted {subject}',
  'channel.disabled': 'disabled {subject}, whose receiver responded with 410 Gone',
  'channel.updated': 'changed {subject}',
  'credential.failing': 'could not fetch an OAuth 2.0 access token for {subject}',
  'credential.refreshed': 'renewed the OAuth 2.0 access token of {subject}',
  'credential.replaced': 'replaced the credential of {subject}',
  'credential.requested': 'started to authorize the gateway at the provider of {subject}',
  'data_key.created': 'created a data key',
  'data_key.rewrapped': 'rewrapped a data key with the new master key',
  'document.created': 'added a document to {service}',
  'document.deleted': 'deleted a document of {service}',
  'document.refreshed': 'refreshed a document of {service}',
  'invitation.revoked': 'revoked an invitation',
  'kill_switch.changed': 'changed the kill switch',
  'llm.failing': 'got no response from the language model several times in a row',
  'llm.recovered': 'got a response from the language model again',
  'master_key.created': 'created the master key',
  'master_key.link_cut': 'removed the link from an old master key',
  'master_key.rotated': 'rotated the encryption secret',
  'master_key.secret_kept': 'confirmed that the new encryption secret is saved',
  'member.changed': 'changed the role or the limits of {subject}',
  'member.invited': 'invited a person to the workspace',
  'member.joined': 'joined the workspace',
  'member.removed': 'removed {subject} from the workspace',
  'proxy.refused': 'was refused at the proxy port',
  'push_device.added': 'turned on push notifications in a browser',
  'push_device.removed': 'turned off push notifications in a browser',
  'push_key.created': 'created the key for push services',
  'request.broken': 'did not record the outcome of {subject}, which was interrupted',
  'request.denied': 'tried to send {subject}, which a rule denied',
  'request.ended': 'recorded the outcome of {subject}',
  'request.forwarded': 'sent {subject} without approval',
  'requests.ended': 'recorded the outcomes of several requests',
  'retention.answers_dropped': 'deleted stored responses because of their age',
  'retention.bodies_dropped': 'truncated stored bodies to stay within the storage limit',
  'retention.claims_deleted': 'deleted idempotency keys because of their age',
  'retention.data_keys_deleted': 'deleted unused data keys',
  'retention.replicas_deleted': 'deleted records of stopped replicas',
  'retention.requests_deleted': 'deleted ledger entries because of their age',
  'retention.rule_hits_deleted': 'deleted old match counts of rules',
  'retention.sessions_deleted': 'deleted ended sessions',
  'rule.created': 'created {subject}',
  'rule.deleted': 'deleted {subject}',
  'rule.updated': 'changed {subject}',
  'service.created': 'created {subject}',
  'service.deleted': 'deleted {subject}',
  'service.test_called': 'sent a test call to {subject}',
  'service.updated': 'changed {subject}',
  'session.created': 'signed in',
  'session.refreshed': 'renewed a session',
  'session.revoked': 'ended a session',
  'session.token_reused': 'was signed out of a session because its refresh token was used again',
  'session.workspace_changed': 'switched a session to this workspace',
  'tunnel.closed': 'closed a tunnel to a host of no service',
  'tunnel.opened': 'opened a tunnel to a host of no service',
  'user.created': 'created {subject}',
  'user.factors_reset': 'removed everything but the password with which {subject} could sign in',
  'user.federated_created': 'signed in with single sign-on for the first time',
  'user.federated_linked': 'connected the account to single sign-on',
  'user.federated_role': 'signed in with single sign-on and got another role',
  'user.chat_linked': 'linked a chat account',
  'user.chat_unlinked': 'unlinked a chat account',
  'user.passkey_added': 'added a passkey',
  'user.passkey_removed': 'removed a passkey',
  'user.password_changed': 'changed their password, which ended their other sessions',
  'user.password_reset': 'reset the password of {subject}',
  'user.recovery_codes_replaced': 'replaced the recovery codes',
  'user.registered': 'registered',
  'user.totp_enabled': 'set up one-time codes',
  'user.totp_removed': 'removed the one-time codes',
  'user.totp_requested': 'began to set up one-time codes',
};

/** The groups of events that can be filtered by. */
export const GROUPS = {
  decisions: [
    'Decisions',
    /^action\.(approved|denied|glass_broken|revoked|resolved|vote_withdrawn|voted)$/,
  ],
  requests: [
    'Requests',
    /^(action\.(?!(approved|denied|glass_broken|revoked|resolved|vote_withdrawn|voted)$)|requests?\.|tunnel\.|proxy\.)/,
  ],
  agents: ['Agents', /^agent\./],
  rules: ['Rules', /^rule\./],
  services: ['Services', /^(service|credential|document)\./],
  channels: ['Channels', /^(channel|push_device)\./],
  'kill-switch': ['Kill switch', /^kill_switch\./],
  accounts: ['Sign-ins and accounts', /^(session|user|member|invitation)\./],
  system: ['System', /^(audit|certificate_authority|data_key|llm|master_key|push_key|retention)\./],
} as const satisfies Record<string, readonly [string, RegExp]>;

/** A group of events. */
export type Group = keyof typeof GROUPS;

/** Returns the names of a group's events. */
export function eventsOf(group: Group): string[] {
  return Object.keys(SENTENCES).filter((event) => GROUPS[group][1].test(event));
}

/** Returns what the actor of an event did; its name if it is unknown. */
export function sentenceOf(event: string, detail: Readonly<Record<string, unknown>>): Part[] {
  if (event === 'kill_switch.changed' && typeof detail.active === 'boolean') {
    return [detail.active ? 'stopped all agents' : 'resumed all agents'];
  }
  if (event.startsWith('tunnel.') && typeof detail.host === 'string') {
    const verb = event === 'tunnel.opened' ? 'opened' : 'closed';
    return [`${verb} a tunnel to ${detail.host}:${detail.port}`];
  }
  if (event === 'proxy.refused' && typeof detail.host === 'string') {
    return [`was refused at the proxy port: ${detail.host}:${detail.port}`];
  }
  if (event === 'request.forwarded' && Array.isArray(detail.request_ids)) {
    return [`sent ${detail.request_ids.length} requests without approval`];
  }
  const sentence = Object.hasOwn(SENTENCES, event) ? SENTENCES[event] : undefined;
  if (sentence === undefined) return [event, ' ', { object: 'subject' }];
  return sentence
    .split(/(\{subject\}|\{service\})/)
    .filter((part) => part !== '')
    .map((part) =>
      part.startsWith('{') ? { object: part.slice(1, -1) as 'subject' | 'service' } : part,
    );
}
