"""Uses the Stripe SDK through the gateway. Only the base address and the key are set."""

import json
import os

import stripe

client = stripe.StripeClient(
    os.environ["AGENT_KEY"],
    base_addresses={"api": os.environ["BASE_URL"]},
    # The SDK repeats a request that failed with the same idempotency key.
    max_network_retries=2,
)
results = {}

reading = {"headers": {"X-Agent-Intent": "See who Ann is"}}
results["email"] = client.v1.customers.retrieve("cus_1", options=reading).email
customers = client.v1.customers.list({"limit": 1}, options=reading)
results["all"] = [customer.id for customer in customers.auto_paging_iter()]

intent = {"headers": {"X-Agent-Intent": "Refund Ann's double charge"}}
refund = {"headers": intent["headers"] | {"Prefer": "wait=60"}}
params = {"charge": "ch_1", "amount": 500, "metadata": {"order": "é&17"}}
results["refund"] = client.v1.refunds.create(params, options=refund).id

# A request that is repeated with the same key is executed only once.
key = {"idempotency_key": "refund-ch-1"}
results["again"] = [client.v1.refunds.create({"charge": "ch_2"}, options=refund | key).id for _ in range(2)]

try:
    client.v1.refunds.create({"charge": "ch_3"}, options=intent)
except stripe.APIError as error:
    results["held"] = {"status": error.http_status, "code": error.json_body["error"]["code"]}

# Errors of the upstream are the SDK's own.
try:
    client.v1.customers.retrieve("cus_0", options=reading)
except stripe.InvalidRequestError as error:
    results["missing"] = {"code": error.code, "message": error.user_message}
try:
    client.v1.refunds.create({"charge": "ch_broken"}, options=refund)
except stripe.APIError as error:
    results["broken"] = {"status": error.http_status, "proxy": error.headers["X-Proxy-Status"]}

print(json.dumps(results))
