/** The pictures of the README and the book, taken from the real gateway with example requests. */
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { Stage } from './page';

const FOLDER = fileURLToPath(new URL('../../docs/src/images', import.meta.url));
const SIZE = { width: 1280, height: 820 };

const text = (description: string) => ({ type: 'string', description });
const operation = (id: string, summary: string, description: string, properties: object) => ({
  post: {
    operationId: id,
    summary,
    description,
    requestBody: { content: { 'application/json': { schema: { type: 'object', properties } } } },
    responses: {},
  },
});

const PAYMENTS = {
  openapi: '3.1.0',
  info: { title: 'Payments', version: '1' },
  paths: {
    '/v1/refunds': operation(
      'createRefund',
      'Refund a charge',
      'Returns the money to the payment method of the charge. A refund cannot be canceled.',
      {
        charge: text('the charge to refund'),
        amount: { type: 'integer', description: 'in cents' },
        currency: text('three-letter ISO code'),
        reason: text('shown to the customer'),
      },
    ),
  },
};

const FILES = {
  openapi: '3.1.0',
  info: { title: 'Files', version: '1' },
  paths: {
    '/v1/shares': operation('shareFile', 'Share a file by email', 'Sends a link to the file.', {
      to: text('the recipient of the link'),
      file: text('the path of the file'),
    }),
  },
};

/** Holds the example requests and takes the pictures. */
export async function takePictures(): Promise<void> {
  const stage = await Stage.start();
  try {
    await stage.signIn();
    const refund = await holdExamples(stage);
    const { page } = stage;
    await page.setViewportSize(SIZE);
    await stage.open(`/?action=${refund}`);
    const request = page.getByRole('region', { name: 'Request', exact: true });
    await request.getByText('API documentation').waitFor();
    await page.locator('button[aria-disabled="false"]', { hasText: 'Approve' }).waitFor();
    await take(page, 'queue');
    await request.getByRole('button', { name: /^Exact request/ }).click();
    await request
      .getByRole('heading', { name: 'Exact request' })
      .evaluate((heading) => heading.scrollIntoView({ block: 'start' }));
    await take(page, 'request');
  } finally {
    await stage.stop();
  }
}

async function holdExamples(stage: Stage): Promise<string> {
  const payments = await stage.service('payments');
  const files = await stage.service('files');
  for (const [service, document] of [
    [payments, PAYMENTS],
    [files, FILES],
  ] as const) {
    const body = { type: 'openapi', content: JSON.stringify(document) };
    await stage.call('POST', `/services/${service}/docs`, body);
  }
  const billing = await stage.agent('billing assistant', [payments]);
  const archive = await stage.agent('archive keeper', [files]);
  const refund = await stage.ask(billing.key, {
    service_id: payments,
    method: 'POST',
    path: '/v1/refunds',
    body: {
      charge: 'ch_3PqL81',
      amount: 48900,
      currency: 'eur',
      reason: 'Your parcel arrived damaged',
    },
    intent: 'Refund order 1182: the parcel arrived damaged, and the customer wants the money back',
  });
  const intent = 'Delete the archive of last November, which is kept elsewhere now';
  await stage.hold(archive.key, files, '/invoices/2025-11.zip', intent);
  await stage.ask(archive.key, {
    service_id: files,
    method: 'POST',
    path: '/v1/shares',
    body: { to: 'office@tax-adviser.example', file: '/2025/balance-sheet.xlsx' },
    intent: 'Share the balance sheet with the tax adviser',
  });
  return refund.json.action_id;
}

async function take(page: Page, name: string): Promise<void> {
  // Hiding the caret would add a style to the page, which its content security policy forbids.
  await page.screenshot({ path: `${FOLDER}/${name}.png`, caret: 'initial' });
}
