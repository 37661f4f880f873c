"""Checks a proof of GaiterGuard, independently of GaiterGuard: with hashes from Python's standard library and one
signature algorithm from the package `cryptography`. The format is described in docs/src/operations/proofs.md.

usage: check_proof.py PROOF.json [PUBLIC_KEY]

PUBLIC_KEY is what `gaiterguard audit key` prints. Without it, compare the key that is printed.
"""

import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refused(Exception):
    """The proof is not valid."""


def digest(label, fields):
    """Returns the SHA-256 of the canonical form of a list of fields."""
    form = [label.encode(), b"\n"]
    for field in fields:
        if field is None:
            form.append(b"\x00")
        elif isinstance(field, int):
            form.append(b"\x01" + field.to_bytes(8, "big", signed=True))
        else:
            data = field.encode() if isinstance(field, str) else field
            form.append(b"\x02" + len(data).to_bytes(8, "big") + data)
    return hashlib.sha256(b"".join(form)).digest()


def linked(previous, body):
    """Returns the hash of an audit entry."""
    return digest("gaiterguard.audit.v3", [previous, body])


def check_signature(checkpoint):
    """Checks the signature of a checkpoint with the key that it names."""
    previous = checkpoint["previous"]
    fields = [checkpoint["number"], checkpoint["at"], bytes.fromhex(previous) if previous else None]
    for head in checkpoint["heads"]:
        fields += [head["chain"], head["sequence"], bytes.fromhex(head["hash"])]
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(checkpoint["key"]))
    try:
        key.verify(bytes.fromhex(checkpoint["signature"]), digest("gaiterguard.checkpoint.v1", fields))
    except InvalidSignature:
        raise Refused(f"the signature of checkpoint {checkpoint['number']} is not valid") from None


def check_path(entry, checkpoints):
    """Checks that an entry leads to a head of the checkpoint that it names."""
    names = ["id", "chain", "sequence", "workspace_id", "at", "actor", "event", "subject", "detail", "covers"]
    reached = linked(
        bytes.fromhex(entry["previous_hash"]),
        digest("gaiterguard.audit.entry.v3", [entry[name] for name in names]),
    )
    for link in entry["links"]:
        reached = linked(reached, bytes.fromhex(link))
    head = {
        "chain": entry["chain"],
        "sequence": entry["sequence"] + len(entry["links"]),
        "hash": reached.hex(),
    }
    if head not in checkpoints[entry["checkpoint"]]["heads"]:
        raise Refused(f"entry {entry['id']} does not lead to its checkpoint")


def row_fields(request, long):
    """Returns the fields of a request's row; the long ones as they are, or as digests."""
    fields = [request[name] for name in ["id", "request_id", "workspace_id", "agent_id", "service_id", "method"]]
    fields += [long("target_url"), long("intent"), request["decision"], long("judgement")]
    fields += [request["action_id"], request["created_at"]]
    return fields + ([request["label"]] if request["label"] is not None else [])


def rows(request):
    """Returns the digests that an entry may contain of a request's row: its own, and those of a shared entry, before
    and after the request's end."""
    own = row_fields(request, lambda name: digest(f"gaiterguard.request.{name}.v1", [request[name]]))
    shared = row_fields(request, lambda name: request[name])
    end = [request["outcome"], request["upstream_status"], request["completed_at"]]
    return {
        "own": digest("gaiterguard.request.v1", own).hex(),
        "open": digest("gaiterguard.read.v1", shared + [None, None, None]).hex(),
        "ended": digest("gaiterguard.read.v1", shared + end).hex(),
        "end": digest("gaiterguard.request.end.v1", [request["id"]] + end).hex(),
    }


def check(proof, key=None):
    """Checks a proof. Returns what it shows."""
    if proof["format"] != "gaiterguard.proof.v1":
        raise Refused(f"the format {proof['format']} is unknown")
    checkpoints = {checkpoint["number"]: checkpoint for checkpoint in proof["checkpoints"]}
    key = key or proof["checkpoints"][0]["key"]
    for checkpoint in checkpoints.values():
        if checkpoint["key"] != key:
            raise Refused(f"checkpoint {checkpoint['number']} is signed with the key {checkpoint['key']}")
        check_signature(checkpoint)

    request, expected = proof["request"], rows(proof["request"])
    action = f"action:{request['action_id']}" if request["action_id"] else None
    is_decided, is_ended, changes = False, False, []
    for entry in proof["entries"]:
        check_path(entry, checkpoints)
        covers = json.loads(entry["covers"] or "{}")
        reads = {(read["id"], read["row"]) for read in covers.get("reads", [])}
        ends_read = (request["id"], expected["ended"]) in reads
        ends = ends_read or {"id": request["id"], "end": expected["end"]} in covers.get("ends", [])
        if entry["shows"] == "decision":
            own = covers.get("request") or {}
            covers_own = (own.get("id"), own.get("row")) == (request["id"], expected["own"])
            if not (covers_own or ends_read or (request["id"], expected["open"]) in reads):
                raise Refused("the entry of the decision does not cover the request as it is shown")
            if entry["workspace_id"] != request["workspace_id"]:
                raise Refused("the entry of the decision is of another workspace")
            is_decided = True
        elif entry["shows"] == "end" and not ends:
            raise Refused(f"entry {entry['id']} does not cover the end of the request")
        elif entry["shows"] == "action" and entry["subject"] != action:
            raise Refused(f"entry {entry['id']} is not about the request's action")
        is_ended = is_ended or ends
        if action is not None and entry["subject"] == action:
            changes.append((entry["at"], entry["event"], entry["actor"]))
    if not is_decided:
        raise Refused("no entry covers the request")
    has_end = any(request[name] is not None for name in ["outcome", "upstream_status", "completed_at"])
    end = "proven" if has_end and is_ended else "not proven" if has_end else "open"
    return {"key": key, "end": end, "changes": [change[1:] for change in sorted(changes)], "request": request}


def main():
    """Checks the proof in a file."""
    path, *key = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        proof = json.load(file)
    try:
        print(json.dumps(check(proof, *key), indent=2))
    except Refused as error:
        sys.exit(f"the proof is not valid: {error}")


if __name__ == "__main__":
    main()
