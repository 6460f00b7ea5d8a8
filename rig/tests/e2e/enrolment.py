# SPDX-License-Identifier: Apache-2.0
"""Registrations: the provisioning document's five devices in every state of the list, the rules one by one, and servers and
boards that get them wrong.

enrolment.py good|board|TWIN..."""
import re
import shutil
import sys

from harness import GOOD, SOURCE, Reports, check, main, no_private_key_below, rig, work_folder

SUITE = str(SOURCE / "suites/enrolment.yaml")
# Who decides for devices 1 to 5: "+" enabled, "-" disabled, "" nobody.
TABLES = {
    "empty": ["", "", "", "", ""],
    "root-on": ["+root", "+root", "+root", "+root", "+root"],
    "group-b-off": ["+root", "+root", "+root", "-b", "-b"],
    "device-3-off": ["+root", "+root", "-device-3", "-b", "-b"],
    "device-4-on": ["+root", "+root", "-device-3", "+device-4", "-b"],
    "only-a-on": ["+a", "+a", "+a", "-root", "-root"],
    "a-off-device-1-on": ["+device-1", "-a", "-a", "+root", "+root"],
    "only-b": ["", "", "", "+b", "+b"],
}
DEPTHS = {"root": 2, "a": 1, "b": 1}
# A server that is wrong on purpose, and the cases that must notice it (all of them).
TWINS = {
    "walks-presented-list": {"extra-b-on", "extra-b-off"},
    "matches-subject": {"lookalike-ca", "renewed-ca", "prolonged-ca"},
    "root-first": {"group-b-off-4", "device-3-off-3", "line-off-factory-on"},
    "ignores-disabled": {"group-b-off-5", "device-3-off-3", "factory-off-root-on"},
    "leaf-only": {"root-on-1", "full-chain"},
    "any-name": {"other-registration", "no-common-name", "common-name-too-long"},
    "ignores-case": {"capitals"},
    "trusts-unverified-ca": {"root-not-proven", "root-proven-by-another-key", "root-proven-by-another-code"},
    "accepts-without-entry": {"empty-1", "only-b-1", "renewed-ca"},
}


def check_tables(steps):
    for state, row in TABLES.items():
        for device, expected in enumerate(row, start=1):
            step = steps[f"{state}-{device}"]
            seen = step["evidence"]["enrolment"]
            check(step["verdict"] in GOOD, step)
            check(seen["decided_by"] == (expected[1:] or "none"), state, device, seen)
            result = {"+": "accepted", "-": "disabled", "": "no-entry"}[expected[:1]]
            check(seen["result"] == result, state, device, seen)
            walk = seen["walk"]
            check([v["depth"] for v in walk] == list(range(len(walk))), walk)
            check(walk[0]["subject"] == f"CN=device-{device}", walk)
            check(len(walk) == (DEPTHS.get(expected[1:], 0) if expected else 2) + 1, walk)
            check([v.get("entry") for v in walk][:-1] == [None] * (len(walk) - 1), walk)
            check(step["evidence"]["device"]["echoed"] == (result == "accepted"), step)


def good():
    with work_folder() as out:
        rig("run", SUITE, "--virtual", 3, "--out", out, expect=0)
        reports = Reports(out)
        reports.validate()
        for board in ("b1", "b2", "b3"):
            steps = {s["step"]: s for s in reports.steps(board)}
            check_tables(steps)
            reissued = steps["device-3-reissued"]["evidence"]["enrolment"]
            check(reissued["finding"] == "device-3" and reissued["result"] == "accepted", reissued)
            short = steps["chain-stops-short"]["evidence"]["server"]
            check(short["verify_error"] == "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" and short["verify_depth"] == 1, short)
            middle = steps["intermediate-is-no-anchor"]["evidence"]["server"]
            check(middle["verify_error"] == "UNABLE_TO_GET_ISSUER_CERT" and middle["verify_depth"] == 1, middle)
            refused = steps["certificate-in-two-entries"]["evidence"]["refused"]
            check("each belongs to one entry at most" in refused, refused)
        no_private_key_below(reports.folder)


def board():
    """A board that reports success over a refusal is the one that fails, not the service."""
    with work_folder() as out:
        rig("run", SUITE, "--virtual", 2, "--fault", "2:says-ok-over-error", "--out", out, expect=1)
        reports = Reports(out)
        check(reports.verdicts()["b1"] in GOOD, reports.verdicts())
        bad = {s["step"]: s for s in reports.steps("b2") if s["verdict"] == "fail"}
        check("group-b-off-4" in bad, sorted(bad))
        text = bad["group-b-off-4"]["error"]["text"]
        check(re.search("says that it is registered", text), text)


def with_twin(folder, twin):
    for name in ("suites", "fixtures"):
        shutil.copytree(SOURCE / name, folder / name)
    for path in (folder / "fixtures/enrolment").glob("*.yaml"):
        text = path.read_text()
        changed = re.sub(r"^(enrolment: .*)$", rf"\1\ntwin: [{twin}]", text, count=1, flags=re.MULTILINE)
        check(changed != text, path)
        path.write_text(changed)
    return folder / "suites/enrolment.yaml"


def twin(name):
    with work_folder() as folder:
        suite = with_twin(folder, name)
        done = rig("run", suite, "--virtual", 1, "--out", folder / "out")
        reports = Reports(folder / "out")
        noticed = {s["step"] for s in reports.steps("b1") if s["verdict"] in ("fail", "error")}
        print(f"{name}: {len(noticed)} cases: {' '.join(sorted(noticed))}")
        check(done.returncode not in (0, 2), name, "ended with", done.returncode)
        check(TWINS[name] <= noticed, name, "was not noticed by", TWINS[name] - noticed)


def test():
    if sys.argv[1] == "good":
        good()
    elif sys.argv[1] == "board":
        board()
    else:
        for name in TWINS if sys.argv[1] == "all" else sys.argv[1:]:
            twin(name)


main(test)
