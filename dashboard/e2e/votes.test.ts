import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { approve, Stage } from './page';

const COLLEAGUE = { email: 'colleague@example.com', password: 'another correct horse' };

let stage: Stage;
let colleague: Page;
let service: number;
let key: string;

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  service = await stage.service('things');
  ({ key } = await stage.agent('assistant', [service]));
  stage.gateway.addOwner(COLLEAGUE);
  colleague = await stage.another({ viewport: { width: 1440, height: 900 } });
  await stage.gateway.signIn(colleague.context(), COLLEAGUE);
});

afterAll(() => stage?.stop());

const hold = (path: string) => stage.hold(key, service, path);
const shown = async (action: string) => (await stage.call('GET', `/approvals/${action}`)).json;
const at = (page: Page, action: string) => page.goto(`${stage.gateway.url}/app/?action=${action}`);
const article = (page: Page) => page.getByRole('article', { name: 'Selected request' });

test('a rule is saved with the approvals that it asks for', async () => {
  const { page } = stage;
  await stage.open('/rules/new');
  await page.getByLabel('Name').fill('Two people');
  await page.getByLabel('How many must approve').selectOption('2 people');
  await page.getByRole('button', { name: 'Save rule' }).click();
  const rules = async () => (await stage.call('GET', '/rules')).json.items;
  await expect
    .poll(async () => (await rules())[0]?.approvals)
    .toEqual({
      count: 2,
      from: ['approver', 'owner'],
      exclude: [],
    });
  await stage.open('/rules');
  await page.getByText('2 approvals').waitFor();
});

test('a request shows its approvals, and the second person decides', async () => {
  const { page } = stage;
  const action = await hold('/both');
  await at(page, action);
  await article(page).getByText('0 of 2 approvals').waitFor();
  await approve(page);
  await expect.poll(async () => (await shown(action)).approvals.given).toBe(1);
  expect((await shown(action)).status).toBe('PENDING');
  await page.getByText('Needs 1 more approval').first().waitFor();
  await at(page, action);
  await article(page).getByText('You approved this.').waitFor();

  await at(colleague, action);
  await article(colleague).getByText('1 of 2 approvals, given by you@example.com').waitFor();
  await article(colleague)
    .getByRole('button', { name: /\(2nd of 2\)$/ })
    .waitFor();
  await approve(colleague);
  await expect.poll(async () => (await shown(action)).status).toBe('APPROVED');
  expect(stage.trouble).toEqual([]);
});

test('the same two people decide in the other order', async () => {
  const action = await hold('/other-order');
  await at(colleague, action);
  await article(colleague).getByText('0 of 2 approvals').waitFor();
  await colleague.waitForTimeout(1000);
  await approve(colleague);
  await expect.poll(async () => (await shown(action)).approvals.given).toBe(1);
  const { page } = stage;
  await at(page, action);
  await article(page).getByText(`1 of 2 approvals, given by ${COLLEAGUE.email}`).waitFor();
  await page.waitForTimeout(1000);
  await approve(page);
  await expect.poll(async () => (await shown(action)).status).toBe('APPROVED');
  expect(stage.trouble).toEqual([]);
});

test('two people who approve at the same moment decide once', async () => {
  const people = [stage.page, colleague];
  const action = await hold('/race');
  for (const person of people) {
    await at(person, action);
    await article(person).getByText('0 of 2 approvals').waitFor();
    await person.waitForTimeout(1000);
  }
  await Promise.all(people.map(approve));
  await expect.poll(async () => (await shown(action)).status).toBe('APPROVED');
  expect((await shown(action)).approvals.given).toBe(2);
  const { items } = (await stage.call('GET', '/audit?limit=200')).json;
  const events = items
    .filter(({ subject }: { subject: string }) => subject === `action:${action}`)
    .map(({ event }: { event: string }) => event);
  expect(events.filter((event: string) => event === 'action.approved')).toHaveLength(1);
  expect(stage.trouble).toEqual([]);
});

test('an approval is withdrawn while the request waits for others', async () => {
  const { page } = stage;
  const action = await hold('/withdrawn');
  await at(page, action);
  await approve(page);
  await expect.poll(async () => (await shown(action)).approvals.given).toBe(1);
  await at(page, action);
  await article(page).getByRole('button', { name: 'Withdraw approval' }).click();
  await article(page).getByText('0 of 2 approvals').waitFor();
  expect((await shown(action)).approvals.given).toBe(0);
});

test('an owner approves alone only with a note, and it is marked', async () => {
  const { page } = stage;
  const action = await hold('/alone');
  await at(page, action);
  await article(page).getByRole('button', { name: 'Approve alone…' }).click();
  const form = page.getByRole('form', { name: 'Approve alone' });
  const button = form.getByRole('button', { name: 'Approve alone' });
  expect(await button.getAttribute('aria-disabled')).toBe('true');
  await form.getByRole('textbox').fill('The site is down');
  await button.click();
  await expect.poll(async () => (await shown(action)).status).toBe('APPROVED');
  expect((await shown(action)).approval.break_glass).toBe(true);
  await at(page, action);
  await article(page).getByText('Approved alone by an owner').waitFor();
});

test('someone whose approval does not count sees why', async () => {
  const { page } = stage;
  const { id } = (await stage.call('GET', '/rules')).json.items[0];
  const approvals = { count: 1, exclude: ['rule_author'] };
  await stage.call('PUT', `/rules/${id}`, { approvals });
  const action = await hold('/excluded');
  await at(page, action);
  await article(page).getByText('You wrote a rule that holds this request').waitFor();
  expect(
    await article(page)
      .getByRole('button', { name: /^(Hold to a|A)pprove/ })
      .count(),
  ).toBe(1);
  await at(colleague, action);
  await approve(colleague);
  await expect.poll(async () => (await shown(action)).status).toBe('APPROVED');
});
