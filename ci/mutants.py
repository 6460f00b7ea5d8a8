# SPDX-License-Identifier: Apache-2.0
"""Runs suites with parts that are wrong on purpose and judges the suites by what they notice; see ci/mutants."""
import argparse
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
GOOD = ("pass", "flaky")
NOTICED = ("fail", "error")
NO_BOARDS = ("ca-regression",)
# a suite whose steps stand on one another: it runs whole
WHOLE = ("rotation",)
SELECTABLE_STEPS = ("published-by-the-ca", "published-on-demand")
RUN_TIMEOUT_S = 400


class Wrong(Exception):
    """The data file or the surroundings are wrong, not a suite."""


def read_steps(out):
    """{board: {step: record}} of the newest run; the first bad record of a name wins (suites with several key types)."""
    boards = {}
    with open(out / "latest/steps.jsonl", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["kind"] != "step":
                continue
            steps = boards.setdefault(record["board"], {})
            if steps.get(record["step"], {"verdict": "pass"})["verdict"] not in NOTICED:
                steps[record["step"]] = record
    return boards


class Rig:
    def __init__(self, folder):
        self.program = Path(folder).resolve() / "rig"
        if not self.program.exists():
            raise Wrong(f"{self.program} is not there: build it, or give --bin")

    def run(self, suite, *args, boards=1):
        """(exit code, steps by board, standard error)"""
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            out = Path(folder) / "out"
            shelf = () if Path(suite).stem in NO_BOARDS else ("--virtual", str(boards))
            done = subprocess.run([self.program, "run", suite, *shelf, *args, "--out", out, "--progress", "none"],
                                  capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False)
            try:
                return done.returncode, read_steps(out), done.stderr
            except OSError:
                return done.returncode, {}, done.stderr


def suite_file(name):
    return SOURCE / "suites" / f"{name}.yaml"


def with_list_twin(folder, suite, twin):
    """A copy of the suite whose enrolment lists are decided wrongly."""
    for part in ("suites", "fixtures"):
        shutil.copytree(SOURCE / part, folder / part, ignore=shutil.ignore_patterns("board"))
    for path in (folder / "fixtures/enrolment").glob("*.yaml"):
        path.write_text(re.sub(r"^(enrolment: .*)$", rf"\1\ntwin: [{twin}]", path.read_text(), count=1, flags=re.M))
    return folder / "suites" / f"{suite}.yaml"


class Mutant:
    def __init__(self, suite, twin, patterns):
        self.suite, self.twin, self.patterns = suite, twin, patterns
        self.name = f"{suite}/{twin}"
        self.cases, self.caught, self.problem, self.seconds, self.texts = [], [], "", 0.0, {}

    def bind(self, known):
        """Which cases its patterns mean."""
        for pattern in self.patterns:
            found = [case for case in known if fnmatch.fnmatchcase(case, pattern)]
            if not found:
                raise Wrong(f"suites/mutants.json: {self.name} names '{pattern}', which {self.suite}.yaml does not have")
            self.cases += [case for case in found if case not in self.cases]

    def control(self, known):
        return next((case for case in ("good", "control") if case in known), None)

    def arguments(self, known):
        part, name = self.twin.split(":", 1)
        args = {"board": ["--fault", f"1:{name}"], "list": []}.get(part, ["--twin", self.twin])
        selectable = [case for case in self.cases if known[case] or case in SELECTABLE_STEPS]
        if self.suite not in WHOLE and len(selectable) == len(self.cases):
            control = self.control(known)
            if control and known[control] and control not in selectable:
                selectable.insert(0, control)
            args += ["--only", ",".join(selectable)]
        return args

    def run(self, rig, known):
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            suite = suite_file(self.suite)
            if self.twin.startswith("list:"):
                suite = with_list_twin(Path(folder), self.suite, self.twin.split(":", 1)[1])
            code, boards, stderr = rig.run(suite, *self.arguments(known))
        self.seconds = time.monotonic() - started
        if len(boards) != 1:
            self.problem = f"did not run: {stderr.strip()[-200:]}"
            return
        self.judge(next(iter(boards.values())), known, code)

    def judge(self, steps, known, code):
        self.caught = [name for name, step in steps.items() if step["verdict"] in NOTICED]
        self.texts = {name: steps[name].get("error", {}).get("text", "") for name in self.caught}
        missing = [case for case in self.cases if case not in self.caught]
        control = self.control(known)
        if not self.caught:
            self.problem = "survived"
        elif missing:
            self.problem = "not caught by " + ", ".join(
                f"{case} ({steps[case]['verdict'] if case in steps else 'not run'})" for case in missing)
        elif code in (0, 2):
            self.problem = f"caught, but the run ended with {code}"
        elif control in self.caught and control not in self.cases:
            self.problem = f"too coarse: already caught by '{control}', so its own cases prove nothing"


def load(path):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    mutants = [Mutant(group["suite"], twin, patterns)
               for group in data["mutants"] for twin, patterns in group["twins"].items()]
    names = [mutant.name for mutant in mutants]
    if len(set(names)) != len(names):
        raise Wrong("suites/mutants.json names a mutant twice in one suite")
    return mutants, data["without_twin"]


def good_run(rig, suite):
    """{step: is it a case} of a suite that passes whole."""
    _, boards, stderr = rig.run(suite_file(suite))
    if len(boards) != 1:
        raise Wrong(f"{suite}.yaml does not run: {stderr.strip()[-300:]}")
    steps = next(iter(boards.values()))
    blamed = {name: step.get("error", {}).get("text", "") for name, step in steps.items()
              if step["verdict"] not in GOOD}
    return {name: step["case"] for name, step in steps.items()}, blamed


def judge_cases(suites, mutants, without, whole):
    """Each case is named by a mutant that it catches, or stands in the list with a reason; both is one too many."""
    table, problems = {}, []
    for suite, known in suites.items():
        for case in (case for case, is_case in known.items() if is_case):
            table[suite, case] = [m.twin for m in mutants if m.suite == suite and case in m.cases and case in m.caught]
    excused = {}
    for entry in without:
        for pattern in entry["cases"]:
            found = [case for suite, case in table if suite == entry["suite"] and fnmatch.fnmatchcase(case, pattern)]
            if not found and entry["suite"] in suites:
                problems.append(f"without_twin: {entry['suite']}.yaml has no case '{pattern}'")
            for case in found:
                excused[entry["suite"], case] = entry["reason"]
    if whole:
        for key, twins in table.items():
            if not twins and key not in excused:
                problems.append(f"{key[0]}/{key[1]} catches nothing: no mutant names it")
            if twins and key in excused:
                problems.append(f"{key[0]}/{key[1]} catches {twins[0]}: take it out of without_twin")
    else:  # the others were not asked
        table = {key: twins for key, twins in table.items() if twins}
    return table, excused, problems


def write_report(folder, mutants, table, excused, problems, good, seconds):
    folder.mkdir(parents=True, exist_ok=True)
    caught = [m for m in mutants if not m.problem]
    data = {
        "mutants": [{"suite": m.suite, "twin": m.twin, "named": m.cases, "caught_by": m.caught, "texts": m.texts,
                     "problem": m.problem, "seconds": round(m.seconds, 2)} for m in mutants],
        "cases": [{"suite": suite, "case": case, "catches": twins, "without_twin": excused.get((suite, case), "")}
                  for (suite, case), twins in table.items()],
        "good": good, "problems": problems, "seconds": round(seconds, 1),
    }
    (folder / "mutants.json").write_text(json.dumps(data, indent=1) + "\n")
    lines = ["# Mutants", "", f"{len(caught)} of {len(mutants)} mutants caught by the cases that name them; "
             f"{sum(1 for twins in table.values() if twins)} of {len(table)} cases catch one, {len(excused)} can't.",
             "", "| Suite | Mutant | Caught by | |", "|---|---|---|---|"]
    for m in mutants:
        also = [case for case in m.caught if case not in m.cases and case != "register"]
        lines.append(f"| {m.suite} | `{m.twin}` | {', '.join(c for c in m.cases if c in m.caught)}"
                     f"{' (also ' + ', '.join(also) + ')' if also else ''} | {m.problem or 'caught'} |")
    lines += ["", "| Suite | Case | Catches |", "|---|---|---|"]
    for (suite, case), twins in table.items():
        words = ", ".join(f"`{twin}`" for twin in twins) or "nothing: " + excused.get((suite, case), "**no reason**")
        lines.append(f"| {suite} | {case} | {words} |")
    lines += ["", "## Problems", ""] + ([f"- {problem}" for problem in problems] or ["None."])
    (folder / "mutants.md").write_text("\n".join(lines) + "\n")


def run_good(rig, n_runs, jobs):
    """Good boards, eight at a time: smoke, and every tenth time both catalogues' quick parts. No false alarm."""
    false_alarms, n_done, started = [], 0, time.monotonic()
    while n_done < n_runs:
        n_boards = min(8, n_runs - n_done)
        suite, only = ("smoke", ()) if (n_done // 8) % 10 else ("mtls-server", ("--only", GOOD_SLICE))
        _, boards, stderr = rig.run(suite_file(suite), *only, boards=n_boards)
        if len(boards) != n_boards:
            raise Wrong(f"{suite}.yaml ran on {len(boards)} of {n_boards} boards: {stderr.strip()[-300:]}")
        for board, steps in boards.items():
            false_alarms += [f"{suite} on {board}: {name}: {step.get('error', {}).get('text', '')}"
                             for name, step in steps.items() if step["verdict"] not in GOOD]
        n_done += n_boards
        print(f"\r{n_done} of {n_runs} good boards, {len(false_alarms)} false alarms "
              f"({time.monotonic() - started:.0f} s)", end="", flush=True)
    print()
    return false_alarms


GOOD_SLICE = ("good,chain-out-of-order,missing-intermediate,tampered-signature,expired,eku-client-only,wrong-host,wildcard,"
              "rsa-1024,crl-good,crl-revoked-leaf,tls-1-1-server,wrong-echo")


def pick(mutants, words):
    return [m for m in mutants if not words or any(word in m.name for word in words)]


def run_mutants(rig, args):
    started = time.monotonic()
    mutants, without = load(SOURCE / "suites/mutants.json")
    mutants = pick(mutants, args.only)
    if not mutants:
        raise Wrong(f"no mutant is called like {' or '.join(args.only)}")
    names = list(dict.fromkeys(m.suite for m in mutants))
    with ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(lambda suite: good_run(rig, suite), names))
        suites = {suite: known for suite, (known, _) in zip(names, results)}
        problems = [f"the good twin is blamed: {suite}/{step}: {text}"
                    for suite, (_, blamed) in zip(names, results) for step, text in blamed.items()]
        for mutant in mutants:
            mutant.bind(suites[mutant.suite])
        for mutant in pool.map(lambda m: (m.run(rig, suites[m.suite]), m)[1], mutants):
            mark = mutant.problem or f"caught by {', '.join(mutant.cases)}"
            print(f"{'SURVIVED' if mutant.problem else 'ok':8} {mutant.name:48} {mark[:160]}", flush=True)
            if mutant.problem:
                problems.append(f"{mutant.name}: {mutant.problem}")
    table, excused, more = judge_cases(suites, mutants, without, not args.only)
    problems += more
    good = {suite: len(known) for suite, known in suites.items()}
    write_report(args.report, mutants, table, excused, problems, good, time.monotonic() - started)
    print(f"\n{sum(1 for m in mutants if not m.problem)} of {len(mutants)} mutants caught; "
          f"{sum(1 for twins in table.values() if twins)} of {len(table)} cases catch one, "
          f"{len(excused)} have a reason why not; {time.monotonic() - started:.0f} s\nreport: {args.report}/mutants.md")
    return problems


def main():
    parser = argparse.ArgumentParser(prog="ci/mutants", description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="mutants whose SUITE/PART:NAME holds a word")
    parser.add_argument("--good", nargs="?", type=int, const=1000, metavar="N", help="instead: N runs of good boards (1000)")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1), metavar="N", help="runs at a time")
    parser.add_argument("--report", type=Path, default=SOURCE / "build/mutants", metavar="FOLDER")
    args = parser.parse_args()
    try:
        rig = Rig(args.bin)
        problems = run_good(rig, args.good, args.jobs) if args.good else run_mutants(rig, args)
    except Wrong as wrong:
        print(f"mutants: {wrong}", file=sys.stderr)
        return 2
    for problem in problems:
        print(f"PROBLEM {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
