"""Uses the Stripe SDK through the gateway. Only the base address and the key are set."""

import json
import os

import stripe

stripe.max_network_retries = 0
client = stripe.StripeClient(os.environ["AGENT_KEY"], base_addresses={"api": os.environ["BASE_URL"]})
results = {}

reading = {"headers": {"X-Agent-Intent": "See who Ann is"}}
results["email"] = client.v1.customers.retrieve("cus_1", options=reading).email

refund = {"headers": {"X-Agent-Intent": "Refund Ann's double charge", "Prefer": "wait=60"}}
params = {"charge": "ch_1", "amount": 500, "metadata": {"order": "é&17"}}
results["refund"] = client.v1.refunds.create(params, options=refund).id

# The SDK repeats a failed request with the same key, so it is executed only once.
key = {"idempotency_key": "refund-ch-1"}
results["again"] = [client.v1.refunds.create({"charge": "ch_2"}, options=refund | key).id for _ in range(2)]

print(json.dumps(results))
