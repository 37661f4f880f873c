// Uses the Stripe SDK for JavaScript through the gateway. Node.js reads this from standard input, in the folder of the
// packages. Prints the same as stripe_sdk.py.

import Stripe from "stripe";

// The SDK can be pointed to another host, but not to a path on it, so its `fetch` is given the whole address.
const fetchThroughGateway = (address, options) => {
  const { pathname, search } = new URL(address);
  return fetch(`${process.env.BASE_URL}${pathname}${search}`, options);
};
const stripe = new Stripe(process.env.AGENT_KEY, {
  httpClient: Stripe.createFetchHttpClient(fetchThroughGateway),
  // The SDK repeats a request that failed with the same idempotency key.
  maxNetworkRetries: 2,
});
const because = (intent, more) => ({ headers: { "X-Agent-Intent": intent, ...more } });
const results = {};

/** Returns the error of a promise. Any other class of error ends the program. */
async function failure(promise, kind) {
  try {
    await promise;
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

const reading = because("See who Ann is");
results.email = (await stripe.customers.retrieve("cus_1", {}, reading)).email;
results.all = [];
for await (const customer of stripe.customers.list({ limit: 1 }, reading)) results.all.push(customer.id);

const refund = because("Refund Ann's double charge", { Prefer: "wait=60" });
const params = { charge: "ch_1", amount: 500, metadata: { order: "é&17" } };
results.refund = (await stripe.refunds.create(params, refund)).id;

// A request that is repeated with the same key is executed only once.
const again = () => stripe.refunds.create({ charge: "ch_2" }, { ...refund, idempotencyKey: "refund-ch-1" });
results.again = [(await again()).id, (await again()).id];

const { StripeAPIError, StripeError, StripeInvalidRequestError } = Stripe.errors;
const intent = because("Refund Ann's double charge");
const held = await failure(stripe.refunds.create({ charge: "ch_3" }, intent), StripeError);
results.held = { status: held.statusCode, code: held.code };

// Errors of the upstream are the SDK's own.
const missing = await failure(stripe.customers.retrieve("cus_0", {}, reading), StripeInvalidRequestError);
results.missing = { code: missing.code, message: missing.message };
const broken = await failure(stripe.refunds.create({ charge: "ch_broken" }, refund), StripeAPIError);
results.broken = { status: broken.statusCode, proxy: broken.headers["x-proxy-status"] };

console.log(JSON.stringify(results));
