/** The lines of the items of a list, and what a request's values say that its intent does not. */
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';

let stage: Stage;
let service: number;
let key: string;

const PHONE = { width: 360, height: 740 };

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  service = await stage.service('bank');
  key = await stage.watchedAgent('finance assistant', [service]);
});

afterAll(() => stage?.stop());

/** Holds a request and opens it on a phone. */
async function open(request: Record<string, unknown>): Promise<Locator> {
  const held = await stage.ask(key, { service_id: service, ...request });
  expect(held.status).toBe(428);
  await stage.page.setViewportSize(PHONE);
  await stage.page.goto(`${stage.gateway.url}/app/?action=${held.json.action_id}`);
  const article = stage.page.getByRole('article');
  await article.getByText('finance assistant').first().waitFor();
  return article;
}

const pay = (amount: string, name: string, iban: string) => ({
  amount,
  creditor: { name, iban },
});

test('each payee has a line with the amount, the one that differs first', async () => {
  const article = await open({
    method: 'POST',
    path: '/v1/payment-batches',
    body: {
      currency: 'EUR',
      payments: [
        pay('120.00', 'Kite AG', 'DE02120300000000202051'),
        pay('80.00', 'Moss GmbH', 'DE02500105170137075030'),
        pay('95.00', 'Bo Lind', 'DE02100500000054540402'),
        pay('7200.00', 'R. Amato', 'LT121000011101001000'),
      ],
    },
    intent: 'Pay the three invoices of the week',
  });
  const lines = article.getByRole('listitem').filter({ hasText: '→' });
  await lines.first().waitFor();
  expect(await lines.count()).toBe(4);
  const first = await lines.first().textContent();
  expect(first).toMatch(/€7,200\.00 → R\. Amato\s*\(LT121000011101001000\)/);
  expect(first).toContain('differs from the others');
  expect(await lines.nth(1).textContent()).toMatch(/€120\.00 → Kite AG/);
  // The title names the largest payee with its amount, and the intent comes before the items.
  expect(await article.getByRole('heading').first().textContent()).toContain(
    'R. Amato (€7,200.00)',
  );
  const intent = await article.getByText('Pay the three invoices of the week').boundingBox();
  const list = await lines.first().boundingBox();
  expect(intent?.y).toBeLessThan(list?.y ?? 0);
});

test('the reason names what the intent does not expect, and approving takes more than a press', async () => {
  const article = await open({
    method: 'PATCH',
    path: '/v1/suppliers/s-7',
    body: { phone: '+49 561 2201', account: { holder: 'Kite AG', iban: 'GB33BUKB20201555555555' } },
    intent: 'Correct the telephone number of Kite',
  });
  await article.getByText('It sets the bank account “GB33BUKB20201555555555”').waitFor();
  await stage.page.getByRole('button', { name: 'Hold to approve' }).waitFor();
});
