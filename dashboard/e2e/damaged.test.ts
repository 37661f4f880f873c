import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';

let stage: Stage;
let service: number;

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  service = await stage.service('things');
  await stage.service('broken-service');
  await stage.agent('clerk', [service]);
  await stage.agent('broken-agent', [service]);
  for (const name of ['Fine', 'broken-rule']) {
    const made = await stage.call('POST', '/rules', { name, effect: 'deny', enabled: false });
    expect(made.status).toBe(201);
  }
  for (const title of ['Fine', 'broken-document']) {
    const document = { type: 'markdown', title, content: '# Things\n\nWith care.' };
    expect((await stage.call('POST', `/services/${service}/docs`, document)).status).toBe(201);
  }
  stage.gateway.change("UPDATE services SET base_url = '?' WHERE name = 'broken-service'");
  stage.gateway.change("UPDATE agents SET hold_seconds = -1 WHERE name = 'broken-agent'");
  stage.gateway.change("UPDATE rules SET effect = '?' WHERE name = 'broken-rule'");
  stage.gateway.change("UPDATE documents SET operations = -1 WHERE title = 'broken-document'");
});

afterAll(() => stage?.stop());

test('the queue lists damaged services, agents, and rules, and its badge counts them', async () => {
  const { page } = stage;
  await stage.open('/');
  const section = page.getByRole('region', { name: 'Needs attention' });
  await section.getByRole('link', { name: 'Damaged service broken-service' }).waitFor();
  await section.getByRole('link', { name: 'Damaged agent broken-agent' }).waitFor();
  await section.getByRole('link', { name: 'Damaged rule broken-rule' }).waitFor();
  await expect.poll(() => page.title()).toBe('(3) Queue · GaiterGuard');
  await stage.expectFine('needs-attention');
});

test.each([
  ['/services', 'Services', 'things', 'broken-service'],
  ['/agents', 'Agents', 'clerk', 'broken-agent'],
  ['/rules', 'Rules', 'Fine', 'broken-rule'],
])(
  '%s lists a damaged definition next to the others, and it can be deleted',
  async (path, list, fine, broken) => {
    const { page } = stage;
    await stage.open(path);
    const items = page.getByRole('list', { name: list }).getByRole('listitem');
    await items.first().waitFor();
    expect(await items.count()).toBe(2);
    expect(await items.filter({ hasText: fine }).getByText('Unreadable').count()).toBe(0);
    const damaged = items.filter({ hasText: broken });
    await damaged.getByText('Unreadable').waitFor();
    await stage.expectFine(`damaged${path.replace('/', '-')}`);
    await damaged.getByRole('link').click();
    await page.getByText('is damaged and cannot be read').waitFor();
    expect(await page.getByRole('button', { name: /^Save/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page
      .getByRole('alertdialog')
      .or(page.getByRole('dialog'))
      .getByRole('button', { name: /^Delete/ })
      .click();
    await expect.poll(() => items.count()).toBe(1);
  },
);

test('a damaged document is marked among those of its service', async () => {
  const { page } = stage;
  await stage.open(`/services/${service}`);
  const damaged = page.getByRole('listitem').filter({ hasText: 'broken-document' });
  await damaged.getByText('Unreadable', { exact: true }).waitFor();
  expect(await damaged.getByRole('button', { name: 'Parse again' }).count()).toBe(0);
  await damaged.getByRole('button', { name: 'Delete…' }).waitFor();
});
