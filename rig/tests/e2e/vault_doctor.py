# SPDX-License-Identifier: Apache-2.0
"""`rig vault doctor` against a real OpenBao: nothing on a CA of `rig vault setup`, exactly the weaknesses of the role that
the factory's own script makes, and each finding provoked once and gone again."""
import contextlib
import http.server
import json
import pathlib
import re
import shlex
import threading
import time
import urllib.error
import urllib.request

import vault_lab as lab
from bao import openbao
from harness import SOURCE, check, main, rig, work_folder

ROLE = "pki_device/roles/rig-device"
SERVER_ROLE = "pki_server/roles/rig-test-server"
# The factory's script: allow_any_name, rsa 2048, max_ttl alone, the server's defaults for all else, and a root token.
SEED = {"allowed_domains": "wisefido.work", "allow_subdomains": True, "allow_any_name": True, "key_type": "rsa",
        "key_bits": 2048, "max_ttl": "26280h"}
SEED_ROLE_FINDINGS = ["role-any-name", "role-csr-sans", "role-email-names", "role-ip-sans", "role-key-usage",
                      "role-localhost", "role-no-ttl", "role-not-after", "role-server-certificates", "role-wildcards"]
# One key of the device's role at a time.
ROLE_DRIFTS = (
    ({"allow_any_name": True}, "role-any-name"),
    ({"allowed_domains": ["*"]}, "role-any-name"),
    ({"server_flag": True}, "role-server-certificates"),
    ({"client_flag": False}, "role-not-client"),
    ({"use_csr_sans": True}, "role-csr-sans"),
    ({"allow_ip_sans": True}, "role-ip-sans"),
    ({"allow_wildcard_certificates": True}, "role-wildcards"),
    ({"allow_localhost": True}, "role-localhost"),
    ({"cn_validations": ["email", "hostname"]}, "role-email-names"),
    ({"cn_validations": ["disabled"]}, "role-any-characters"),
    ({"enforce_hostnames": False}, "role-any-characters"),
    ({"require_cn": False}, "role-no-cn"),
    ({"code_signing_flag": True}, "role-other-usages"),
    ({"email_protection_flag": True}, "role-other-usages"),
    ({"ext_key_usage": ["OCSPSigning"]}, "role-other-usages"),
    ({"ext_key_usage_oids": ["1.2.3"]}, "role-other-usages"),
    ({"key_usage": ["DigitalSignature", "CertSign"]}, "role-signs-certificates"),
    ({"key_usage": ["DigitalSignature", "KeyEncipherment"]}, "role-key-usage"),
    ({"allowed_uri_sans": ["urn:*"]}, "role-other-sans"),
    ({"allowed_other_sans": ["*"]}, "role-other-sans"),
    ({"no_store": True}, "role-no-store"),
    ({"generate_lease": True, "no_store": False}, "role-leases"),
    ({"not_after_bound": "permit"}, "role-not-after"),
    ({"ttl": 0}, "role-no-ttl"),
    ({"max_ttl": 0}, "role-no-max-ttl"),
    ({"key_type": "ec", "key_bits": 224}, "role-weak-keys"),
    ({"ttl": "88800h", "max_ttl": "88800h"}, "issuer-too-short"),
    ({"ttl": "85440h", "max_ttl": "85440h"}, "issuer-ends-soon"),
)
# What a station's policy may be widened by, and what is then said.
POLICY_DRIFTS = (
    ('path "pki_device/issue/rig-device" { capabilities = ["update"] }', ["station-issues"]),
    ('path "pki_device/sign-verbatim" { capabilities = ["update"] }', ["station-signs-verbatim"]),
    ('path "pki_device/sign-verbatim/+" { capabilities = ["update"] }', ["station-signs-verbatim"]),
    ('path "pki_device/sign/*" { capabilities = ["update"] }', ["station-signs-by-other-roles"]),
    ('path "pki_device/issuer/+/sign-verbatim" { capabilities = ["update"] }', ["station-signs-by-other-roles"]),
    ('path "pki_server/sign/rig-test-server" { capabilities = ["update"] }', ["station-signs-servers"]),
    ('path "pki_device/revoke" { capabilities = ["update"] }', ["station-revokes"]),
    ('path "pki_device/roles/another-role" { capabilities = ["read", "update"] }', ["station-changes-roles"]),
    ('path "pki_device/config/*" { capabilities = ["update"] }', ["station-is-ca-admin", "station-is-ca-admin"]),
    ('path "pki_device/root/sign-intermediate" { capabilities = ["update"] }', ["station-is-ca-admin"]),
    ('path "pki_device/issuers/import/bundle" { capabilities = ["update"] }', ["station-is-ca-admin"]),
    ('path "sys/policies/acl/*" { capabilities = ["update"] }', ["station-is-admin"]),
    ('path "sys/mounts/*" { capabilities = ["update"] }', ["station-is-admin"]),
    ('path "sys/audit/*" { capabilities = ["update", "sudo"] }', ["station-is-admin"]),
    ('path "auth/token/create" { capabilities = ["update"] }', ["station-makes-tokens"]),
)
URLS = ("issuing_certificates", "crl_distribution_points", "ocsp_servers")
SEVERITIES = {"critical", "warning", "note"}


class Ward:
    """One server with one set-up; every finding of the doctor is seen here at least once."""

    def __init__(self, server, folder):
        self.server = server
        self.folder = folder
        self.yaml = folder / "ca.yaml"
        self.seen = set()

    def expect(self, *ids, args=None, env=None):
        code, found, report = lab.doctor(*(args or [self.yaml]), env=env)
        check(found == sorted(ids), "found", found, "expected", sorted(ids), json.dumps(report, indent=1))
        check_report(report)
        worst = {f["severity"] for f in report["findings"]}
        check(code == (1 if worst & {"critical", "warning"} else 0), "exit code", code, "with", worst)
        self.seen.update(found)
        return report

    def edited(self, name, *changes):
        """Another ca.yaml beside the first."""
        text = self.yaml.read_text()
        for pattern, replacement in changes:
            text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
            check(count == 1, pattern, "stands", count, "times in ca.yaml")
        path = self.folder / name
        path.write_text(text)
        return path

    @contextlib.contextmanager
    def role(self, change, path=ROLE):
        before = self.server.get(path)
        self.server.put(path, dict(before, **change))
        yield
        self.server.put(path, before)

    @contextlib.contextmanager
    def written(self, path, change):
        before = self.server.get(path)
        self.server.put(path, dict(before, **change))
        yield
        self.server.put(path, before)


def check_report(report):
    """As reports/schemas/vault-doctor.schema.json says."""
    schema = json.loads((SOURCE / "reports/schemas/vault-doctor.schema.json").read_text())
    check(set(report) == set(schema["required"]) == set(schema["properties"]), sorted(report))
    item = schema["$defs"]["finding"]
    for finding in report["findings"]:
        check(set(finding) == set(item["required"]) == set(item["properties"]), finding)
        check(finding["severity"] in SEVERITIES and all(finding.values()), finding)
        check(re.fullmatch(item["properties"]["id"]["pattern"], finding["id"]), finding["id"])
    for severity in SEVERITIES:
        count = sum(f["severity"] == severity for f in report["findings"])
        check(report["counts"][severity] == count, report["counts"])


def see_seed_role(ward):
    """Exactly its weaknesses; and every remedy, typed as it is said, mends its own."""
    server = ward.server
    server.put("pki_device/roles/device-role", SEED)
    args = ["--device-role", "device-role", "--root", ward.folder / "root.pem", "--root-crl", ward.folder / "root.crl.pem"]
    report = ward.expect("root-token", *SEED_ROLE_FINDINGS, args=args, env=server.environment())
    for finding in report["findings"]:
        words = shlex.split(finding["remedy"])
        if words[:2] == ["bao", "patch"]:
            server.cli(*words[1:])
    ward.expect("root-token", args=args, env=server.environment())


def see_roles(ward):
    for change, finding in ROLE_DRIFTS:
        with ward.role(change):
            ward.expect(finding)
    with ward.role({"client_flag": True}, SERVER_ROLE):
        ward.expect("role-client-certificates")
    ward.expect("no-role", "root-token", args=["--device-role", "nobody", "--root-crl", ward.folder / "root.crl.pem"],
                env=ward.server.environment())


def see_policies(ward):
    path = "sys/policies/acl/rig-station"
    before = ward.server.get(path)["policy"]
    for extra, findings in POLICY_DRIFTS:
        ward.server.put(path, {"policy": f"{before}\n{extra}\n"})
        ward.expect(*findings)
    ward.server.put(path, {"policy": before.replace('roles/rig-device" { capabilities = ["read"]',
                                                    'roles/rig-device" { capabilities = ["read", "update"]')})
    ward.expect("station-changes-roles")
    ward.server.put(path, {"policy": before})


def token_login(path):
    return (r"^  login: .*", f"  login: {{method: token, token_file: {path}}}")


def see_logins(ward):
    server = ward.server
    ward.expect("root-token", args=[ward.edited("root.yaml", token_login(server.root_token_file))])
    before = server.get("sys/auth/token/tune")["max_lease_ttl"]
    server.put("sys/auth/token/tune", {"max_lease_ttl": "9000h"})
    endless = server.token_file(["rig-station"], ttl="8000h")
    server.put("sys/auth/token/tune", {"max_lease_ttl": before})
    ward.expect("endless-token", args=[ward.edited("endless.yaml", token_login(endless))])
    code, ids, report = lab.doctor(ward.edited("blind.yaml", (r"^  qa: .*\n", "")))
    check(code == 0 and set(ids) == {"could-not-look"}, ids)
    check({f["where"] for f in report["findings"]} >= {"sys/audit", "sys/mounts/pki_device/tune"}, report)
    ward.seen.add("could-not-look")
    station = server.token_file(["rig-station", "rig-qa"])
    code, ids, _ = lab.doctor("--root-crl", ward.folder / "root.crl.pem", "--station-token-file", station,
                              env=server.environment())
    check(code == 1 and "station-revokes" in ids and "root-token" in ids, ids)


def see_ca(ward):
    server = ward.server
    issuer = "pki_device/issuer/" + server.get("pki_device/config/issuers")["default"]
    server.patch(issuer, {"leaf_not_after_behavior": "truncate"})
    ward.expect("issuer-bends-lifetimes")
    server.patch(issuer, {"leaf_not_after_behavior": "err"})
    for key in URLS:
        with ward.written("pki_device/config/urls", {key: []}):
            report = ward.expect("no-urls")
            check(key in report["findings"][0]["problem"], report)
    crl = "pki_device/config/crl"
    with ward.written(crl, {"ocsp_disable": True}):
        ward.expect("ocsp-disabled")
    with ward.written(crl, {"auto_rebuild": False}):
        ward.expect("crl-not-rebuilt")
    with ward.written(crl, {"auto_rebuild": False, "expiry": "20h"}):
        server.get("pki_device/crl/rotate")
        ward.expect("crl-lapses-soon", "crl-not-rebuilt")
    with ward.written(crl, {"auto_rebuild": False, "expiry": "1s"}):
        server.get("pki_device/crl/rotate")
        await_finding(ward, "crl-lapsed")
        ward.expect("crl-lapsed", "crl-not-rebuilt")
    server.get("pki_device/crl/rotate")
    with ward.written(crl, {"disable": True}):
        code, ids, _ = lab.doctor(ward.yaml)
        check(code == 1 and "crl-disabled" in ids, ids)
        ward.seen.update(ids)
    server.get("pki_device/crl/rotate")
    ward.expect()


def await_finding(ward, finding):
    deadline = time.monotonic() + 30
    while finding not in lab.doctor(ward.yaml)[1]:
        check(time.monotonic() < deadline, finding, "does not come")


def mount_with(server, name, root, chain_of, **signing):
    """A mount whose CA an offline root signed; chain_of(certificate and root) is what gets installed."""
    server.put(f"sys/mounts/{name}", {"type": "pki", "config": {"max_lease_ttl": "26280h"}})
    csr = server.put(f"{name}/intermediate/generate/internal", {"common_name": name, "key_type": "ec"})["csr"]
    server.put(f"{name}/intermediate/set-signed", {"certificate": chain_of(root.sign(csr, **signing))})
    server.put(f"{name}/config/crl", {"auto_rebuild": True, "expiry": "168h"})
    server.put(f"{name}/config/urls", {key: ["https://ca.example/x"] for key in URLS})
    server.put(f"{name}/roles/rig-device", server.get(ROLE))
    return name


def see_hierarchies(ward, folder):
    server = ward.server
    root = lab.OfflineRoot(folder / "offline")
    files = {"root.pem": root.pem, "good.crl": root.crl(), "soon.crl": "", "old.crl": ""}
    now = time.time()
    files["soon.crl"] = root.crl(until=time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now + 5 * 86400)))
    files["old.crl"] = root.crl(until="20210101000000Z")
    for name, text in files.items():
        (root.folder / name).write_text(text)

    def look(mount, *ids, crl="good.crl", pinned=root.folder / "root.pem"):
        args = ["--device-mount", mount, "--root", pinned]
        args += ["--root-crl", root.folder / crl] if crl else []
        ward.expect("root-token", *ids, args=args, env=server.environment())

    whole = mount_with(server, "pki_whole", root, lambda pem: pem)
    look(whole)
    look(whole, "parent-crl-missing", crl=None)
    look(whole, "parent-crl-lapses-soon", crl="soon.crl")
    look(whole, "parent-crl-lapsed", crl="old.crl")
    look(whole, "other-root", pinned=ward.folder / "root.pem")
    look(mount_with(server, "pki_cut", root, lambda pem: pem.split("-----END CERTIFICATE-----")[0]
                    + "-----END CERTIFICATE-----\n"), "chain-without-root")
    ended = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now + 3))
    look_ended(ward, mount_with(server, "pki_ended", root, lambda pem: pem, end=ended), root)
    server.put("sys/mounts/pki_bare", {"type": "pki"})
    server.put("pki_bare/roles/rig-device", server.get(ROLE))
    look("pki_bare", "no-issuer")
    server.put("sys/mounts/pki_root", {"type": "pki", "config": {"max_lease_ttl": "87600h"}})
    server.put("pki_root/root/generate/internal", {"common_name": "r", "key_type": "ec", "ttl": "87600h"})
    server.put("pki_root/config/urls", {key: ["https://ca.example/x"] for key in URLS})
    server.put("pki_root/config/crl", {"auto_rebuild": True})
    server.put("pki_root/roles/rig-device", server.get(ROLE))
    (folder / "r.pem").write_bytes(server.raw("pki_root/ca/pem"))
    look("pki_root", "root-signs", pinned=folder / "r.pem", crl=None)
    server.put("sys/mounts/pki_keyless", {"type": "pki"})
    bundle = {"pem_bundle": root.sign(lab.csr("Keyless CA"))}
    keyless = server.put("pki_keyless/issuers/import/cert", bundle)["imported_issuers"]
    keyless = next(i for i in keyless if "Keyless" in lab.text_of(server.get(f"pki_keyless/issuer/{i}")["certificate"]))
    server.put("pki_keyless/config/issuers", {"default": keyless})
    server.put("pki_keyless/config/urls", {key: ["https://ca.example/x"] for key in URLS})
    server.put("pki_keyless/config/crl", {"auto_rebuild": True})
    server.put("pki_keyless/roles/rig-device", server.get(ROLE))
    look("pki_keyless", "no-crl")
    one = ward.edited("one.yaml", ("mount: pki_server, role: rig-test-server", "mount: pki_device, role: rig-device"))
    code, ids, _ = lab.doctor(one)
    check(code == 1 and "one-ca-for-both" in ids, ids)
    ward.seen.update(ids)


def look_ended(ward, mount, root):
    deadline = time.monotonic() + 30
    args = ["--device-mount", mount, "--root-crl", root.folder / "good.crl"]
    while "issuer-ended" not in lab.doctor(*args, env=ward.server.environment())[1]:
        check(time.monotonic() < deadline, "issuer-ended does not come")
    ward.seen.add("issuer-ended")


class WrongClock(http.server.BaseHTTPRequestHandler):
    """Hands all on to the real server, whose clock it sets ahead."""
    server_version = "proxy"
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def forward(self):
        bao = self.server.bao
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        headers = {k: v for k, v in self.headers.items() if k.lower() in ("x-vault-token", "content-type")}
        request = urllib.request.Request(bao.address + self.path, data=body, headers=headers, method=self.command)
        try:
            with urllib.request.urlopen(request, context=bao.tls, timeout=30) as reply:
                status, text = reply.status, reply.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                status, text = refusal.code, refusal.read()
        if self.path.startswith("/v1/sys/health"):
            health = json.loads(text)
            health["server_time_utc"] += 120
            text = json.dumps(health).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_LIST = forward


@contextlib.contextmanager
def wrong_clock(bao):
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), WrongClock)
    proxy.daemon_threads = True
    proxy.bao = bao
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_address[1]}"
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()


def see_connection(ward):
    with wrong_clock(ward.server) as address:
        plain = ward.edited("plain.yaml", (r"^  address: .*", f'  address: "{address}"'), (r"^  ca_file: .*\n", ""))
        report = ward.expect("clock-skew", "tls-unverified", args=[plain])
        check(110_000 < report["clock_skew_ms"] < 130_000, report["clock_skew_ms"])
    ward.expect("tls-unverified", args=[ward.edited("blindly.yaml", (r"^  ca_file: .*", "  tls_verify: off-i-know"))])


def see_text(ward):
    with ward.role({"allow_any_name": True}):
        done = rig("vault", "doctor", ward.yaml, expect=1)
        for word in ("CRITICAL  role-any-name  pki_device/roles/rig-device", "risk:", "remedy: bao patch", "1 critical"):
            check(word in done.stdout, word, "is not in", done.stdout)
    done = rig("vault", "doctor", ward.yaml, expect=0)
    check("nothing found" in done.stdout, done.stdout)
    rig("vault", "doctor", ward.folder / "nowhere.yaml", expect=2)
    ward.server.seal()
    done = rig("vault", "doctor", ward.yaml, expect=3)
    check("sealed" in done.stderr, done.stderr)
    ward.server.unseal()


def all_ids():
    """Every id that the doctor's sources can give."""
    found = set()
    for path in pathlib.Path(SOURCE / "rig/vaultadmin").glob("doctor*.c"):
        text = path.read_text()
        found.update(re.findall(r'RIG_VAULT_(?:CRITICAL|WARNING|NOTE),\s*"([a-z-]+)"', text))
        found.update(re.findall(r'\{"(station-[a-z-]+)"', text))
    check(len(found) > 40, "only", len(found), "ids found in the sources")
    return found


def test():
    with work_folder() as folder, openbao(folder, audit=True) as server:
        lab.set_up(server, folder / "vault", "--organization", "Example")
        ward = Ward(server, folder / "vault")
        ward.expect()
        for see in (see_seed_role, see_roles, see_policies, see_logins, see_ca, see_connection, see_text):
            see(ward)
            ward.expect()
        see_hierarchies(ward, folder)
        never = all_ids() - ward.seen - {"no-audit"}  # seen in vault_setup.py, on a server without one
        check(not never, "no test has seen", sorted(never))


main(test)
