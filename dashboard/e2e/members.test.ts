/** A person is invited and joins; each role sees what it may do, and why not more. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT } from './gateway';
import { approve, Stage } from './page';

const PASSWORD = 'another horse battery';

let stage: Stage;
let page: Page;
let service: number;
let agent: { id: number; key: string };

beforeAll(async () => {
  stage = await Stage.start();
  page = stage.page;
  await stage.signIn();
  service = await stage.service('things');
  agent = await stage.agent('assistant', [service]);
});

afterAll(() => stage?.stop());

let people = 0;

/** Returns an address that nobody has, so that a test that is retried invites a person who is not there yet. */
const address = (name: string) => `${name}-${++people}@example.com`;

/** Invites a person on the page of members and returns the link. */
async function invite(email: string, role: string, more: () => Promise<void> = async () => {}) {
  await stage.open('/members');
  await page.getByRole('button', { name: 'Invite person' }).click();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Role', { exact: true }).selectOption({ label: role });
  await more();
  await page.getByRole('button', { name: 'Create invitation' }).click();
  const link = await page.getByTestId('invitation-link').textContent();
  await page.getByRole('button', { name: 'Done' }).click();
  return link ?? '';
}

/** Opens a browser of the person who has the link, and joins with a new account. */
async function join(link: string): Promise<Page> {
  const other = await stage.another({ viewport: { width: 1280, height: 800 } });
  await other.goto(link);
  await other.getByLabel('Choose a password').fill(PASSWORD);
  await other.getByRole('button', { name: 'Create account and join' }).click();
  await other.getByRole('heading', { name: 'Queue' }).waitFor();
  return other;
}

const card = (on: Page, action: string) => on.locator(`[data-action="${action}"]`);

test('an invited approver joins by the link and decides within the limits', async () => {
  const email = address('ann');
  const link = await invite(email, 'Approver', async () => {
    await page.getByLabel('Only some effects').check();
    const create = page.getByRole('button', { name: 'Create invitation' });
    expect(await create.isDisabled()).toBe(true);
    await page.getByRole('group', { name: 'Effects' }).getByLabel('Deletes').check();
  });
  await page.getByRole('list', { name: 'Open invitations' }).getByText(email).waitFor();
  const ann = await join(link);
  expect(ann.url()).not.toContain('token');
  await page.getByRole('list', { name: 'Members' }).getByText(email).waitFor();
  await page.getByText('Nobody is invited at the moment.').waitFor();

  const inside = await stage.hold(agent.key, service, '/things/1');
  await card(ann, inside).click();
  await approve(ann);
  await expect.poll(() => stage.decided(inside)).toBe('APPROVED');

  const rule = { name: 'Ask', effect: 'require_approval', condition: 'request.method == "POST"' };
  expect((await stage.call('POST', '/rules', rule)).status).toBe(201);
  const body = { service_id: service, method: 'POST', path: '/things', intent: 'Create a thing' };
  await stage.ask(agent.key, body);
  await ann.getByText('You cannot decide on this request').waitFor();
  expect(await ann.getByRole('button', { name: 'Deny…' }).count()).toBe(0);
  // The keys decide nothing either.
  await ann.keyboard.press('a');
  await ann.keyboard.press('d');
  expect(await ann.getByRole('button', { name: 'Deny request' }).count()).toBe(0);

  // The link works once.
  const late = await stage.another();
  await late.goto(link);
  await late.getByRole('alert').getByText('The invitation is not valid').waitFor();
});

test('a viewer sees everything and no button that changes something', async () => {
  const email = address('vic');
  const viewer = await join(await invite(email, 'Viewer'));
  const held = await stage.hold(agent.key, service, '/things/2');
  await card(viewer, held).click();
  await viewer.getByText('You cannot decide on this request').waitFor();
  for (const name of ['Approve', 'Deny…', 'Hold to approve']) {
    expect(await viewer.getByRole('button', { name, exact: true }).count()).toBe(0);
  }
  const stop = viewer.getByRole('button', { name: 'Stop agents' }).first();
  expect(await stop.isDisabled()).toBe(true);
  expect(await stop.getAttribute('title')).toContain('Only owners, operators, and approvers');
  for (const [path, absent] of [
    ['/rules', 'New rule'],
    ['/services', 'New service'],
  ] as const) {
    await viewer.goto(`${stage.gateway.url}/app${path}`);
    await viewer.getByRole('note').getByText('Only owners and operators').waitFor();
    expect(await viewer.getByRole('link', { name: absent }).count()).toBe(0);
  }
  await viewer.goto(`${stage.gateway.url}/app/agents/${agent.id}`);
  await viewer.getByRole('note').waitFor();
  const names = ['Rotate key…', 'Block…', 'Delete…', 'Save settings'];
  for (const name of names) {
    const button = viewer.getByRole('button', { name });
    for (const one of await button.all()) expect(await one.isDisabled()).toBe(true);
  }
  await viewer.goto(`${stage.gateway.url}/app/members`);
  await viewer.getByRole('note').getByText('Only owners can manage members').waitFor();
  expect(await viewer.getByText('Open invitations').count()).toBe(0);
  expect(await viewer.getByRole('button', { name: 'Invite person' }).isDisabled()).toBe(true);

  // A new role applies to the open page, and a removal ends the session.
  await stage.open('/members');
  await page.getByRole('button', { name: `Change role of ${email}` }).click();
  await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Owner' });
  await page.getByRole('button', { name: 'Save' }).click();
  await viewer.getByRole('button', { name: 'Invite person', disabled: false }).waitFor();
  await page.getByRole('button', { name: `Remove ${email}` }).click();
  await page.getByRole('button', { name: 'Remove member' }).click();
  await viewer.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('a person with an account signs in to accept, and switches between workspaces', async () => {
  const owner = await stage.gateway.call('POST', '/auth/login', ACCOUNT);
  const headers = { Authorization: `Bearer ${owner.json.accessToken}` };
  const email = address('bob');
  const person = { email, role: 'viewer' };
  const first = await stage.gateway.call('POST', '/members/invitations', person, headers);
  const bob = await join(first.json.link);
  // Bob owns another workspace as well.
  stage.gateway.change('INSERT INTO workspaces (version, created_at) VALUES (1, 0)');
  stage.gateway.change(
    `INSERT INTO members (workspace_id, user_id, role, created_at)
     SELECT (SELECT MAX(id) FROM workspaces), id, 'owner', 0 FROM users WHERE email = '${email}'`,
  );
  await bob.goto(`${stage.gateway.url}/app/settings`);
  await bob.getByLabel('Workspace').selectOption({ label: `${email} (owner)` });
  await bob.getByRole('heading', { name: 'Queue' }).waitFor();
  await bob.goto(`${stage.gateway.url}/app/agents`);
  await bob.getByText('No agents yet').waitFor();

  const carol = { email: address('carol'), role: 'viewer' };
  const joined = await stage.gateway.call('POST', '/members/invitations', carol, headers);
  const wrong = await stage.another();
  await wrong.goto(joined.json.link);
  await wrong.getByRole('button', { name: 'Create account and join' }).waitFor();
  await bob.goto(joined.json.link);
  await bob.getByRole('button', { name: 'Accept invitation' }).click();
  await bob.getByRole('alert').getByText('for a different email address').waitFor();
  expect(stage.trouble).toEqual([]);
});
