# SPDX-License-Identifier: Apache-2.0
"""What may happen to the server in the middle of a run: `vault_trouble.py sealed|killed|short-tokens`. No certificate is
lost, the cause is named, and a second run settles what the first left open."""
import json
import os
import subprocess
import sys

from harness import ACCEPTANCE, GOOD, RIG, Reports, check, database, main
from vault_station import check_books, station

N_BOARDS = 4


class Run:
    """`rig run` in the background, watched by its lines."""

    def __init__(self, where, out):
        self.process = subprocess.Popen(
            [RIG, "run", ACCEPTANCE, "--virtual", str(N_BOARDS), "--out", str(out), "--progress", "lines",
             *map(str, where.options)], env=dict(os.environ, **where.environment()), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.text = ""

    def await_line(self, *words):
        for line in self.process.stdout:
            self.text += line
            if all(word in line for word in words):
                return
        check(False, "never saw", words, "in:\n", self.text[-3000:])

    def finish(self):
        self.text += self.process.stdout.read()
        return self.process.wait(timeout=200)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def n_open(out):
    with database(out) as db:
        return db.execute("select count(*) from journal where closed_ms is null").fetchone()[0]


def settle(where, out):
    """The second run, and what the first left."""
    done = where.rig("run", ACCEPTANCE, "--virtual", N_BOARDS, "--out", out, expect=0)
    check(n_open(out) == 0, "the journal stays open")
    where.rig("register", "orphans", "--revoke", "--out", out, expect=0)
    check_books(where, out)
    return done


def sealed(where, folder):
    out = folder / "out"
    run = Run(where, out)
    try:
        run.await_line("b1", "rsa-2048/good ")
        where.server.seal()
        code = run.finish()
    finally:
        run.end()
    check(code == 3, "exit code", code, run.text[-3000:])
    reports = Reports(out)
    reports.validate()
    check(set(reports.verdicts().values()) == {"error"} and len(reports.verdicts()) == N_BOARDS, reports.verdicts())
    for board in reports.verdicts():
        bad = reports.first_bad(board)
        check(bad["verdict"] == "error" and bad["error"]["class"] == "ca", bad)
        text = bad["error"]["text"]
        check("sealed" in text and "unseal" in text, text)
    refused = where.rig("run", ACCEPTANCE, "--virtual", 1, "--out", folder / "other")
    check(refused.returncode == 3 and "sealed" in refused.stdout, refused.stdout[-2000:])
    where.server.unseal()
    left_open = n_open(out)
    text = settle(where, out).stdout
    check(left_open == 0 or "an earlier run was interrupted" in text, left_open, text[:2000])


def killed(where, folder):
    out = folder / "out"
    run = Run(where, out)
    try:
        run.await_line("b1", "rsa-2048/good ")
        where.server.kill()
        where.server.start()
        where.server.unseal()
        code = run.finish()
    finally:
        run.end()
    check(code in (0, 3), "exit code", code, run.text[-3000:])
    reports = Reports(out)
    reports.validate()
    for board, verdict in reports.verdicts().items():
        bad = reports.first_bad(board)
        check(verdict in GOOD or (verdict == "error" and bad["error"]["class"] in ("ca", "network")), board, verdict, bad)
    settle(where, out)


def short_tokens(where, folder):
    for role in ("rig-station", "rig-qa"):
        where.server.put(f"auth/approle/role/{role}", {"token_ttl": "2s", "token_max_ttl": "5s"})
    out = folder / "out"
    where.rig("run", ACCEPTANCE, "--virtual", N_BOARDS, "--out", out, expect=0)
    check_books(where, out)
    paths = [json.loads(line)["request"]["path"] for line in where.server.audit_path.read_text().splitlines()
             if json.loads(line)["type"] == "response"]
    check(paths.count("auth/token/renew-self") >= 2, "renewed", paths.count("auth/token/renew-self"))
    check(paths.count("auth/approle/login") >= 3, "logged in", paths.count("auth/approle/login"))


def test():
    trouble = {"sealed": sealed, "killed": killed, "short-tokens": short_tokens}[sys.argv[1]]
    with station(audit=True) as (where, folder):
        trouble(where, folder)


main(test)
