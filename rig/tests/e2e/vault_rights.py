# SPDX-License-Identifier: Apache-2.0
"""Least privilege: the station's login signs by its one role, and is refused everything else."""
from harness import check, main
from vault_station import station


def test():
    with station() as (where, _):
        server = where.server
        token = server.token(["rig-station"])
        csr = {"csr": "none"}
        allowed = [("POST", "pki_device/sign/rig-device", csr, 400), ("GET", "pki_device/roles/rig-device", None, 200),
                   ("GET", "auth/token/lookup-self", None, 200), ("GET", "pki_device/issuer/default/json", None, 200)]
        server.put("pki_device/roles/another", {"allow_any_name": True, "key_type": "any"})
        denied = [("POST", "pki_device/issue/rig-device", {"common_name": "rig-1"}),
                  ("POST", "pki_device/sign-verbatim", csr), ("POST", "pki_device/sign-verbatim/rig-device", csr),
                  ("POST", "pki_device/sign/another", csr), ("POST", "pki_device/revoke", {"serial_number": "01:02"}),
                  ("GET", "pki_device/crl/rotate", None), ("POST", "pki_device/roles/rig-device", {"max_ttl": "90000h"}),
                  ("POST", "pki_device/roles/mine", {"allow_any_name": True}), ("DELETE", "pki_device/roles/another", None),
                  ("LIST", "pki_device/certs", None), ("POST", "pki_device/root/generate/internal", {"common_name": "x"}),
                  ("POST", "pki_device/issuer/default/sign/rig-device", csr),
                  ("POST", "pki_device/issuer/default/sign-verbatim", csr), ("POST", "pki_device/config/crl", {"disable": True}),
                  ("POST", "pki_device/config/urls", {}), ("POST", "pki_server/sign/rig-test-server", csr),
                  ("POST", "pki_server/revoke", {"serial_number": "01:02"}), ("POST", "auth/token/create", {}),
                  ("GET", "sys/audit", None), ("POST", "sys/seal", {}), ("GET", "sys/policies/acl/rig-station", None)]
        for method, path, body, expected in allowed:
            status = server.status_of(method, path, body, token=token)
            check(status == expected, "station", method, path, "gave", status, "expected", expected)
        for method, path, body in denied:
            status = server.status_of(method, path, body, token=token)
            check(status == 403, "station", method, path, "gave", status, "expected 403")
        qa = server.token(["rig-qa"])
        for method, path, body in (("POST", "pki_device/roles/rig-device", {}), ("POST", "pki_device/issue/rig-device", {}),
                                   ("POST", "pki_device/sign-verbatim", csr), ("POST", "pki_device/config/crl", {}),
                                   ("POST", "auth/token/create", {}), ("POST", "sys/policies/acl/rig-qa", {"policy": ""})):
            status = server.status_of(method, path, body, token=qa)
            check(status == 403, "QA", method, path, "gave", status, "expected 403")


main(test)
