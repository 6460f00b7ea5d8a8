# SPDX-License-Identifier: Apache-2.0
"""The acceptance suite on N good virtual boards: everything passes, every report is right, the register is complete."""
import sys

from harness import ACCEPTANCE, GOOD, Reports, check, database, main, no_private_key_below, rig, work_folder


def check_reports(out, n_boards):
    reports = Reports(out)
    total = reports.validate()
    suites = list(reports.junit.iter("testsuite"))
    check(len(suites) == n_boards, "testsuites:", len(suites))
    for suite in suites:
        check(len(suite.findall("testcase")) >= 20, suite.get("name"), "has too few testcases")
    check(total["failures"] == total["errors"] == total["skipped"] == 0, total)
    check(all(v in GOOD for v in reports.verdicts().values()), reports.verdicts())
    check(len(reports.verdicts()) == n_boards, "board-end lines")
    for step in reports.steps():
        check(step["verdict"] in GOOD and step["tries"] == 1, step)
    presented = {}
    for step in reports.steps():
        server = (step.get("evidence") or {}).get("server")
        if server and server.get("client_random"):
            device = step["evidence"]["device"]
            check(server["client_random"] == device["client_random"], "matched by ClientHello random", step["name"])
            check(server["client_random"] not in presented, "a ClientHello random twice", step["name"])
            presented[server["client_random"]] = step["name"]
    check(len(presented) == n_boards * 2 * 10, "handshakes matched:", len(presented))
    return reports


def check_register(out, n_boards):
    with database(out) as db:
        devices = db.execute("select * from devices").fetchall()
        check(len(devices) == n_boards, "devices:", len(devices))
        for column in ("mac", "device_id", "serial"):
            check(len({d[column] for d in devices}) == n_boards, column, "not unique")
        check(db.execute("select count(*) from journal where closed_ms is null").fetchone()[0] == 0,
              "journal entries are open")
    orphans = rig("register", "orphans", "--out", out, expect=0).stdout
    check(orphans.startswith("0 orphans"), orphans)
    listed = rig("register", "list", "--out", out, expect=0).stdout
    check(f"{n_boards} devices" in listed, listed)


def test():
    n_boards = int(sys.argv[1])
    with work_folder() as folder:
        out = folder / "not yet there"
        done = rig("run", ACCEPTANCE, "--virtual", n_boards, "--out", out, "--junit", out / "junit.xml", expect=0)
        check(str(out) in done.stdout and "junit.xml" in done.stdout, done.stdout[-800:])
        reports = check_reports(out, n_boards)
        check((out / "junit.xml").read_bytes() == reports.junit_path.read_bytes(), "the copy of junit.xml differs")
        check_register(out, n_boards)
        no_private_key_below(out / "runs")
        for board in range(1, n_boards + 1):
            check("waiting for download" in (out / f"latest/b{board}.log").read_text(), "serial log of board", board)


main(test)
