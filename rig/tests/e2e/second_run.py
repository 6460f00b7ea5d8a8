# SPDX-License-Identifier: Apache-2.0
"""A second run on the same boards: the register keeps one row a device, and the older certificates are superseded."""
from harness import Reports, SMOKE, check, database, main, rig, work_folder


def test():
    with work_folder() as out:
        rig("run", SMOKE, "--virtual", 2, "--out", out, expect=0)
        with database(out) as db:
            first = {d["mac"]: d["serial"] for d in db.execute("select mac, serial from devices")}
        rig("run", SMOKE, "--virtual", 2, "--out", out, expect=0)
        Reports(out).validate()
        with database(out) as db:
            second = {d["mac"]: d["serial"] for d in db.execute("select mac, serial from devices")}
            check(first.keys() == second.keys() and len(second) == 2, first, second)
            for mac, serial in first.items():
                check(serial != second[mac], mac, "kept its serial")
        shown = rig("register", "show", "b1", "--out", out, expect=0).stdout
        check("superseded" in shown and "installed" in shown, shown)
        crl = rig("ca", "crl", "--out", out, expect=0).stdout
        check(crl.count("BEGIN X509 CRL") == 3, "one CRL for each CA of the chain")
        check("0 orphans" in rig("register", "orphans", "--out", out, expect=0).stdout, "orphans")


main(test)
