# SPDX-License-Identifier: Apache-2.0
"""One fault on board 2 of 3: it ends as the fault deserves and says what is wrong; its neighbours pass."""
import re
import sys
import time

from harness import ACCEPTANCE, GOOD, Reports, check, main, no_private_key_below, rig, work_folder

# fault: (verdicts that board 2 may end with, words that its first failure must have)
EXPECTED = {
    "silent": ({"fail"}, r"silent|no byte|no answer"),
    "boot-loop": ({"fail"}, r"restart|boot loop|again and again"),
    "stuck-in-download": ({"fail"}, r"download mode|IO0"),
    "garbage-on-uart": ({"flaky", "pass", "fail"}, r"noise|garbage|unreadable|repeated|answer|checksum"),
    "drop-bytes": ({"flaky", "pass", "fail"}, r"noise|lost|repeated|answer|checksum"),
    "reset-mid-flash": ({"flaky"}, r""),
    "flash-bit-stuck": ({"fail"}, r"flash|MD5|0x11"),
    "hang-in-keygen": ({"fail"}, r"keygen|answer|sign of life"),
    "csr-bad-signature": ({"fail"}, r"signature"),
    "csr-other-key": ({"fail"}, r"key"),
    "keygen-repeats": ({"fail"}, r"same key|b2.*b3|b3.*b2"),
    "stale-certificate": ({"fail"}, r"certificate"),
    "no-verify": ({"fail"}, r"accepted a server"),
    "says-ok-over-error": ({"fail"}, r"reports success|not to be trusted"),
    "leaks-key": ({"fail"}, r"private key"),
}


def check_board_2(fault, reports):
    verdicts, words = EXPECTED[fault]
    verdict = reports.verdicts()["b2"]
    check(verdict in verdicts, f"b2 ended {verdict}, expected one of {sorted(verdicts)}:", reports.first_bad("b2"))
    bad = reports.first_bad("b2")
    if verdict in ("fail", "error"):
        text = bad["error"]["text"]
        check(re.search(words, text, re.IGNORECASE), f"{bad['name']}: '{text}' has none of {words}")
        check("\n" not in text, "more than one line:", text)
        print(f"{fault}: {verdict}: {bad['name']}: {text}")
    else:
        repeats = [s["name"] for s in reports.steps("b2") if s["verdict"] == "flaky"]
        check(verdict == "pass" or repeats, "flaky without a flaky step")
        print(f"{fault}: {verdict}: {repeats}")


def test():
    fault = sys.argv[1]
    args = ["--fault", f"2:{fault}"]
    if fault == "keygen-repeats":
        args += ["--fault", f"3:{fault}"]
    started = time.monotonic()
    with work_folder() as out:
        done = rig("run", ACCEPTANCE, "--virtual", 3, *args, "--out", out)
        reports = Reports(out)
        reports.validate()
        check(time.monotonic() - started < 600, "longer than the suite's limit")
        check_board_2(fault, reports)
        verdicts = reports.verdicts()
        check(verdicts["b1"] in GOOD, "b1:", verdicts, reports.first_bad("b1"))
        if fault == "keygen-repeats":
            check(verdicts["b3"] == "fail", verdicts)
            for board, other in (("b2", "b3"), ("b3", "b2")):
                texts = [s["error"]["text"] for s in reports.steps(board) if s["verdict"] == "fail"]
                check(any(other in t and board in t for t in texts), board, "does not name both:", texts)
        else:
            check(verdicts["b3"] in GOOD, "b3:", verdicts, reports.first_bad("b3"))
        bad = {v for v in verdicts.values()} & {"fail", "error"}
        check(done.returncode == (1 if "fail" in bad else 3 if bad else 0), "exit code", done.returncode, verdicts)
        no_private_key_below(out / "runs")


main(test)
