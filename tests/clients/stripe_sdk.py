"""The Stripe SDK: its base address and its key are the gateway's."""

import json
import os

import stripe

stripe.max_network_retries = 0
client = stripe.StripeClient(os.environ["AGENT_KEY"], base_addresses={"api": os.environ["BASE_URL"]})
told = {}

reading = {"headers": {"X-Agent-Intent": "See who Ann is"}}
told["email"] = client.v1.customers.retrieve("cus_1", options=reading).email

refund = {"headers": {"X-Agent-Intent": "Refund Ann's double charge", "Prefer": "wait=60"}}
params = {"charge": "ch_1", "amount": 500, "metadata": {"order": "é&17"}}
told["refund"] = client.v1.refunds.create(params, options=refund).id

# The SDK repeats a request that broke under the same key; so it is done once.
key = {"idempotency_key": "refund-ch-1"}
told["again"] = [client.v1.refunds.create({"charge": "ch_2"}, options=refund | key).id for _ in range(2)]

print(json.dumps(told))
