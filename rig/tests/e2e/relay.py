# SPDX-License-Identifier: Apache-2.0
"""The same cases with TLS relayed over the UART, for stations without a network for boards; also on a noisy line."""
from harness import GOOD, RELAY, Reports, check, main, rig, work_folder


def test():
    with work_folder() as out:
        rig("run", RELAY, "--virtual", 3, "--fault", "2:drop-bytes:3", "--out", out, expect=0)
        reports = Reports(out)
        reports.validate()
        verdicts = reports.verdicts()
        check(verdicts["b1"] in GOOD and verdicts["b3"] in GOOD, verdicts)
        check(verdicts["b2"] in ("pass", "flaky"), verdicts)


main(test)
