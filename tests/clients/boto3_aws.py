"""Uses the AWS SDK for Python through the gateway, unchanged: `endpoint_url` is the address of a service, and the
access key ID is the agent key."""

import hashlib
import io
import json
import os
import urllib.request

import boto3
import tls_front
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

GATEWAY, KEY = os.environ["GATEWAY"], os.environ["AGENT_KEY"]
MEBIBYTE = 1024 * 1024
results = {}


def client(name, gateway=GATEWAY, **more):
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, **more.pop("config", {}))
    return boto3.client(
        name,
        endpoint_url=f"{gateway}/s/aws",
        region_name="eu-central-1",
        aws_access_key_id=KEY,
        aws_secret_access_key="not-the-real-secret",
        config=config,
        **more,
    )


def status(call, **arguments):
    try:
        return call(**arguments)["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]


s3 = client("s3")
place = {"LocationConstraint": "eu-central-1"}
s3.create_bucket(Bucket="minutes", CreateBucketConfiguration=place)
name = "June/Beschlüsse 1+2 (final)$.txt"
s3.put_object(Bucket="minutes", Key=name, Body="The gate is painted.", Metadata={"by": "ann  and  bob"})
read = s3.get_object(Bucket="minutes", Key=name)
results["text"] = read["Body"].read().decode()
part = s3.get_object(Bucket="minutes", Key=name, Range="bytes=4-7")
results["range"] = [part["ResponseMetadata"]["HTTPStatusCode"], part["Body"].read().decode()]
results["listed"] = [entry["Key"] for entry in s3.list_objects_v2(Bucket="minutes", Prefix="June/B", Delimiter="/")["Contents"]]

large = bytes(range(251)) * (11 * MEBIBYTE // 251)
parts = TransferConfig(multipart_threshold=5 * MEBIBYTE, multipart_chunksize=5 * MEBIBYTE)
s3.upload_fileobj(io.BytesIO(large), "minutes", "recording", Config=parts)
back = io.BytesIO()
s3.download_fileobj("minutes", "recording", back, Config=parts)
results["parts_are_equal"] = hashlib.sha256(back.getvalue()).digest() == hashlib.sha256(large).digest()

# Signed in the query, with the key in it.
presigner = client("s3", config={"signature_version": "s3v4"})
url = presigner.generate_presigned_url("get_object", Params={"Bucket": "minutes", "Key": name})
results["presigned"] = [KEY in url, urllib.request.urlopen(url).read().decode()]

# Over TLS the SDK does not sign the body, and sends one that it reads in chunks with a checksum at the end.
certificate = os.path.join(os.environ["HOME"], "front.pem")
secure = client("s3", tls_front.start(GATEWAY, certificate), verify=certificate)
stored = secure.put_object(Bucket="minutes", Key="framed", Body=io.BytesIO(large[:MEBIBYTE]), ChecksumAlgorithm="SHA256")
framed = secure.get_object(Bucket="minutes", Key="framed", ChecksumMode="ENABLED")["Body"].read()
results["framed_is_equal"] = framed == large[:MEBIBYTE]

# Chunks that are signed one by one cannot be signed again.
request = urllib.request.Request(f"{GATEWAY}/s/aws/minutes/chunks", b"x", method="PUT", headers={
    "Agent-Key": KEY, "X-Amz-Content-Sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
})
try:
    urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    results["chunks"] = [error.code, json.load(error)["message"]]

# Other services: JSON in the body, XML in the response, and a client that does not sign.
table = client("dynamodb")
table.create_table(
    TableName="gates", BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
)
table.put_item(TableName="gates", Item={"id": {"S": "north"}, "color": {"S": "grün"}})
results["item"] = table.get_item(TableName="gates", Key={"id": {"S": "north"}})["Item"]["color"]["S"]
results["account"] = client("sts").get_caller_identity()["Account"]
results["missing"] = status(s3.get_object, Bucket="minutes", Key="none")
results["held"] = status(s3.delete_object, Bucket="minutes", Key=name)
results["echoed"] = status(s3.get_object, Bucket="no-such-bucket-at-all", Key="x")
print(json.dumps(results))
