# SPDX-License-Identifier: Apache-2.0
"""suites/ca-regression.yaml against a CA: `local` and `good` (OpenBao as `rig vault setup` makes it) are strong, `seed` (the
source document's role on mounts of its kind) has exactly the weaknesses that the facts list; in `good`, a role that was changed for the worse
is found, too."""
import re
import sys

from bao import openbao
from harness import Reports, SOURCE, check, database, main, no_private_key_below, rig, work_folder
from vault_station import Station

SUITE = SOURCE / "suites/ca-regression.yaml"
SEED = {"allowed_domains": "wisefido.work", "allow_subdomains": True, "allow_any_name": True, "key_type": "rsa",
        "key_bits": 2048, "max_ttl": "26280h"}
# Measured on OpenBao 2.7.2. Not here: what no role can refuse and the rig's own checks stop (another device's name, a CSR sent
# twice, weak RSA keys, a SHA-1 signature), and 9999, which lies beyond the CA's own end.
SEED_WEAK = {
    "10000-sans", "san-dns-server", "san-dns-other-device", "san-dns-wildcard", "san-ip", "san-email", "cn-server",
    "cn-localhost", "cn-wildcard", "cn-email", "two-cns", "server-purpose", "ttl-missing",
    "not-after-past-ttl", "issuance-rsa-2048",
}
SEED_DETECTED = {"sha1-signature", "trailing-text", "wrong-pem-label", "rsa-4096", "rsa-e3", "rsa-roca", "rsa-shared-prime",
                 "cn-other-device", "cn-non-ascii", "cn-homograph", "same-csr-twice", "same-key-two-devices", "replay"}
SEED_SKIPPED = {"issuance-p-256"}


def steps_of(out):
    reports = Reports(out)
    reports.validate()
    no_private_key_below(reports.folder)
    check(reports.verdicts().keys() == {"ca"}, reports.verdicts())
    steps = {s["step"]: s for s in reports.steps("ca")}
    names = re.findall(r"^  - attack: (\S+)", SUITE.read_text(), re.MULTILINE)
    check(len(names) > 60 and set(names) <= steps.keys(), "not tried:", set(names) - steps.keys())
    check({"control", "control-after", "revoke"} <= steps.keys(), steps.keys())
    return reports, steps


def named(steps, verdict):
    return {name for name, step in steps.items() if step["verdict"] == verdict}


def outcome(steps, word):
    return {name for name, step in steps.items() if step.get("evidence", {}).get("outcome") == word}


def check_nothing_left(out, steps):
    """Everything that was given out is in the register as a test certificate, and revoked; the journal is closed."""
    with database(out) as db:
        rows = [dict(row) for row in db.execute("select * from certificates")]
        still_open = db.execute("select count(*) from journal where closed_ms is null").fetchone()[0]
    check(rows and all(r["purpose"] == "test" and r["state"] == "revoked" for r in rows), rows)
    check(still_open == 0, still_open, "entries of the journal are open")
    check(steps["revoke"]["evidence"] == {"given_out": len(rows), "not_revoked": []}, steps["revoke"])


def check_strong(out, expect_detected=frozenset()):
    _, steps = steps_of(out)
    check(not named(steps, "fail") and not named(steps, "error"), named(steps, "fail"), named(steps, "error"))
    check(not named(steps, "skip"), named(steps, "skip"))
    check(expect_detected <= outcome(steps, "detected"), expect_detected - outcome(steps, "detected"))
    check_nothing_left(out, steps)
    return steps


def local(folder):
    out = folder / "out"
    rig("run", SUITE, "--out", out, expect=0)
    steps = check_strong(out, {"same-csr-twice", "same-key-two-devices", "rsa-shared-prime"})
    check(len(outcome(steps, "refused")) > 45, outcome(steps, "refused"))
    check(outcome(steps, "allowed") <= {"rsa-3072", "p-256", "p-384"}, outcome(steps, "allowed"))
    check("0 orphans" in rig("register", "orphans", "--out", out, expect=0).stdout, "orphans are left")
    # the same register and CA a second time: nothing of the first run stands in the way
    rig("run", SUITE, "--out", out, expect=0)
    done = rig("run", SUITE, "--virtual", "1", "--out", out, expect=2)
    check("leave --bench and --virtual out" in done.stderr, done.stderr)
    declared(folder, out)


def declared(folder, out):
    """What the suite declares outweighs the table: a CA that refuses what must be granted is wrong, too."""
    suite = folder / "declared.yaml"
    suite.write_text("rig: 1\nname: declared\nattacks:\n  - attack: ed25519\n    expect: allowed\n"
                     "  - attack: p-384\n    expect: refused\n  - attack: p-256\n    expect: allowed\n")
    rig("run", suite, "--out", out, expect=1)
    steps = {s["step"]: s for s in Reports(out).steps("ca")}
    check(named(steps, "fail") == {"ed25519", "p-384"}, steps)
    check("the suite says that the CA must grant it, but it was refused" in steps["ed25519"]["error"]["text"], steps)
    check("the CA granted it (there is a certificate), expected refused" in steps["p-384"]["error"]["text"], steps)


def good(folder):
    with openbao(folder) as server:
        station = Station(server, folder / "vault")
        out = folder / "out"
        station.rig("run", SUITE, "--out", out, expect=0)
        check_strong(out, {"same-csr-twice", "same-key-two-devices", "replay", "cn-other-device"})
        issued = station.issued()
        check(issued and all(found["revocation_time"] != 0 for found in issued.values()), "not revoked at the server")
        narrow(station, folder)


def narrow(station, folder):
    """One field of the role changed for the worse: found, and nothing else."""
    out = folder / "out"
    role = "pki_device/roles/rig-device"
    for field, weak in (({"use_csr_sans": True}, {"san-dns-other-device"}), ({"server_flag": True}, {"server-purpose"})):
        station.server.patch(role, field)
        station.rig("run", SUITE, "--out", out, expect=1)
        _, steps = steps_of(out)
        check(weak <= named(steps, "fail"), field, named(steps, "fail"))
        check(not named(steps, "error"), named(steps, "error"))
        station.server.patch(role, {name: not value for name, value in field.items()})


def source_documents_ca(server, folder):
    """Root and intermediate as the source document has them: nothing said but what it says."""
    for mount in ("pki", "pki_int"):
        server.put(f"sys/mounts/{mount}", {"type": "pki", "config": {"max_lease_ttl": "87600h"}})
    root = server.put("pki/root/generate/internal", {"common_name": "Root", "ttl": "87600h"})["certificate"]
    csr = server.put("pki_int/intermediate/generate/internal", {"common_name": "Intermediate"})["csr"]
    signed = server.put("pki/root/sign-intermediate", {"csr": csr, "ttl": "80000h", "common_name": "Intermediate"})
    server.put("pki_int/intermediate/set-signed", {"certificate": f"{signed['certificate']}\n{root}"})
    server.put("pki_int/roles/device-role", SEED)
    (folder / "root.pem").write_text(root)


def seed(folder):
    with openbao(folder) as server:
        source_documents_ca(server, folder)
        config = folder / "ca.yaml"
        config.write_text(f"rig: 1\nvault:\n  address: {server.address}\n  ca_file: {server.ca_file}\n"
                          f"  device: {{mount: pki_int, role: device-role}}\n"
                          f"  server: {{mount: pki_int, role: device-role}}\n"
                          f"  root: root.pem\n  login: {{method: token, token_env: RIG_TEST_TOKEN}}\n")
        out = folder / "out"
        done = rig("run", SUITE, "--ca", "vault", "--ca-config", config, "--out", out, expect=1,
                   env={"RIG_TEST_TOKEN": server.environment()["BAO_TOKEN"]})
        reports, steps = steps_of(out)
        check(named(steps, "fail") == SEED_WEAK, "too many:", sorted(named(steps, "fail") - SEED_WEAK), "missing:",
              sorted(SEED_WEAK - named(steps, "fail")))
        check(named(steps, "skip") == SEED_SKIPPED, named(steps, "skip"))
        check(not named(steps, "error"), named(steps, "error"))
        check(outcome(steps, "detected") - SEED_WEAK == SEED_DETECTED, sorted(outcome(steps, "detected") - SEED_WEAK))
        server_name = steps["cn-server"]
        check("impersonate the server" in server_name["error"]["text"], server_name["error"])
        check("allow_any_name=false" in server_name["evidence"]["remedy"], server_name)
        for name in SEED_WEAK:
            check((reports.folder / f"{name}.certificate.pem").read_text().startswith("-----BEGIN CERTIFICATE"), name)
        check("CSR" not in done.stderr, done.stderr)
        check_nothing_left(out, steps)


def test():
    with work_folder() as folder:
        {"local": local, "good": good, "seed": seed}[sys.argv[1]](folder)


main(test)
