# SPDX-License-Identifier: Apache-2.0
"""The revocation clock: every leg is read, in order, with a CA of files and with OpenBao; a budget that is too short is the
CA's error; no test certificate stays valid."""
import sys

from harness import GOOD, SOURCE, Reports, check, database, main, rig, work_folder
from vault_station import station

SUITE = SOURCE / "suites/revocation.yaml"
STEPS = ("published-by-the-ca", "published-on-demand")


def legs_of(step):
    legs = step["evidence"]["after_revoke_ms"]
    check(set(legs) == {"revoked", "ocsp", "crl", "loaded", "refused"}, step["name"], legs)
    return legs


def check_clock(reports, has_ocsp, board):
    for name in STEPS:
        step = next(s for s in reports.steps(board) if s["step"] == name)
        legs = legs_of(step)
        check((legs["ocsp"] is not None) == has_ocsp, name, "ocsp", legs)
        check(legs["revoked"] <= legs["crl"] <= legs["loaded"] <= legs["refused"], name, "in this order", legs)
        evidence = step["evidence"]
        check(evidence["before"]["server"]["echoed"] and evidence["sibling"]["server"]["echoed"], name, evidence)
        refused = evidence["refused"]["server"]
        check(refused["verify_error"] == "CERT_REVOKED" and refused["verify_depth"] == 0, name, refused)
        check(refused["peer_sha256"] == evidence["before"]["server"]["peer_sha256"], name, "the same certificate")
        check(refused["peer_sha256"] != evidence["sibling"]["server"]["peer_sha256"], name, "another for the sibling")


def check_register(out, n_test):
    with database(out) as db:
        rows = db.execute("select purpose, state from certificates").fetchall()
        test = [r["state"] for r in rows if r["purpose"] == "test"]
        check(len(test) == n_test and set(test) == {"revoked"}, "test certificates:", test)
        check(db.execute("select count(*) from journal where closed_ms is null").fetchone()[0] == 0, "open entries")


def good(out, run, has_ocsp, n_boards=2):
    run("run", SUITE, "--virtual", n_boards, "--out", out, expect=0)
    reports = Reports(out)
    reports.validate()
    check(set(reports.verdicts().values()) <= GOOD, reports.verdicts())
    for board in reports.verdicts():
        check_clock(reports, has_ocsp, board)
    check_register(out, 4 * n_boards)


def over_budget(folder):
    """One leg may take a millisecond: nothing is that fast."""
    text = SUITE.read_text().replace("refused: {warn: 10s, fail: 75s}", "refused: {fail: 1ms}")
    check("fail: 1ms" in text, "the suite's budgets have another form")
    (folder / "hasty.yaml").write_text(text)
    rig("run", folder / "hasty.yaml", "--virtual", 1, "--out", folder / "hasty", expect=3)
    bad = Reports(folder / "hasty").first_bad("b1")
    check(bad["step"] == STEPS[0] and bad["verdict"] == "error", bad)
    check("'refused'" in bad["error"]["text"] and "budget is 0.001 s" in bad["error"]["text"], bad["error"])
    check_register(folder / "hasty", 2)  # the second clock is held back


def local():
    with work_folder() as folder:
        good(folder / "out", rig, has_ocsp=False)
        over_budget(folder)


def vault():
    with station() as (where, folder):
        good(folder / "out", where.rig, has_ocsp=True)


main({"local": local, "vault": vault}[sys.argv[1]])
