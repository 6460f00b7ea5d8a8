# SPDX-License-Identifier: Apache-2.0
"""What the tests of `rig vault` share: setting a server up, all of its configuration as one value, logins, CSRs, and an
offline root of OpenSSL's own tools."""
import json
import pathlib
import ssl
import subprocess

from harness import check, rig

PASSPHRASE = "correct horse battery staple"


def set_up(server, folder, *options, expect=0, **more):
    """`rig vault setup` into folder; its result."""
    environment = dict(server.environment(), RIG_CA_PASSPHRASE=PASSPHRASE)
    return rig("vault", "setup", "--out", folder, *options, env=environment, expect=expect, **more)


def doctor(*args, env=None):
    """Exit code and {id: finding...} as sorted ids, and the whole report."""
    done = rig("vault", "doctor", *args, "--json", env=env)
    check(done.returncode in (0, 1), "doctor ended with", done.returncode, done.stdout, done.stderr)
    report = json.loads(done.stdout)
    return done.returncode, sorted(f["id"] for f in report["findings"]), report


def configuration(server):
    """All that a set-up could change on a server, as one value."""
    found = {"mounts": server.get("sys/mounts"), "auth": server.get("sys/auth"), "policies": {}, "paths": {}}
    for name in server.list("sys/policies/acl"):
        found["policies"][name] = server.get(f"sys/policies/acl/{name}")
    if "approle/" in found["auth"]:
        for role in server.list("auth/approle/role"):
            found["paths"][f"approle {role}"] = server.get(f"auth/approle/role/{role}")
            found["paths"][f"secret ids of {role}"] = server.list(f"auth/approle/role/{role}/secret-id")
    for mount, facts in found["mounts"].items():
        if facts["type"] != "pki":
            continue
        for path in ("config/urls", "config/crl", "config/issuers"):
            found["paths"][mount + path] = server.get(mount + path)
        found["paths"][mount + "keys"] = server.list(mount + "keys")
        for kind, path in (("roles", "roles/"), ("issuers", "issuer/")):
            for name in server.list(mount + kind):
                found["paths"][mount + path + name] = server.get(mount + path + name)
    return found


def login(server, folder, name):
    """A token of the AppRole that ca.yaml and its files name: "station" or "qa"."""
    text = (pathlib.Path(folder) / "ca.yaml").read_text()
    key = {"station": "login", "qa": "qa"}[name]
    line = next(l for l in text.splitlines() if l.strip().startswith(f"{key}:"))
    role_id = line.split('role_id: "')[1].split('"')[0]
    secret_id = (pathlib.Path(folder) / f"{name}.secret_id").read_text().strip()
    reply = server.call("POST", "auth/approle/login", {"role_id": role_id, "secret_id": secret_id}, token=None)
    return reply["auth"]["client_token"]


def openssl(*args, cwd=None, input=None):
    done = subprocess.run(["openssl", *map(str, args)], cwd=cwd, input=input, capture_output=True, text=True, check=False)
    check(done.returncode == 0, "openssl", *args, done.stderr)
    return done.stdout


def csr(common_name, *extensions, key="ec"):
    kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else [key]
    more = [word for extension in extensions for word in ("-addext", extension)]
    return openssl("req", "-new", "-newkey", *kind, "-nodes", "-keyout", "/dev/null", "-subj", f"/CN={common_name}", *more)


def text_of(pem):
    return openssl("x509", "-noout", "-text", input=pem)


def der(pem):
    return ssl.PEM_cert_to_DER_cert(pem)


class OfflineRoot:
    """A root elsewhere: openssl ca in a folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        (self.folder / "index").write_text("")
        (self.folder / "serial").write_text("1000\n")
        (self.folder / "number").write_text("01\n")
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=root\n[root]\ndatabase=index\nserial=serial\ncrlnumber=number\nnew_certs_dir=.\n"
            "certificate=root.pem\nprivate_key=root.key\ndefault_md=sha256\npolicy=any\nunique_subject=no\n"
            "copy_extensions=none\nx509_extensions=sub\n[any]\ncommonName=supplied\n"
            "[sub]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
            "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
            "[leaf]\nbasicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7300",
                "-subj", "/CN=Offline Root", "-keyout", "root.key", "-out", "root.pem", cwd=self.folder)
        self.pem = (self.folder / "root.pem").read_text()

    def sign(self, csr_pem, extensions="sub", end="20460101000000Z", start="20200101000000Z"):
        """The certificate, and the root's behind it, as PEM."""
        (self.folder / "in.csr").write_text(csr_pem)
        openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-extensions", extensions, "-startdate", start,
                "-enddate", end, "-in", "in.csr", "-out", "out.pem", cwd=self.folder)
        return (self.folder / "out.pem").read_text() + self.pem

    def crl(self, until="20450101000000Z", last="20200101000000Z"):
        openssl("ca", "-config", "ca.cnf", "-gencrl", "-crl_lastupdate", last, "-crl_nextupdate", until, "-out",
                "crl.pem", cwd=self.folder)
        return (self.folder / "crl.pem").read_text()
