# SPDX-License-Identifier: Apache-2.0
"""The acceptance suite on N boards with certificates of a fresh OpenBao: `vault_acceptance.py N approle|cert|token`."""
import sys

from harness import ACCEPTANCE, GOOD, Reports, check, main, no_private_key_below
from vault_station import certificates, check_books, station


def log_in_by(method, where):
    server = where.server
    if method == "cert":
        where.change_login(f"{{method: cert, certificate_file: {server.client_certificate}, "
                           f"key_file: {server.client_key}}}")
    elif method == "token":
        where.change_login(f"{{method: token, token_file: {server.token_file(['rig-station'])}}}")
        where.change_login("{method: token, token_env: QA_TOKEN}", name="qa")
    check(f"method: {method}" in where.config.read_text(), method)


def test():
    n_boards, method = int(sys.argv[1]), sys.argv[2]
    with station(certificates=method == "cert") as (where, folder):
        log_in_by(method, where)
        out = folder / "out"
        env = {"QA_TOKEN": where.server.token(["rig-qa"])} if method == "token" else {}
        where.rig("run", ACCEPTANCE, "--virtual", n_boards, "--out", out, expect=0, env=env)
        reports = Reports(out)
        reports.validate()
        check(all(v in GOOD for v in reports.verdicts().values()) and len(reports.verdicts()) == n_boards,
              reports.verdicts())
        rows = check_books(where, out)
        # two keys a board; each the device's own, one revoked, one that ended
        check(len(rows) == n_boards * 2 * 3, len(rows), "certificates")
        signed = [s for s in reports.steps() if s["step"] == "sign"]
        for step in signed:
            check(step["evidence"]["ca"] == "vault" and step["evidence"]["ca_request"], step["evidence"])
            check(where.server.put("auth/token/lookup-accessor", {"accessor": step["evidence"]["ca_token_accessor"]})
                  if method == "token" else step["evidence"]["ca_token_accessor"], "accessor")
        check('name="ca" value="vault"' in reports.junit_path.read_text(), "JUnit property ca")
        check("ca-tls-verification" not in reports.junit_path.read_text(), "nothing was left unverified")
        no_private_key_below(out / "runs")
        shown = where.rig("ca", "show", expect=0, env=env).stdout
        check("role rig-device of pki_device" in shown and "good until" in shown, shown)
        check(where.rig("ca", "crl", expect=0, env=env).stdout.count("BEGIN X509 CRL") == 3, "CRLs of both CAs, and root")
        check(where.rig("ca", "chain", expect=0, env=env).stdout.count("BEGIN CERTIFICATE") == 2, "chain")
        orphans = where.rig("register", "orphans", "--out", out, expect=0, env=env).stdout
        check(orphans.startswith("0 orphans"), orphans)
        serial = next(row["serial"] for row in certificates(out) if row["state"] == "installed")
        where.rig("ca", "revoke", serial, "--out", out, expect=0, env=env)
        check(where.issued()[serial]["revocation_time"] != 0, "revoked by hand")


main(test)
