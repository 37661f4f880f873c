#!/usr/bin/env python3
"""Counts the user instructions of the gateway's own work on a GET that a rule allows: its assessment, and masking
its response. valgrind counts them, so the figures do not depend on the load of the machine, and a run of one thread
has the same figure every time.

usage: scripts/count-instructions.py [--write]

Compares the counts with scripts/instructions.tsv, and fails if one is more than 5 % above its figure there. With
--write, writes the file. The counts are those of the dev profile, which `make test` builds, so they are comparable
only with one another.
"""

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "scripts" / "instructions.tsv"

# Maps the name of each figure to its example, which takes the number of repetitions.
COUNTED = {
    "assess a read": "assess_read",
    "mask a response of 1 KB": "mask_response",
}

# Two runs cancel out what happens once.
FEW, MANY = 100, 600

# How far a count may be above its figure.
TOLERANCE = 0.05


def instructions(program: Path, repetitions: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/profile", program, str(repetitions)],
            check=True,
            capture_output=True,
            text=True,
        )
    counted = re.search(r"I\s+refs:\s+([\d,]+)", run.stderr)
    if counted is None:
        sys.exit(f"valgrind printed no count:\n{run.stderr}")
    return int(counted[1].replace(",", ""))


def count(example: str) -> int:
    program = ROOT / "target" / "debug" / "examples" / example
    return (instructions(program, MANY) - instructions(program, FEW)) // (MANY - FEW)


def recorded() -> dict[str, int]:
    lines = FIGURES.read_text().splitlines()
    return {name: int(figure) for name, figure in (line.split("\t") for line in lines)}


def main() -> None:
    if sys.argv[1:] not in ([], ["--write"]):
        sys.exit(__doc__)
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        print("instructions are not counted: the figures are those of x86_64 Linux")
        return
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is missing: scripts/prerequisites.sh --install test")
    examples = [argument for example in COUNTED.values() for argument in ("--example", example)]
    # With the features of the whole workspace, so that `make test` has built most of it.
    subprocess.run(["cargo", "build", "--locked", "--workspace", *examples], cwd=ROOT, check=True)
    counts = {name: count(example) for name, example in COUNTED.items()}
    if sys.argv[1:] == ["--write"]:
        FIGURES.write_text("".join(f"{name}\t{counted}\n" for name, counted in counts.items()))
    known = recorded()
    is_worse = False
    for name, counted in counts.items():
        figure = known.get(name)
        if figure is None:
            sys.exit(f"{FIGURES.name} has no figure for “{name}”: run scripts/count-instructions.py --write")
        change = counted / figure - 1
        print(f"{name}: {counted} instructions, {change:+.1%} of the recorded {figure}")
        is_worse |= change > TOLERANCE
    if is_worse:
        sys.exit("a count is more than 5 % above its figure: find the cause, or record the new figure with --write")


if __name__ == "__main__":
    main()
