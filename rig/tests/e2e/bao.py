# SPDX-License-Identifier: Apache-2.0
"""The real OpenBao for tests: over TLS, with storage on disk, on a port of its own, ending with its parent. It is a fresh
server as an operator gets it: nothing mounted, no audit device unless asked for. `openbao()` skips the test (exit code 77,
with the reason) where the program can't be had."""
import contextlib
import json
import os
import pathlib
import secrets
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from harness import SOURCE, Failure, check

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 20


def skip(reason):
    print(f"SKIP: {reason}", file=sys.stderr)
    sys.exit(77)


def bao_program():
    """The program `bao`: $RIG_OPENBAO, else the one that ci/openbao fetches into the build folder."""
    named = os.environ.get("RIG_OPENBAO")
    if named:
        return named
    script = SOURCE / "ci/openbao"
    if not script.exists():
        skip("this tree has no ci/openbao, and RIG_OPENBAO names no program")
    done = subprocess.run([str(script), os.environ["RIG_BUILD"]], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        skip(done.stderr.strip().splitlines()[-1].removeprefix("SKIP: "))
    check(done.returncode == 0, "ci/openbao failed:", done.stderr)
    path = pathlib.Path(done.stdout.strip().splitlines()[-1])
    return str(path / "bao" if path.is_dir() else path)


class Refused(Exception):
    """The server answered with an error; `status` and `errors` as it said."""

    def __init__(self, method, path, status, errors):
        super().__init__(f"{method} {path}: {status} {errors}")
        self.status = status
        self.errors = errors


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_tls(folder):
    """A CA of its own, and a server and a client certificate from it: ca.pem, server.pem, client.pem with keys."""
    def openssl(*args):
        done = subprocess.run(["openssl", *args], cwd=folder, capture_output=True, text=True, check=False)
        check(done.returncode == 0, "openssl", args[0], done.stderr)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            "/CN=API CA", "-keyout", "ca.key", "-out", "ca.pem", "-addext", "basicConstraints=critical,CA:TRUE")
    for name, usage in (("server", "serverAuth"), ("client", "clientAuth")):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN=api-{name}",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (folder / f"{name}.ext").write_text(
            f"basicConstraints=CA:FALSE\nextendedKeyUsage={usage}\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                "30", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        (folder / f"{name}.key").chmod(0o600)


class Bao:
    """One server. `address`, `ca_file`, `client_certificate`, `client_key`, `root_token_file` (0600) for rig;
    `get`, `put`, `list`, `delete` for the test itself, with the root token unless another is given."""

    def __init__(self, folder, audit=False):
        self.folder = pathlib.Path(folder)
        self.program = bao_program()
        self.process = None
        self.unseal_key = None
        self.root_token = None
        (self.folder / "data").mkdir(parents=True)
        make_tls(self.folder)
        self.ca_file = str(self.folder / "ca.pem")
        self.client_certificate = str(self.folder / "client.pem")
        self.client_key = str(self.folder / "client.key")
        self.root_token_file = str(self.folder / "root.token")
        self.log_path = self.folder / "server.log"
        self.audit_path = self.folder / "audit.log"
        self.audit = audit
        self.port = None
        self.tls = ssl.create_default_context(cafile=self.ca_file)
        self._launch_on_a_free_port()

    # The process

    @property
    def address(self):
        return f"https://127.0.0.1:{self.port}"

    def _write_config(self):
        cluster = free_port()
        audit = f'audit "file" "file" {{\n options {{ file_path = "{self.audit_path}" }}\n}}\n' if self.audit else ""
        (self.folder / "config.hcl").write_text(
            f'storage "raft" {{\n path = "{self.folder}/data"\n node_id = "n1"\n performance_multiplier = 1\n}}\n'
            f'listener "tcp" {{\n address = "127.0.0.1:{self.port}"\n cluster_address = "127.0.0.1:{cluster}"\n'
            f' tls_cert_file = "{self.folder}/server.pem"\n tls_key_file = "{self.folder}/server.key"\n}}\n'
            f'api_addr = "https://127.0.0.1:{self.port}"\ncluster_addr = "https://127.0.0.1:{cluster}"\n'
            f'ui = false\nlog_level = "warn"\n{audit}')

    def _spawn(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", self.program, "server", f"-config={self.folder}/config.hcl"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder)})

    def _answers(self):
        try:
            self.call("GET", "sys/seal-status", token=None)
            return True
        except (OSError, urllib.error.URLError):
            return False

    def _await_answer(self):
        """True once the API answers; False when the process ended (its port was taken meanwhile)."""
        deadline = time.monotonic() + START_TIMEOUT_S
        pause = threading.Event()
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            if self._answers():
                return True
            pause.wait(0.05)
        raise Failure(f"OpenBao did not start:\n{self.log_path.read_text()[-3000:]}")

    def _launch_on_a_free_port(self):
        for _ in range(5):
            self.port = free_port()
            self._write_config()
            self._spawn()
            if self._await_answer():
                return
        raise Failure(f"OpenBao does not start:\n{self.log_path.read_text()[-3000:]}")

    def init(self):
        made = self.call("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1}, token=None)
        self.unseal_key = made["keys_base64"][0]
        self.root_token = made["root_token"]
        with open(self.root_token_file, "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(self.root_token + "\n")
        return self.unseal()

    def unseal(self):
        self.call("PUT", "sys/unseal", {"key": self.unseal_key}, token=None)
        deadline = time.monotonic() + START_TIMEOUT_S
        pause = threading.Event()
        while time.monotonic() < deadline:
            if self.call("GET", "sys/health?standbycode=299&sealedcode=299&uninitcode=299", token=None,
                         ).get("sealed") is False and self._is_active():
                return self
            pause.wait(0.05)
        raise Failure("OpenBao stays sealed or standby")

    def _is_active(self):
        try:
            self.call("GET", "sys/health", token=None)
            return True
        except Refused:
            return False

    def seal(self):
        self.call("PUT", "sys/seal", {})

    def stop(self):
        """As an operator stops it; storage stays."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def start(self):
        """After stop() or kill(): the same port and storage; sealed."""
        self._spawn()
        check(self._await_answer(), "OpenBao did not start again:", self.log_path.read_text()[-3000:])

    def restart(self):
        """Stopped, started and unsealed again."""
        self.stop()
        self.start()
        return self.unseal()

    # The API

    def call(self, method, path, body=None, token=True, tls=None):
        """The reply's JSON (None for an empty one). `token`: True for root, None for none, else the token."""
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["X-Vault-Token"] = self.root_token if token is True else token
        request = urllib.request.Request(f"{self.address}/v1/{path}", method=method, headers=headers,
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, context=tls or self.tls, timeout=60) as reply:
                text = reply.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                text = refusal.read().decode(errors="replace")
            try:
                errors = json.loads(text).get("errors")
            except ValueError:
                errors = text
            raise Refused(method, path, refusal.code, errors) from None
        return json.loads(text) if text else None

    def get(self, path, token=True):
        """`data` of a path; None where there is nothing."""
        try:
            reply = self.call("GET", path, token=token)
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise
        return reply.get("data", reply) if reply else None

    def raw(self, path):
        """An unauthenticated path that is no JSON: CRLs and certificates."""
        with urllib.request.urlopen(f"{self.address}/v1/{path}", context=self.tls, timeout=60) as reply:
            return reply.read()

    def put(self, path, body=None, token=True):
        reply = self.call("POST", path, {} if body is None else body, token=token)
        return (reply or {}).get("data")

    def patch(self, path, body, token=True):
        """Changes some keys of a role and keeps the others."""
        headers = {"Content-Type": "application/merge-patch+json",
                   "X-Vault-Token": self.root_token if token is True else token}
        request = urllib.request.Request(f"{self.address}/v1/{path}", method="PATCH", headers=headers,
                                         data=json.dumps(body).encode())
        with urllib.request.urlopen(request, context=self.tls, timeout=60):
            pass

    def list(self, path, token=True):
        try:
            return self.call("LIST", path, token=token)["data"]["keys"]
        except Refused as refusal:
            if refusal.status == 404:
                return []
            raise

    def delete(self, path, token=True):
        self.call("DELETE", path, token=token)

    def status_of(self, method, path, body=None, token=True):
        """The HTTP status of a call, 200 for any success."""
        try:
            self.call(method, path, body, token=token)
            return 200
        except Refused as refusal:
            return refusal.status

    def token(self, policies, **options):
        """A new token with these policies; options as of auth/token/create."""
        return self.call("POST", "auth/token/create",
                         dict({"policies": policies, "ttl": "1h"}, **options))["auth"]["client_token"]

    def token_file(self, policies, **options):
        """The same in a fresh 0600 file."""
        path = self.folder / f"token-{secrets.token_hex(4)}"
        with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(self.token(policies, **options) + "\n")
        return str(path)

    def environment(self):
        """What `bao` and rig read to find this server as root; other settings of the caller's shell are switched off."""
        return {"VAULT_ADDR": self.address, "VAULT_CACERT": self.ca_file, "VAULT_TOKEN": self.root_token or "",
                "BAO_ADDR": self.address, "BAO_CACERT": self.ca_file, "BAO_TOKEN": self.root_token or "",
                "HOME": str(self.folder)}

    def cli(self, *args):
        """`bao ARGS` as root; its standard output."""
        done = subprocess.run([self.program, *args], env=dict(os.environ, **self.environment()), capture_output=True,
                              text=True, check=False)
        check(done.returncode == 0, "bao", *args, done.stdout, done.stderr)
        return done.stdout


@contextlib.contextmanager
def openbao(folder, audit=False, unsealed=True):
    """A fresh server with its files below folder/bao; initialised and unsealed unless told otherwise."""
    server = Bao(pathlib.Path(folder) / "bao", audit=audit)
    try:
        if unsealed:
            server.init()
        yield server
    finally:
        server.stop()
