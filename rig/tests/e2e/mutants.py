# SPDX-License-Identifier: Apache-2.0
"""ci/mutants: a few twins of each part are caught by the cases that name them; what survives, or a case without a mutant,
is told; and the options that make twins refuse what they can't do.

mutants.py few|options"""
import json
import subprocess
import sys

from harness import BIN, SOURCE, check, main, rig, work_folder

FEW = ["device/server:accepts_expired", "device/server:strict_order", "device/server:never_resumes",
       "device/board:reverses-chain", "server/board:any-ca", "server/board:wildcards-anywhere", "server/board:ignores-echo",
       "acceptance/ca:ca_true", "acceptance/ca:revokes_nothing"]


def run_script(out, *args):
    script = [sys.executable, "-B", SOURCE / "ci/mutants.py", "--bin", BIN, "--report", out, *args]
    return subprocess.run(script, capture_output=True, text=True, timeout=500, check=False)


def few():
    with work_folder() as out:
        done = run_script(out, "--jobs", "2", "--only", *FEW)
        check(done.returncode == 0, done.stdout, done.stderr)
        report = json.loads((out / "mutants.json").read_text())
        check(len(report["mutants"]) >= len(FEW), report["mutants"])
        for mutant in report["mutants"]:
            check(set(mutant["named"]) <= set(mutant["caught_by"]), mutant)
        check("| mtls-device | `server:accepts_expired` |" in (out / "mutants.md").read_text())


def survivors_are_told():
    """The judgement itself: a mutant that nobody catches, one that breaks everything, and a case without a mutant."""
    sys.path.insert(0, str(SOURCE / "ci"))
    import mutants
    known = {"good": True, "expired": True, "wrong-host": True}

    def verdicts(**steps):
        return {name.replace("_", "-"): {"verdict": verdict} for name, verdict in steps.items()}

    def judged(steps, code=1):
        mutant = mutants.Mutant("mtls-server", "board:x", ["expired"])
        mutant.bind(known)
        mutant.judge(steps, known, code)
        return mutant
    check(judged(verdicts(good="pass", expired="fail")).problem == "")
    check(judged(verdicts(good="pass", expired="pass"), 0).problem == "survived")
    check("expired (skip)" in judged(verdicts(good="fail", expired="skip")).problem)
    check("too coarse" in judged(verdicts(good="fail", expired="fail")).problem)
    check("not caught by expired" in judged(verdicts(good="pass", wrong_host="fail", expired="pass")).problem)
    caught = judged(verdicts(good="pass", expired="fail"))
    excuse = {"suite": "mtls-server", "cases": ["good", "expired"], "reason": "none"}
    _, _, problems = mutants.judge_cases({"mtls-server": known}, [caught], [excuse], True)
    check(any("wrong-host catches nothing" in p for p in problems), problems)
    check(any("take it out of without_twin" in p for p in problems), problems)
    check(len(problems) == 2, problems)


def options():
    suite = SOURCE / "suites/mtls-server.yaml"
    with work_folder() as out:
        done = rig("run", suite, "--virtual", 1, "--twin", "server:nobody", "--out", out, expect=2)
        check("server:no_crl" in done.stderr and "ca:wrong_key" in done.stderr, done.stderr)
        done = rig("run", suite, "--virtual", 1, "--only", "expird", "--out", out, expect=2)
        check("has no case 'expird'" in done.stderr, done.stderr)
        done = rig("run", suite, "--virtual", 1, "--only", "expired", "--twin", "server:wrong_echo", "--out", out, expect=1)
        check("twin server:wrong_echo" in done.stdout, done.stdout)
        check('name="twin" value="server:wrong_echo"' in (out / "latest/junit.xml").read_text())
        start = json.loads((out / "latest/steps.jsonl").read_text().splitlines()[0])
        check(start["twin"] == "server:wrong_echo", start)
    survivors_are_told()


def test():
    {"few": few, "options": options}[sys.argv[1]]()


main(test)
