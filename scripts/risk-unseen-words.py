#!/usr/bin/env python3
"""Writes labelled requests as they would look to an assessor that never saw their words.

A word that the requests of one task alone use may have found its way into the assessor's word lists
from there. Here it is replaced, in request and intent alike, by a word of no meaning. What
`gaiterguard risk eval` finds in the result is therefore a cautious, cross-validated estimate, with
one fold a task; what it finds in the original is the hopeful one.

    scripts/risk-unseen-words.py LABELLED.jsonl > unseen.jsonl
"""
import collections
import hashlib
import json
import re
import sys

WORD = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{3,}")
ESCAPE = re.compile(r"(%[0-9A-Fa-f]{2}|\\.)")


def task(case):
    """The id up to its first number: `ad-banking-3-1` and `ad-banking-3-0-x14` are of `ad-banking-3`."""
    return re.match(r"\D*\d*", case["id"])[0]


def words(text):
    return (word.lower() for word in WORD.findall(ESCAPE.sub(" ", text)))


def texts(case):
    body = case["body"]
    body = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return case["path"], body, case["intent"]


def nonsense(word):
    number = int(hashlib.sha256(word.lower().encode()).hexdigest(), 16)
    made = "x"
    for _ in range(4):
        number, consonant = divmod(number, 8)
        number, vowel = divmod(number, 4)
        made = "bdfgklmz"[consonant] + "aiou"[vowel] + made
    return made.upper() if word.isupper() else made.capitalize() if word[0].isupper() else made


def replaced(text, seen):
    """The text with the words that are not `seen` replaced; escapes stay as they are."""
    parts = ESCAPE.split(text)
    for index in range(0, len(parts), 2):
        parts[index] = WORD.sub(
            lambda word: word[0] if word[0].lower() in seen else nonsense(word[0]), parts[index]
        )
    return "".join(parts)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = [json.loads(line) for line in file if line.strip()]
    tasks = collections.defaultdict(set)
    for case in cases:
        for text in texts(case):
            for word in words(text):
                tasks[word].add(task(case))
    for case in cases:
        own = {task(case)}
        seen = {word for word, using in tasks.items() if using - own} | {"null", "true", "false"}
        path, body, intent = (replaced(text, seen) for text in texts(case))
        case["path"], case["intent"] = path, intent
        case["body"] = body if isinstance(case["body"], str) else json.loads(body)
        print(json.dumps(case, ensure_ascii=False))


if __name__ == "__main__":
    main()
