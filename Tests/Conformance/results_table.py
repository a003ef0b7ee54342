"""Writes the table of conformance results, or checks that the checked-in one is current.

Usage: results_table.py LATHE CASES [--write]

Runs `lathe test` on the kinds of cases and, for the node cases, after each round trip. Exits with 1 if results.md differs,
and says how to refresh it.
"""
import collections
import json
import os
import subprocess
import sys

KINDS = ["node", "pytorch-converted", "pytorch-operator", "simple"]
HERE = os.path.dirname(os.path.abspath(__file__))


def run(lathe, folder, *flags):
    command = [lathe, "test", folder, "--json", "--known-gaps", os.path.join(HERE, "known-gaps.txt"), *flags]
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return json.loads(finished.stdout)


def subject(name):
    """The operator that ONNX names a node case after, without its variant: the first word."""
    return name.removeprefix("test_").split("_")[0]


def table(lathe, cases):
    lines = ["# Conformance", "", "Made by `make conformance-table`; `make conformance` checks it.", ""]
    lines += ["| cases | passed | failed | skipped |", "|---|---|---|---|"]
    reports = {kind: run(lathe, os.path.join(cases, kind)) for kind in KINDS}
    for kind, report in reports.items():
        lines.append(f"| {kind} | {report['passed']} | {report['failed']} | {report['skipped']} |")
    for trip in ("onnx", "lathe", "text"):
        report = run(lathe, os.path.join(cases, "node"), "--round-trip", trip)
        lines.append(f"| node, after a round trip through {trip} | {report['passed']} | {report['failed']} | {report['skipped']} |")
    lines += ["", "## Node cases by the first word of their names", "", "| cases | passed | failed | skipped |", "|---|---|---|---|"]
    counts = collections.defaultdict(collections.Counter)
    for case in reports["node"]["cases"]:
        counts[subject(case["name"])][case["status"]] += 1
    for name in sorted(counts):
        count = counts[name]
        lines.append(f"| {name} | {count['passed']} | {count['failed']} | {count['skipped']} |")
    lines += ["", "## What fails or is skipped", ""]
    for kind, report in reports.items():
        for case in report["cases"]:
            if case["status"] != "passed":
                lines.append(f"* {kind}/{case['name']} ({case['status']}): {case['message']}")
    return "\n".join(lines) + "\n"


def main():
    lathe, cases = sys.argv[1], sys.argv[2]
    text = table(lathe, cases)
    path = os.path.join(HERE, "results.md")
    if "--write" in sys.argv:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return
    with open(path, encoding="utf-8") as file:
        if file.read() != text:
            sys.exit("Tests/Conformance/results.md is stale; refresh it with: make conformance-table")
    print("Tests/Conformance/results.md is current")


if __name__ == "__main__":
    main()
