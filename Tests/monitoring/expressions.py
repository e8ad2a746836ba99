#!/usr/bin/env python3
"""Evaluates every expression of the rules and the board by a Prometheus that watches a loaded omsd.

usage: expressions.py PROMETHEUS RULES BOARD OPERATING

Each must parse, each metric that it names must exist, and each alert must lead to a section of OPERATING that is there. Run by scripts/test-monitoring.
"""

import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

METRIC = re.compile(r"\b(?:omsd_[a-z0-9_]+|process_[a-z0-9_]+|up)\b")
VARIABLES = {"$__rate_interval": "5m", "$instance": ".*", "$account": ".*"}


def ask(base: str, path: str, **parameters: str) -> dict:
    url = f"{base}{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def rules_of(path: str) -> list[tuple[str, str, str]]:
    """Name, expression and link of each alert. The file is written so that lines suffice."""
    found: list[tuple[str, str, str]] = []
    name = expression = ""
    for line in open(path, encoding="utf-8"):
        key, _, value = line.strip().removeprefix("- ").partition(": ")
        if key == "alert":
            name = value
        elif key == "expr":
            expression = value
        elif key == "runbook_url":
            found.append((name, expression, value.strip("'")))
    return found


def expressions_of(board: dict) -> list[tuple[str, str]]:
    return [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel["targets"]]


def anchors(path: str) -> set[str]:
    """Headings as their links are made of them: lower case, punctuation gone, dashes for spaces."""
    headings = [line.lstrip("#").strip() for line in open(path, encoding="utf-8") if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def main() -> int:
    base, rules_path, board_path, operating = sys.argv[1:]
    rules = rules_of(rules_path)
    board = json.load(open(board_path, encoding="utf-8"))
    expressions = [(f"alert {name}", expression) for name, expression, _ in rules]
    for title, expression in expressions_of(board):
        for variable, value in VARIABLES.items():
            expression = expression.replace(variable, value)
        expressions.append((f"panel {title}", expression))
    problems: list[str] = []
    wanted = {metric for _, expression in expressions for metric in METRIC.findall(expression)}
    # A few scrapes, so that rates have something to go by.
    deadline = time.monotonic() + 30
    known: set[str] = set()
    while time.monotonic() < deadline:
        known = set(ask(base, "/api/v1/label/__name__/values")["data"])
        samples = ask(base, "/api/v1/query", query='count_over_time(up{job="omsd"}[1m])')["data"]["result"]
        if not wanted - known and samples and float(samples[0]["value"][1]) >= 5:
            break
        time.sleep(0.2)
    problems += [f"no metric {name} exists" for name in sorted(wanted - known)]
    for where, expression in expressions:
        if "$" in expression:
            problems.append(f"{where}: a variable that nobody knows: {expression}")
        answer = ask(base, "/api/v1/query", query=expression)
        if answer["status"] != "success":
            problems.append(f"{where}: {answer.get('error')}: {expression}")
    there = anchors(operating)
    for name, _, link in rules:
        if link.partition("#")[2] not in there:
            problems.append(f"alert {name} leads to {link}, which is no section")
    loaded = ask(base, "/api/v1/rules")["data"]["groups"]
    names = {rule["name"] for group in loaded for rule in group["rules"]}
    problems += [f"Prometheus has not loaded the alert {name}" for name, _, _ in rules if name not in names]
    unhealthy = [f"alert {rule['name']}: {rule.get('lastError')}" for group in loaded for rule in group["rules"] if rule["health"] == "err"]
    for problem in problems + unhealthy:
        print(problem, file=sys.stderr)
    if not problems and not unhealthy:
        print(f"every expression holds: {len(rules)} alerts, {len(expressions) - len(rules)} of the board, {len(wanted)} metrics")
    return 1 if problems or unhealthy else 0


if __name__ == "__main__":
    sys.exit(main())
