# SPDX-License-Identifier: Apache-2.0
"""The list of the handshake catalogue in suites/README.md, and what the two suites say of the same cases: both as text that
can be compared, without a YAML reader."""
import re


def split_outside(text, separator):
    """Where neither quotes nor brackets are open."""
    parts, depth, quote = [""], 0, None
    for c in text:
        if quote:
            quote = None if c == quote else quote
        elif c in "\"'":
            quote = c
        elif c in "[{":
            depth += 1
        elif c in "]}":
            depth -= 1
        elif c == separator and depth == 0:
            parts.append("")
            continue
        parts[-1] += c
    return [p.strip() for p in parts if p.strip()]


def cases_of(path):
    """Name -> {key: text} of every `- case:` of a suite, in its order."""
    cases, current = {}, None
    for line in open(path, encoding="utf-8"):
        line = line.rstrip()
        flow = re.match(r"  - \{(case: .*)\}$", line)
        block = re.match(r"  (?:- |  )([a-z_]+): (.*)$", line)
        if flow:
            current = dict(re.match(r"([a-z_]+): (.*)$", part).groups() for part in split_outside(flow[1], ","))
            cases[current["case"]] = current
        elif line.startswith("  - "):
            current = {block[1]: block[2]} if block and block[1] == "case" else None
            if current:
                cases[current["case"]] = current
        elif block and current is not None:
            current[block[1]] = block[2]
    return cases


def words(value):
    """Of a list in brackets, or of one word."""
    return split_outside(value.strip("[]"), ",") if value not in ("", "any") else []


def expectation(case):
    """What the list calls "Ends as"."""
    parts = []
    errors, flags = words(case.get("verify_errors", "")), words(case.get("verify_flags", ""))
    if errors:
        depth = f" at depth {case['verify_depth']}" if "verify_depth" in case else ""
        parts.append(" or ".join(errors) + depth)
    if flags:
        parts.append(" and ".join(flags))
    if "findings" in case:
        parts.append("finds " + " and ".join(words(case["findings"])))
    if "ocsp_result" in case:
        parts.append("OCSP " + case["ocsp_result"])
    if "alerts" in case:
        parts.append("alert " + " or ".join(words(case["alerts"])))
    if "codes" in case:
        parts.append("code " + " or ".join(words(case["codes"])))
    if "offers" in case:
        parts.append("offers " + " and ".join(words(case["offers"])))
    if case.get("resumed") == "true":
        parts.append("resumed")
    return case["expect"] + (": " + ", ".join(parts) if parts else "")


def rows_of(readme):
    """(suite, row, [case], ends as) of every row that has cases, and (suite, row, note) of those that have none."""
    text = readme.split("## The handshake catalogue\n")[1].split("\n## ")[0]
    suite, covered, uncovered = None, [], []
    for line in text.splitlines():
        named = re.match(r"Suite `([a-z-]+)`\.$", line)
        if line.startswith("### "):
            suite = None
        elif named:
            suite = named[1]
        elif line.startswith("| ") and not line.startswith("| Row "):
            cells = [c.strip() for c in line.strip("|").split("|")]
            if suite is None or cells[1] == "none":
                uncovered.append((suite, cells[0], cells[-1]))
            else:
                covered.append((suite, cells[0], re.findall(r"`([^`]+)`", cells[1]), cells[2]))
    return covered, uncovered
