# SPDX-License-Identifier: Apache-2.0
"""New intermediates: a good board passes suites/rotation.yaml, also over the relay, on another chip and with a power cut at
a chosen byte; each way to get it wrong is caught by the step that is about it.

usage: rotation.py good | mutants
"""
import sys

from harness import GOOD, SOURCE, Reports, ca_database, check, main, no_private_key_below, rig, work_folder

ROTATION = SOURCE / "suites/rotation.yaml"

# fault: (the step that catches it, words of its one line)
MUTANTS = {
    "update-ignores-version": ("update-rollback", "took a chain update of a lower version"),
    "update-ignores-signature": ("update-damaged", "damaged after it was signed"),
    "update-accepts-any-signer": ("update-wrong-signer", "by a signer of an unknown root"),
    "update-not-atomic": ("update-power-cut", "are gone after a power cut"),
    "update-replaces-root": ("update-root-instead", "trust root changed"),
    "update-forgets-old": ("update-rollback", "are gone after an update that it refused"),
}
# before erasing, in it, at its end, in the object, near its end, beyond it
POWER_CUTS = (0, 1000, 4096, 4500, 5600, 5999)


def step(reports, board, name):
    return next(s for s in reports.steps(board) if s["step"] == name)


def intermediates(reports, board, case):
    """What the server was shown."""
    return step(reports, board, case)["evidence"]["server"]["peer_intermediates_sha256"]


def boards_show_what_they_must(reports, board):
    flashed = intermediates(reports, board, "with-flashed-intermediate")
    new = intermediates(reports, board, "with-new-intermediate")
    newer = intermediates(reports, board, "with-newer-intermediate")
    check(len(flashed) == len(new) == len(newer) == 2, flashed, new, newer)
    check(flashed[0] != new[0] != newer[0] != flashed[0], "the issuing CA's certificate is not another one")
    check(flashed[1] == new[1] == newer[1], "the CA above it changed")
    check(intermediates(reports, board, "after-refusals") == new, "another one after refusals")
    cut = step(reports, board, "update-power-cut")["evidence"]["cuts"]
    check(len(cut) == 6, cut)
    check(cut[0]["after"] == cut[0]["before"], "changed before the commit:", cut[0])
    for one in cut:
        check(one["after"]["version"] in (one["before"]["version"], one["offered_version"]), one)
    after = intermediates(reports, board, "after-power-cuts")
    check(after[0] == cut[-1]["after"]["issuing_ca_sha256"], after, cut[-1])
    check(intermediates(reports, board, "as-flashed") == flashed, "not left as it was flashed")


def supply_failed(reports, board):
    """A supply that failed while the rig waited for the answer, and not in a cut of the rig's own: named, and tried again."""
    flaky = [s for s in reports.steps(board) if s["verdict"] == "flaky"]
    return board != "b1" and [s["step"] for s in flaky] == ["update-power-cut"] and "BROWN_OUT" in flaky[0]["error"]["text"]


def run(out, suite, *args, code=0):
    rig("run", suite, *args, "--out", out, expect=code)
    reports = Reports(out)
    reports.validate()
    no_private_key_below(out / "runs")
    return reports


def good_boards_pass():
    with work_folder() as out:
        faults = [word for n, byte in enumerate(POWER_CUTS) for word in ("--fault", f"{n + 2}:power-cut-in-update:{byte}")]
        reports = run(out, ROTATION, "--virtual", len(POWER_CUTS) + 1, *faults)
        for board, verdict in reports.verdicts().items():
            check(verdict in GOOD or supply_failed(reports, board), board, verdict, reports.first_bad(board))
            boards_show_what_they_must(reports, board)
        # what came to be for updates is in the CA's memory, and nothing of it is a device's
        database = ca_database(out)
        signers = database.execute("SELECT count(*) FROM certificate WHERE subject LIKE '%Chain Update Signer%'").fetchone()[0]
        database.close()
        check(signers >= 15 * (len(POWER_CUTS) + 1), "signers on record:", signers)

        # the same boards again: versions begin anew after chain-erase
        reports = run(out, ROTATION, "--virtual", 2)
        check(all(verdict in GOOD for verdict in reports.verdicts().values()), reports.verdicts())
        check(step(reports, "b1", "update-good")["evidence"]["before"]["version"] == 0, "not begun anew")


def relay_and_another_chip_pass():
    with work_folder() as out:
        suite = out / "relayed.yaml"
        suite.write_text(ROTATION.read_text().replace("tls:\n", "tls:\n  transport: relay\n"))
        for args in (("--virtual", 1), ("--virtual", 1, "--chip", "esp32-c3")):
            reports = run(out / args[-1] if len(args) > 2 else out / "esp32", suite, *args)
            check(reports.verdicts()["b1"] in GOOD, args, reports.first_bad("b1"))
            boards_show_what_they_must(reports, "b1")


def mutants_are_caught():
    with work_folder() as out:
        faults = [word for n, name in enumerate(MUTANTS) for word in ("--fault", f"{n + 1}:{name}")]
        reports = run(out, ROTATION, "--virtual", len(MUTANTS) + 1, *faults, code=1)
        for n, (name, (caught_by, words)) in enumerate(MUTANTS.items()):
            bad = reports.first_bad(f"b{n + 1}")
            check(bad is not None, name, "survived")
            check(bad["step"] == caught_by and bad["verdict"] == "fail", name, bad)
            check(words in bad["error"]["text"] and "\n" not in bad["error"]["text"], name, bad["error"])
            print(f"{name}: {bad['step']}: {bad['error']['text']}")
        last = f"b{len(MUTANTS) + 1}"
        check(reports.verdicts()[last] in GOOD, "the good twin:", reports.first_bad(last))


def test():
    if sys.argv[1] == "good":
        good_boards_pass()
        relay_and_another_chip_pass()
    else:
        mutants_are_caught()


main(test)
