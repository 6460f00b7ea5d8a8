# SPDX-License-Identifier: Apache-2.0
"""What every end-to-end test shares: running rig in a folder of its own, and reading what it leaves."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

BIN = pathlib.Path(os.environ["RIG_BIN"])
SOURCE = pathlib.Path(os.environ["RIG_SOURCE"])
RIG = str(BIN / "rig")
VBOARD = str(BIN / "vboard")
ACCEPTANCE = str(SOURCE / "suites/acceptance.yaml")
SMOKE = str(SOURCE / "suites/smoke.yaml")
RELAY = str(SOURCE / "suites/relay.yaml")
TIMEOUT_S = 280
# How a good board may end. Under a sanitizer a program can be so slow that a line is asked for again, which the rig
# rightly calls flaky; a plain build has no such excuse.
GOOD = {"pass", "flaky"} if os.environ.get("RIG_SANITIZE") else {"pass"}


class Failure(Exception):
    """A check of a test failed."""


def check(condition, *what):
    if not condition:
        raise Failure(" ".join(str(w) for w in what))


@contextlib.contextmanager
def work_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rig-e2e-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rig(*args, expect=None, cwd=None, env=None, input=None, timeout=TIMEOUT_S):
    """Runs rig; the result has code, out and err. `expect`: the exit code that it must end with."""
    environment = dict(os.environ, **(env or {}))
    done = subprocess.run([RIG, *map(str, args)], cwd=cwd, env=environment, input=input, capture_output=True,
                          text=True, timeout=timeout, check=False)
    if expect is not None and done.returncode != expect:
        raise Failure(f"rig {' '.join(map(str, args))}\nended with {done.returncode}, expected {expect}\n"
                      f"--- stdout\n{done.stdout[-6000:]}\n--- stderr\n{done.stderr[-3000:]}")
    return done


@contextlib.contextmanager
def virtual_board(*args):
    """A vboard of its own; gives its address. It ends with the block, also when the test dies."""
    board = subprocess.Popen([VBOARD, "--exit-with-parent", *map(str, args)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    try:
        address = board.stdout.readline().strip()
        check(address.startswith("rfc2217://"), "vboard said:", address)
        yield address
    finally:
        board.stdin.close()
        board.wait(timeout=20)
        board.stdout.close()


class Reports:
    """The reports of the newest run in a work folder."""

    def __init__(self, out):
        self.out = pathlib.Path(out)
        self.folder = self.out / "latest"
        self.junit_path = self.folder / "junit.xml"
        self.junit = ElementTree.parse(self.junit_path).getroot()
        self.lines = [json.loads(line) for line in (self.folder / "steps.jsonl").read_text().splitlines()]

    def steps(self, board=None):
        return [l for l in self.lines if l.get("kind") == "step" and board in (None, l["board"])]

    def verdicts(self):
        return {l["board"]: l["verdict"] for l in self.lines if l.get("kind") == "board-end"}

    def first_bad(self, board):
        return next((s for s in self.steps(board) if s["verdict"] in ("fail", "error")), None)

    def validate(self):
        done = subprocess.run(["xmllint", "--noout", "--schema", str(SOURCE / "reports/schemas/junit.xsd"),
                               str(self.junit_path)], capture_output=True, text=True, check=False)
        check(done.returncode == 0, "xmllint:", done.stderr)
        total = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
        for suite in self.junit.iter("testsuite"):
            cases = suite.findall("testcase")
            found = {"tests": len(cases),
                     "failures": sum(c.find("failure") is not None for c in cases),
                     "errors": sum(c.find("error") is not None for c in cases),
                     "skipped": sum(c.find("skipped") is not None for c in cases)}
            for name, count in found.items():
                if suite.get(name) is not None:
                    check(int(suite.get(name)) == count, suite.get("name"), name, suite.get(name), "!=", count)
                total[name] += count
        for name, count in total.items():
            if self.junit.get(name) is not None:
                check(int(self.junit.get(name)) == count, "testsuites", name, self.junit.get(name), "!=", count)
        return total


def database(out):
    connection = sqlite3.connect(f"file:{pathlib.Path(out) / 'rig.db'}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def ca_database(out):
    connection = sqlite3.connect(f"file:{pathlib.Path(out) / 'ca' / 'ca.db'}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def no_private_key_below(folder):
    """No report or log may hold one (the CA's own key files live elsewhere)."""
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            check(not PRIVATE_KEY.search(path.read_bytes()), path, "holds a private key")


def main(test):
    try:
        test()
    except Failure as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        sys.exit(1)
    print("ok")
