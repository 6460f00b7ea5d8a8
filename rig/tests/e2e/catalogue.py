# SPDX-License-Identifier: Apache-2.0
"""The handshake catalogue: the list in suites/README.md and the two suites say the same; good boards end every case as the
list says, with evidence of both sides; and a failure leaves words, certificates and a capture that people can follow.

usage: catalogue.py list | run BOARDS SUITE... | failed
"""
import re
import shutil
import struct
import subprocess
import sys

from catalogue_list import cases_of, expectation, rows_of, split_outside
from harness import GOOD, SOURCE, Reports, check, main, no_private_key_below, rig, work_folder

SUITES = ("mtls-device", "mtls-server")
LEAST = 120
PCAPNG_BLOCKS = {0x0A0D0D0A: "section", 1: "interface", 6: "packet", 10: "secrets"}
# mbedTLS's flags by the names that suites use
FLAGS = {"EXPIRED": 0x01, "REVOKED": 0x02, "CN_MISMATCH": 0x04, "NOT_TRUSTED": 0x08, "BADCRL_NOT_TRUSTED": 0x10,
         "BADCRL_EXPIRED": 0x20, "FUTURE": 0x200, "BADCRL_FUTURE": 0x400, "EXT_KEY_USAGE": 0x1000, "BAD_MD": 0x4000,
         "BAD_KEY": 0x10000, "BADCRL_BAD_MD": 0x20000}


def suite_path(name):
    return SOURCE / "suites" / f"{name}.yaml"


def the_list():
    covered, uncovered = rows_of((SOURCE / "suites/README.md").read_text())
    suites = {name: cases_of(suite_path(name)) for name in SUITES}
    listed = {name: set() for name in SUITES}
    for suite, row, cases, ends_as in covered:
        check(suite in suites, "row", row, "belongs to no suite")
        check(cases, "row", row, "names no case, and does not say why")
        for case in cases:
            check(case in suites[suite], f"{suite}: row '{row}': there is no case {case}")
            check(case not in listed[suite], f"{suite}: case {case} is in two rows")
            listed[suite].add(case)
            said = expectation(suites[suite][case])
            check(said == ends_as, f"{suite}: {case}: the list says '{ends_as}', the suite '{said}'")
    for row in uncovered:
        check(len(row[2]) > 20, "row without a case and without a reason:", row)
    for name, cases in suites.items():
        check(set(cases) == listed[name], f"{name}: cases in no row: {sorted(set(cases) - listed[name])}")
        for case in cases.values():
            check(case["expect"] == "accepted" or case.get("means"), f"{name}: {case['case']} does not say what it means")
    n = sum(len(c) for c in suites.values())
    print(f"{n} cases in {len(covered)} rows ({', '.join(f'{name} {len(c)}' for name, c in suites.items())}), "
          f"{len(uncovered)} rows without a case say why")
    check(n >= LEAST, "only", n, "cases")
    return {(suite, case): ends_as for suite, _, cases, ends_as in covered for case in cases}


def seen_as_listed(ends_as, case, evidence):
    """The evidence holds what the list says, whatever the verdict was."""
    server, device = evidence["server"], evidence["device"]
    how, _, rest = ends_as.partition(": ")
    # a server that is wrong on purpose may have echoed other bytes
    check(device["echoed"] == (how == "accepted"), case, "ended otherwise:", evidence)
    resumed = False
    for part in split_outside(rest, ","):
        if part == "resumed":
            resumed = True
        elif part.startswith("alert "):
            alerts = part[len("alert "):].split(" or ")
            check(server["alert_sent"] in alerts or server["alert_received"] in alerts, case, part, evidence)
        elif part.startswith("code "):
            check(int(device["tls_code"], 16) in [int(c, 16) for c in part[len("code "):].split(" or ")], case, part, evidence)
        elif part.startswith("offers "):
            check(server["version"] in server["offered_versions"], case, part, evidence)
            check(device["cipher"].replace("-", "_") in server["offered_ciphers"], case, part, evidence)
        elif part.startswith("OCSP "):
            check(server["ocsp_result"] == part[len("OCSP "):], case, part, evidence)
        elif part.startswith("finds "):
            check(sorted(re.findall(r"[a-z0-9_]+", server["policy_findings"])) == sorted(part[len("finds "):].split(" and ")),
                  case, part, evidence)
        elif how == "device-rejects":
            wanted = sum(FLAGS[flag] for flag in part.split(" and "))
            check(int(device["verify_flags"], 16) & wanted == wanted, case, part, evidence)
        else:
            errors, _, depth = part.partition(" at depth ")
            check(server["verify_error"] in errors.split(" or "), case, part, evidence)
            check(not depth or server["verify_depth"] == int(depth), case, part, evidence)
    if how == "accepted":
        check(server["resumed"] == resumed, case, evidence)


def evidence_is_whole(step):
    evidence = step["evidence"]
    check({"device", "server", "outcome"} <= set(evidence), step["step"], "lacks evidence:", sorted(evidence))
    check(evidence["server"]["client_hello"], step["step"], "no ClientHello:", evidence)
    check(evidence["server"]["offered_versions"] and evidence["server"]["offered_ciphers"], step["step"], evidence)
    check(evidence["server"]["strangers"] == 0, step["step"], evidence)
    check(evidence["server"]["client_random"] == evidence["device"]["client_random"], step["step"], evidence)


def good_boards(n, names):
    rows = the_list()
    for name in names:
        with work_folder() as out:
            done = rig("run", suite_path(name), "--virtual", n, "--out", out)
            reports = Reports(out)
            for board in reports.verdicts():
                check(reports.first_bad(board) is None, board, reports.first_bad(board))
            check(done.returncode == 0, name, "ended with", done.returncode, done.stderr)
            total = reports.validate()
            check(total["failures"] == total["errors"] == total["skipped"] == 0, total)
            no_private_key_below(reports.folder)
            expected = {case for suite, case in rows if suite == name}
            boards = reports.verdicts()
            check(len(boards) == n and set(boards.values()) <= GOOD, boards)
            for board in boards:
                steps = [s for s in reports.steps(board) if s["case"]]
                check({s["step"] for s in steps} == expected, board, "did not run", expected - {s["step"] for s in steps})
                for step in steps:
                    evidence_is_whole(step)
                    seen_as_listed(rows[(name, step["step"])], step["step"], step["evidence"])
            print(f"{name}: {len(expected)} cases on {n} boards ended as listed")


def blocks_of(pcapng):
    """The types of its blocks; every length must be right, at both of its ends."""
    at, types = 0, []
    while at < len(pcapng):
        kind, length = struct.unpack_from("<II", pcapng, at)
        check(kind in PCAPNG_BLOCKS, "unknown block", hex(kind), "at", at)
        check(length % 4 == 0 and at + length <= len(pcapng), "block of", length, "at", at)
        check(struct.unpack_from("<I", pcapng, at + length - 4)[0] == length, "block at", at, "ends with another length")
        types.append(PCAPNG_BLOCKS[kind])
        at += length
    return types


def capture_can_be_read(path, decrypted):
    types = blocks_of(path.read_bytes())
    check(types[0] == "section" and "interface" in types and types.count("packet") >= 3, path, types)
    if decrypted:
        check("secrets" in types, path, "has no keys")
    tshark = shutil.which("tshark")
    if tshark is None:
        print("tshark is not installed: the capture's blocks were looked at alone")
        return
    done = subprocess.run([tshark, "-r", str(path), "-T", "fields", "-e", "tls.handshake.type"], capture_output=True,
                          text=True, check=False)
    check(done.returncode == 0 and re.search(r"^1\b", done.stdout, re.MULTILINE), "tshark:", done.stdout, done.stderr)


def certificates_can_be_read(path):
    pems = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", path.read_text(), re.DOTALL)
    check(pems, path, "holds no certificate")
    subjects = []
    for pem in pems:
        done = subprocess.run(["openssl", "x509", "-noout", "-subject", "-enddate"], input=pem, capture_output=True, text=True,
                              check=False)
        check(done.returncode == 0, path, done.stderr)
        subjects.append(done.stdout)
    return subjects


def a_failure_can_be_followed(reports, step, wanted_words):
    text = step["error"]["text"]
    for words in wanted_words:
        check(words in text, step["step"], "does not say", repr(words), "but", text)
    check("\n" not in text, text)
    folder = reports.folder / step["evidence"]["files"]
    check(folder.is_dir(), step["step"], "left no files:", step["evidence"])
    names = {p.name for p in folder.iterdir()}
    check({"device-chain.pem", "server-chain.pem", "server-trust.pem", "handshake.pcapng"} <= names, names)
    for name in ("device-chain.pem", "server-chain.pem", "server-trust.pem"):
        certificates_can_be_read(folder / name)
    capture_can_be_read(folder / "handshake.pcapng", step["evidence"]["server"]["handshake_done"])
    no_private_key_below(folder)
    print(f"{step['step']}: {text}")
    return folder


def failed():
    """A firmware that verifies nothing: each case about a bad server fails, the good ones pass."""
    the_list()
    with work_folder() as out:
        rig("run", suite_path("mtls-server"), "--virtual", 2, "--fault", "1:no-verify", "--out", out, expect=1)
        reports = Reports(out)
        reports.validate()
        check(reports.verdicts()["b2"] in GOOD, reports.verdicts(), reports.first_bad("b2"))
        bad = {s["step"]: s for s in reports.steps("b1") if s["verdict"] == "fail"}
        check(reports.verdicts()["b1"] == "fail" and "missing-intermediate" in bad, reports.first_bad("b1"))
        steps = {s["step"]: s for s in reports.steps("b1")}
        check(steps["good"]["verdict"] in GOOD, steps["good"])
        check("expired-in-2020" in bad and "wrong-host" in bad, sorted(bad))
        a_failure_can_be_followed(reports, bad["missing-intermediate"],
                                  ["accepted a server that it must refuse", "CONFIG_ESP_TLS_SKIP_SERVER_CERT_VERIFY"])
        folder = a_failure_can_be_followed(reports, bad["expired-in-2020"],
                                           ["accepted a server that it must refuse", "CONFIG_MBEDTLS_HAVE_TIME_DATE"])
        check("2020" in certificates_can_be_read(folder / "server-chain.pem")[0], "not the case's certificate")
        # nothing is kept of what passed
        kept = {p.name for p in (reports.folder / "cases").iterdir()}
        check(kept == {f"b1-p-256-{name}" for name in bad if "files" in bad[name].get("evidence", {})}, kept, sorted(bad))
        no_private_key_below(reports.folder)


def test():
    if sys.argv[1] == "list":
        the_list()
    elif sys.argv[1] == "failed":
        failed()
    else:
        good_boards(int(sys.argv[2]), sys.argv[3:])


main(test)
