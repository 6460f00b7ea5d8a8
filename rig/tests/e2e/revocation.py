# SPDX-License-Identifier: Apache-2.0
"""The revocation clock: every leg is read, in order, with a CA of files and with OpenBao; a budget that is too short is the
CA's error; no test certificate stays valid. `rig ca ocsp` and `rig ca responder` (asked by `openssl ocsp`) say the same."""
import contextlib
import re
import signal
import subprocess
import sys

from harness import GOOD, RIG, SOURCE, Reports, check, database, main, rig, work_folder
from vault_station import station

SUITE = SOURCE / "suites/revocation.yaml"
STEPS = ("published-by-the-ca", "published-on-demand")


def legs_of(step):
    legs = step["evidence"]["after_revoke_ms"]
    check(set(legs) == {"revoked", "ocsp", "crl", "loaded", "refused"}, step["name"], legs)
    return legs


def check_ocsp(evidence, has_reason):
    revoked, sibling = evidence["ocsp"]["revoked"], evidence["ocsp"]["sibling"]
    check(revoked["status"] == "revoked" and sibling["status"] == "good", evidence["ocsp"])
    check(revoked["reason"] == ("cessationOfOperation" if has_reason else "unspecified"), revoked)
    check(revoked["revoked_at"] <= revoked["this_update"] < revoked["next_update"], revoked)
    check("revoked_at" not in sibling and sibling["this_update"] >= revoked["this_update"], sibling)


def check_clock(reports, has_reason, board):
    for name in STEPS:
        step = next(s for s in reports.steps(board) if s["step"] == name)
        legs = legs_of(step)
        check(legs["revoked"] <= legs["ocsp"] <= legs["loaded"], name, "ocsp", legs)
        check(legs["revoked"] <= legs["crl"] <= legs["loaded"] <= legs["refused"], name, "in this order", legs)
        evidence = step["evidence"]
        check_ocsp(evidence, has_reason)
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


def good(out, run, has_reason, n_boards=2):
    run("run", SUITE, "--virtual", n_boards, "--out", out, expect=0)
    reports = Reports(out)
    reports.validate()
    check(set(reports.verdicts().values()) <= GOOD, reports.verdicts())
    for board in reports.verdicts():
        check_clock(reports, has_reason, board)
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


def forgetful(folder):
    """Only the OCSP leg notices; what was read until then is in the report, and nobody waits beyond the budget."""
    text = SUITE.read_text().replace("ocsp: {warn: 1s, fail: 10s}", "ocsp: {fail: 300ms}")
    (folder / "forgetful.yaml").write_text(text)
    rig("run", folder / "forgetful.yaml", "--virtual", 1, "--twin", "ca:ocsp_forgets", "--out", folder / "forgetful", expect=3)
    bad = Reports(folder / "forgetful").first_bad("b1")
    check(bad["step"] == STEPS[0] and bad["verdict"] == "error", bad)
    check("the OCSP responder still does not say so, and its budget is over" in bad["error"]["text"], bad["error"])
    legs = legs_of(bad)
    check(legs["ocsp"] is None and legs["crl"] is not None, legs)
    check(bad["evidence"]["ocsp"]["revoked"]["status"] == "good", bad["evidence"])
    check_register(folder / "forgetful", 2)


def serials(out):
    """(one that is installed, one that is revoked)"""
    with database(out) as db:
        found = {r["state"]: r["serial"] for r in db.execute("select serial, state from certificates")}
    check({"installed", "revoked"} <= found.keys(), found)
    return found["installed"], found["revoked"]


def asked(run, out, never_issued):
    """What `rig ca ocsp` says after the run."""
    installed, revoked = serials(out)
    for serial, status in ((installed, "good"), (revoked, "revoked at "), ("0123456789abcdef", never_issued)):
        said = run("ca", "ocsp", serial, "--out", out, expect=0).stdout
        check(said.startswith(f"{serial}: {status}") and "next update" in said, said)
    check("hex digits" in run("ca", "ocsp", "nothing", "--out", out, expect=2).stderr, "a serial that is none")


@contextlib.contextmanager
def responder(out):
    process = subprocess.Popen([RIG, "ca", "responder", "--out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    try:
        url = process.stdout.readline().strip()
        check(url.startswith("http://127.0.0.1:"), url or process.stderr.read())
        yield url
        process.send_signal(signal.SIGINT)
        check(process.wait(timeout=20) == 0, "the responder ended with", process.returncode)
        check(process.stderr.read() == "", "the responder complained")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def openssl_ocsp(folder, url, serial, *options):
    done = subprocess.run(["openssl", "ocsp", *options, "-url", url, "-issuer", folder / "issuer.pem", "-serial", f"0x{serial}",
                           "-CAfile", folder / "chain.pem"], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def n_issued(out):
    return int(re.search(r"^(\d+) issued", rig("ca", "show", "--out", out, expect=0).stdout, re.M).group(1))


def peer(folder, out):
    """Another relying party asks by HTTP, while revocations go on."""
    chain = rig("ca", "chain", "--out", out, expect=0).stdout
    (folder / "chain.pem").write_text(chain)
    (folder / "issuer.pem").write_text(re.search(r"-----BEGIN.*?END CERTIFICATE-----\n", chain, re.S).group())
    installed, revoked = serials(out)
    before = n_issued(out)
    with responder(out) as url:
        check(n_issued(out) == before + 1, "its certificate was not made before it said that it serves")
        for options in ((), ("-no_nonce",), ("-sha256",)):
            for serial, status in ((installed, "good"), (revoked, "revoked"), ("0123456789abcdef", "unknown")):
                code, said = openssl_ocsp(folder, url, serial, *options)
                check(code == 0 and "Response verify OK" in said and f"{serial}: {status}" in said.replace("0x", ""), said)
                check("WARNING" not in said, said)
                check(status != "revoked" or "Reason: cessationOfOperation" in said, said)
        rig("ca", "revoke", installed, "--out", out, expect=0)
        check("revoked" in openssl_ocsp(folder, url, installed)[1], "revoked while the responder runs")
        (folder / "issuer.pem").write_text(chain[chain.rindex("-----BEGIN"):])
        code, said = openssl_ocsp(folder, url, installed)
        check("unauthorized" in said, "another issuer:", said)


def local():
    with work_folder() as folder:
        good(folder / "out", rig, has_reason=True)
        over_budget(folder)
        forgetful(folder)
        asked(rig, folder / "out", "unknown")
        peer(folder, folder / "out")


def vault():
    with station() as (where, folder):
        good(folder / "out", where.rig, has_reason=False)
        asked(where.rig, folder / "out", "good")
        said = where.rig("ca", "responder", "--out", folder / "out", expect=2).stderr
        check("has a responder of its own" in said, said)


main({"local": local, "vault": vault}[sys.argv[1]])
