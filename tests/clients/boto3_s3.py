"""Uses the AWS SDK for Python through the gateway: `endpoint_url` is the address of a service, and a header that is
added after signing contains the agent key."""

import hashlib
import io
import json
import os

import boto3
import tls_front
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

GATEWAY, SERVICE, KEY = os.environ["GATEWAY"], os.environ["SERVICE"], os.environ["AGENT_KEY"]
MEBIBYTE = 1024 * 1024
results = {}


def storage(gateway, more, **options):
    client = boto3.client(
        "s3",
        endpoint_url=f"{gateway}/s/{SERVICE}",
        region_name="us-east-1",
        aws_access_key_id="not-the-real-id",
        aws_secret_access_key="not-the-real-secret",
        config=Config(s3={"addressing_style": "path"}),
        **options,
    )

    def add_headers(request, **_):
        for name, value in ({"Agent-Key": KEY} | more).items():
            request.headers[name] = value

    client.meta.events.register("before-send.s3", add_headers)
    return client


def failure(call, kind=ClientError, **arguments):
    try:
        call(**arguments)
    except kind as error:
        response = error.response
        return {"code": response["Error"]["Code"], "status": response["ResponseMetadata"]["HTTPStatusCode"]}


s3 = storage(GATEWAY, {"X-Agent-Intent": "Keep the minutes of the meeting"})
s3.create_bucket(Bucket="minutes")
name = "June/Beschlüsse 1+2.txt"
s3.put_object(Bucket="minutes", Key=name, Body="The gate is painted.", Metadata={"by": "ann"})
read = s3.get_object(Bucket="minutes", Key=name)
results["text"] = read["Body"].read().decode()
results["metadata"] = read["Metadata"]
results["size"] = s3.head_object(Bucket="minutes", Key=name)["ContentLength"]
part = s3.get_object(Bucket="minutes", Key=name, Range="bytes=4-7")
results["range"] = [part["ResponseMetadata"]["HTTPStatusCode"], part["Body"].read().decode()]

for number in range(3):
    s3.put_object(Bucket="minutes", Key=f"July/{number}", Body=b"")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="minutes", PaginationConfig={"PageSize": 1})
results["listed"] = [entry["Key"] for page in pages for entry in page["Contents"]]

# An upload in parts, sent side by side.
large = bytes(range(251)) * (11 * MEBIBYTE // 251)
config = TransferConfig(multipart_threshold=5 * MEBIBYTE, multipart_chunksize=5 * MEBIBYTE)
s3.upload_fileobj(io.BytesIO(large), "minutes", "recording", Config=config)
back = io.BytesIO()
s3.download_fileobj("minutes", "recording", back, Config=config)
results["parts_are_equal"] = hashlib.sha256(back.getvalue()).digest() == hashlib.sha256(large).digest()
results["etag"] = s3.head_object(Bucket="minutes", Key="recording")["ETag"]

# Over TLS the SDK sends a body in chunks of its own framing, with the checksum as a trailer.
certificate = os.path.join(os.environ["HOME"], "front.pem")
front = tls_front.start(GATEWAY, certificate)
secure = storage(front, {"X-Agent-Intent": "Keep the minutes of the meeting"}, verify=certificate)
stored = secure.put_object(Bucket="minutes", Key="framed", Body=io.BytesIO(large[:MEBIBYTE]), ChecksumAlgorithm="SHA256")
results["checksum"] = stored["ChecksumSHA256"]
framed = secure.get_object(Bucket="minutes", Key="framed", ChecksumMode="ENABLED")["Body"].read()
results["framed_is_equal"] = framed == large[:MEBIBYTE]

# Errors of the service are the SDK's own. Those of the gateway are not XML, so that their status is their code.
results["missing"] = failure(s3.get_object, s3.exceptions.NoSuchKey, Bucket="minutes", Key="none")
results["held"] = failure(s3.delete_object, Bucket="minutes", Key="July/0")
patient = storage(GATEWAY, {"X-Agent-Intent": "Remove the minutes that Ann wrote twice", "Prefer": "wait=60"})
removed = patient.delete_object(Bucket="minutes", Key="July/1")
results["removed"] = removed["ResponseMetadata"]["HTTPStatusCode"]
results["denied"] = failure(patient.delete_object, Bucket="minutes", Key="July/2")
left = s3.list_objects_v2(Bucket="minutes", Prefix="July/")["Contents"]
results["left"] = [entry["Key"] for entry in left]

print(json.dumps(results))
