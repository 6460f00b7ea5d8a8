# SPDX-License-Identifier: Apache-2.0
"""`rig vault setup` against a real OpenBao: a fresh one, a second time, dry, after a drift, with a root elsewhere; and what
the logins that it makes may and may not do."""
import shutil
import stat

import vault_lab as lab
from bao import openbao
from harness import Failure, check, main, work_folder

STATION_MUST_NOT = (
    ("POST", "pki_device/issue/rig-device", {"common_name": "rig-1"}),
    ("POST", "pki_device/sign-verbatim", {}),
    ("POST", "pki_device/sign-verbatim/rig-device", {}),
    ("POST", "pki_device/sign/other", {}),
    ("POST", "pki_device/issuer/default/sign/rig-device", {}),
    ("POST", "pki_device/revoke", {"serial_number": "01"}),
    ("POST", "pki_device/roles/rig-device", {}),
    ("DELETE", "pki_device/roles/rig-device", None),
    ("LIST", "pki_device/roles", None),
    ("LIST", "pki_device/certs", None),
    ("GET", "pki_device/crl/rotate", None),
    ("POST", "pki_device/config/urls", {}),
    ("POST", "pki_device/root/sign-intermediate", {}),
    ("POST", "pki_server/sign/rig-test-server", {}),
    ("POST", "auth/token/create", {}),
    ("GET", "sys/mounts", None),
    ("GET", "sys/audit", None),
)
QA_MUST_NOT = (
    ("POST", "pki_device/issue/rig-device", {"common_name": "rig-1"}),
    ("POST", "pki_device/sign-verbatim", {}),
    ("POST", "pki_device/roles/rig-device", {}),
    ("POST", "pki_device/config/urls", {}),
    ("POST", "pki_device/config/crl", {}),
    ("POST", "pki_device/issuer/default", {}),
    ("POST", "pki_device/root/sign-intermediate", {}),
    ("POST", "sys/policies/acl/rig-qa", {}),
    ("POST", "sys/audit/other", {"type": "file"}),
)


def refused(server, method, path, body, token):
    status = server.status_of(method, path, body, token=token)
    check(status == 403, method, path, "was answered with", status, "expected 403")


def check_files(folder):
    names = {p.name for p in folder.iterdir()}
    check(names == {"ca.yaml", "root.pem", "root.crl.pem", "api-ca.pem", "station.secret_id", "qa.secret_id", "root"}, names)
    for name in ("station.secret_id", "qa.secret_id", "root/root/key.pem"):
        mode = stat.S_IMODE((folder / name).stat().st_mode)
        check(mode == 0o600, name, oct(mode))
    check("ENCRYPTED" in (folder / "root/root/key.pem").read_text(), "the root's key is not encrypted")


def check_no_secret_shown(server, folder, *results):
    secrets = [server.root_token, lab.PASSPHRASE] + [(folder / f"{n}.secret_id").read_text().strip() for n in ("station", "qa")]
    for result in results:
        for secret in secrets:
            check(secret not in result.stdout + result.stderr, "a secret was printed")


def signed(server, mount, role, token, **body):
    reply = server.call("POST", f"{mount}/sign/{role}", body, token=token)
    return reply["data"], reply["warnings"]


def check_device_signing(server, folder, station):
    data, warnings = signed(server, "pki_device", "rig-device", station,
                            csr=lab.csr("rig-246f28aa0001", "subjectAltName=DNS:srv.rig.test"), exclude_cn_from_sans=True)
    text = lab.text_of(data["certificate"])
    check("TLS Web Client Authentication" in text and "TLS Web Server Authentication" not in text, text)
    check("srv.rig.test" not in text and "CA:FALSE" in text, text)
    check("Digital Signature\n" in text and "/ocsp" in text and "/crl/der" in text and "O = Example" in text, text)
    check(data["expiration"] - data["not_before"] == 1095 * 86400 + 30, data["expiration"], data["not_before"])
    check(lab.der(data["ca_chain"][-1]) == lab.der((folder / "root.pem").read_text()), "ca_chain does not end in the root")
    check(not warnings or all("alt_names" not in w for w in warnings), warnings)
    for path in ("crl/der", "der"):
        url = next(line for line in text.splitlines() if f"/{path}" in line).split("URI:")[1].strip()
        check(len(server.raw(url.split("/v1/")[1])) > 100, url)
    for name in ("srv.rig.test", "localhost", "*.rig.test", "a@rig.test", "other-1", "rig 1"):
        status = server.status_of("POST", "pki_device/sign/rig-device", {"csr": lab.csr(name)}, token=station)
        check(status == 400, name, "was answered with", status)
    for extra in ({"ip_sans": "127.0.0.1"}, {"alt_names": "srv.rig.test"}, {"uri_sans": "urn:a"},
                  {"not_after": "9999-12-31T23:59:59Z"}):
        status = server.status_of("POST", "pki_device/sign/rig-device", dict(extra, csr=lab.csr("rig-1")), token=station)
        check(status == 400, extra, "was answered with", status)
    return data["serial_number"]


def check_qa(server, qa, serial):
    data, _ = signed(server, "pki_server", "rig-test-server", qa, csr=lab.csr("srv.rig.test"), alt_names="srv.rig.test")
    text = lab.text_of(data["certificate"])
    check("TLS Web Server Authentication" in text and "TLS Web Client Authentication" not in text, text)
    check("DNS:srv.rig.test" in text, text)
    status = server.status_of("POST", "pki_server/sign/rig-test-server", {"csr": lab.csr("rig-1")}, token=qa)
    check(status == 400, "a device's name was signed for a server:", status)
    check(serial in server.list("pki_device/certs", token=qa), "QA does not see the certificate")
    server.call("POST", "pki_device/revoke", {"serial_number": serial}, token=qa)
    server.call("GET", "pki_device/crl/rotate", token=qa)
    crl = lab.openssl("crl", "-noout", "-text", input=server.raw("pki_device/crl/pem").decode())
    check(serial.replace(":", "").upper() in crl, "the revoked certificate is not in the CRL right after rotate")


def check_logins(server, folder):
    station, qa = (lab.login(server, folder, name) for name in ("station", "qa"))
    for method, path, body in STATION_MUST_NOT:
        refused(server, method, path, body, station)
    for method, path, body in QA_MUST_NOT:
        refused(server, method, path, body, qa)
    check_qa(server, qa, check_device_signing(server, folder, station))


def check_drift(server, folder):
    """A set-up mends what drifted, and only that."""
    before = lab.configuration(server)
    server.patch("pki_device/roles/rig-device", {"allow_any_name": True, "ou": ["kept"]})
    server.delete("sys/policies/acl/rig-station")
    server.put("sys/mounts/pki_device/tune", {"default_lease_ttl": "1h"})
    (folder / "station.secret_id").write_text("nonsense\n")
    (folder / "station.secret_id").chmod(0o600)
    plan = lab.set_up(server, folder, "--organization", "Example").stdout
    check("1 to create, 3 to change" in plan and "allow_any_name: true -> false" in plan, plan)
    after = lab.configuration(server)
    check(after["paths"].pop("pki_device/roles/rig-device") ==
          dict(before["paths"].pop("pki_device/roles/rig-device"), ou=["kept"]), "a key that is not ours was lost")
    for ids in (before, after):
        ids["paths"].pop("secret ids of rig-station")
        for policy in ids["policies"].values():
            policy.pop("modified", None)
            policy.pop("version", None)
    check(before == after, "the server is not as it was before the drift")
    lab.login(server, folder, "station")


def check_refusals(server, folder, elsewhere):
    """A CA that is there is never replaced, and a root is never made anew by accident."""
    done = lab.set_up(server, elsewhere, "--organization", "Example", expect=3)
    check("never replaces a CA" in done.stderr, done.stderr)
    check(not (elsewhere / "ca.yaml").exists() and not (elsewhere / "root").exists(), "something was made all the same")
    shutil.move(folder / "root", folder.parent / "safe")
    done = lab.set_up(server, folder, "--organization", "Example")
    check("nothing to change" in done.stdout and not (folder / "root").exists(), done.stdout)
    done = lab.set_up(server, folder, "--device-mount", "pki_2", "--organization", "Example", expect=2)
    check("bring the folder back" in done.stderr, done.stderr)
    check("pki_2/" not in server.get("sys/mounts"), "a mount was made before the missing key was noticed")


def test_fresh(folder):
    with openbao(folder, audit=True) as server:
        out = folder / "vault"
        before = lab.configuration(server)
        dry = lab.set_up(server, out, "--dry-run", "--organization", "Example")
        check(lab.configuration(server) == before and not out.exists(), "a dry run changed something")
        check("22 to create, 0 to change, 0 already right" in dry.stdout and "root token" in dry.stdout, dry.stdout)
        first = lab.set_up(server, out, "--organization", "Example")
        check_files(out)
        check(lab.doctor(out / "ca.yaml")[:2] == (0, []), lab.doctor(out / "ca.yaml"))
        made = lab.configuration(server)
        second = lab.set_up(server, out, "--organization", "Example")
        check("nothing to change, 22 already right" in second.stdout, second.stdout)
        check(lab.configuration(server) == made, "a second set-up changed something")
        check_no_secret_shown(server, out, dry, first, second)
        check_logins(server, out)
        check_drift(server, out)
        check_refusals(server, out, folder / "elsewhere")


def test_offline(folder):
    root = lab.OfflineRoot(folder / "offline")
    with openbao(folder / "2", audit=False) as server:
        out = folder / "vault2"
        options = ["--offline-root"]
        first = lab.set_up(server, out, *options)
        check("have it signed by the root" in first.stdout and "not ready yet" in first.stdout, first.stdout)
        check({p.name for p in out.iterdir()} == {"pki_device.csr.pem", "pki_server.csr.pem", "station.secret_id",
                                                  "qa.secret_id"}, list(out.iterdir()))
        waiting = lab.configuration(server)
        check("nothing to change" in lab.set_up(server, out, *options).stdout, "a second call did something")
        check(lab.configuration(server) == waiting, "a second call changed the server")
        for side in ("device", "server"):
            (folder / f"{side}.pem").write_text(root.sign((out / f"pki_{side}.csr.pem").read_text()))
        (folder / "root.crl").write_text(root.crl())
        swapped = lab.set_up(server, out, *options, "--signed-device", folder / "server.pem", expect=2)
        check("another key than the CSR" in swapped.stderr, swapped.stderr)
        (folder / "alone.pem").write_text((folder / "device.pem").read_text().split("-----END")[0] + "-----END CERTIFICATE-----\n")
        alone = lab.set_up(server, out, *options, "--signed-device", folder / "alone.pem", expect=2)
        check("cat ca.pem root.pem" in alone.stderr, alone.stderr)
        (folder / "leaf.pem").write_text(root.sign((out / "pki_device.csr.pem").read_text(), extensions="leaf"))
        leaf = lab.set_up(server, out, *options, "--signed-device", folder / "leaf.pem", expect=2)
        check("no CA's" in leaf.stderr, leaf.stderr)
        check(lab.configuration(server) == waiting, "a refused answer changed the server")
        options += ["--root-crl", folder / "root.crl"]
        lab.set_up(server, out, *options, "--signed-device", folder / "device.pem", "--signed-server", folder / "server.pem")
        code, ids, report = lab.doctor(out / "ca.yaml")
        check((code, ids) == (1, ["no-audit"]), report)
        check((out / "root.pem").read_text() == root.pem, "root.pem is not the offline root")
        check("nothing to change" in lab.set_up(server, out, *options).stdout, "a last call did something")
        lab.login(server, out, "station")


def test_namespace(folder):
    """A namespace of OpenBao, bound logins, and a station that logs in with its TLS certificate."""
    with openbao(folder / "4", audit=True) as server:
        server.put("sys/namespaces/team")
        before = lab.configuration(server)
        out = folder / "vault4"
        options = ["--namespace", "team", "--station-ca", server.ca_file, "--station-cidrs", "127.0.0.0/8", "--token-uses", "9"]
        lab.set_up(server, out, *options)
        check("nothing to change, 24 already right" in lab.set_up(server, out, *options).stdout, "not the same again")
        check(lab.configuration(server) == before, "the root namespace was changed")
        code, ids, report = lab.doctor(out / "ca.yaml")
        check((code, ids) == (0, ["could-not-look"]) and report["findings"][0]["where"] == "sys/audit", report)
        yaml = (out / "ca.yaml").read_text()
        login = next(line for line in yaml.splitlines() if line.startswith("  login:"))
        (out / "cert.yaml").write_text(yaml.replace(login, f"  login: {{method: cert, role: rig-station, certificate_file: "
                                                    f"{server.client_certificate}, key_file: {server.client_key}}}"))
        code, ids, report = lab.doctor(out / "cert.yaml")
        check((code, ids) == (0, ["could-not-look"]), report)


def test_needs(folder):
    with openbao(folder / "3") as server:
        out = folder / "vault3"
        try:
            lab.rig("vault", "setup", "--out", out, env=server.environment(), expect=2)
        except Failure as failure:
            raise Failure("without a passphrase:", failure) from failure
        few = dict(server.environment(), BAO_TOKEN=server.token(["default"]), RIG_CA_PASSPHRASE="x")
        done = lab.rig("vault", "setup", "--out", out, env=few, expect=3)
        check("administrator" in done.stderr and "denied" in done.stderr, done.stderr)
        check(list(server.get("sys/mounts")) == ["cubbyhole/", "identity/", "sys/"] and not out.exists(), "not untouched")


def test():
    with work_folder() as folder:
        test_fresh(folder)
        test_offline(folder)
        test_needs(folder)
        test_namespace(folder)


main(test)
