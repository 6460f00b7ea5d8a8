# SPDX-License-Identifier: Apache-2.0
"""A chip of the shelf other than the ESP32: a whole suite on it, its fuses, secure download mode.

usage: chips.py CHIP TITLE
"""
import pathlib
import sys

from harness import GOOD, SMOKE, Reports, check, database, main, rig, virtual_board, work_folder

CHIP, TITLE = sys.argv[1:3]


def suite_passes():
    with work_folder() as out:
        rig("run", SMOKE, "--virtual", 2, "--chip", TITLE.lower(), "--out", out, expect=0)
        reports = Reports(out)
        reports.validate()
        check(all(verdict in GOOD for verdict in reports.verdicts().values()), reports.verdicts())
        identified = [s for s in reports.steps() if s["step"] == "identify"]
        check(len(identified) == 2, identified)
        for step in identified:
            evidence = step["evidence"]
            check(evidence["chip"] == CHIP and evidence["secure_boot"] is False, evidence)
        devices = database(out)
        chips = {row["chip"] for row in devices.execute("SELECT chip FROM devices")}
        devices.close()
        check(chips == {CHIP}, chips)


def bench(folder, address):
    path = folder / "bench.yaml"
    path.write_text(f"rig: 1\nboards:\n  - {{id: one, port: '{address}', chip: {TITLE}}}\n")
    return path


def fuses_are_shown():
    with virtual_board("--chip", CHIP, "--fuse", "secure-boot", "--fuse", "jtag-disabled") as address:
        said = rig("reset", address, "--download", expect=0).stdout
        check(TITLE in said and "fuses: secure boot, JTAG disabled" in said, said)


def fuses_can_be_required():
    with work_folder() as out, virtual_board("--chip", CHIP, "--fuse", "secure-boot") as address:
        smoke = pathlib.Path(SMOKE).read_text()
        for require, code in (("{secure_boot: true, jtag_disabled: false}", 0),
                              ("{secure_boot: true, jtag_disabled: true}", 1)):
            suite = out / f"required-{code}.yaml"
            suite.write_text(smoke + f"\nrequire: {require}\n")
            rig("run", suite, "--bench", bench(out, address), "--out", out / f"out-{code}", expect=code)
        bad = Reports(out / "out-1").first_bad("one")
        check(bad["step"] == "identify" and bad["error"]["code"] == "policy", bad)
        check("requires jtag_disabled: true" in bad["error"]["text"], bad)


def secure_download_is_named():
    """Download mode is reached, and the first step that needs more says why it can't have it."""
    with work_folder() as out, virtual_board("--chip", CHIP, "--fuse", "secure-download") as address:
        said = rig("reset", address, "--download", expect=0).stdout
        check("fuses: secure download mode" in said and "MAC" not in said, said)
        image = out / "image"
        image.write_bytes(bytes(5000))
        done = rig("flash", address, "0x180000", image, expect=1)
        check(f"this {TITLE} is in secure download mode" in done.stderr, done.stderr)

        rig("run", SMOKE, "--bench", bench(out, address), "--out", out / "out", expect=1)
        reports = Reports(out / "out")
        reports.validate()
        bad = reports.first_bad("one")
        check(bad["step"] == "identify" and bad["verdict"] == "fail", bad)
        check(bad["error"]["code"] == "unsupported" and "secure download mode" in bad["error"]["text"], bad)


def test():
    suite_passes()
    fuses_are_shown()
    fuses_can_be_required()
    secure_download_is_named()


main(test)
