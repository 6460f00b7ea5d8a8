# SPDX-License-Identifier: Apache-2.0
"""A signing station on the real OpenBao, set up by `rig vault setup` alone: what the tests of `--ca vault` share."""
import base64
import contextlib
import pathlib
import re

from bao import openbao
from harness import check, database, rig, work_folder

# The name and country that suites/acceptance.yaml has boards put into their CSRs.
NAMES = ("--organization", "Rig Example", "--country", "DE")


class Station:
    """`options`: what makes rig sign with this server. `folder`: ca.yaml and what it names."""

    def __init__(self, server, folder, *setup):
        self.server = server
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "ca.yaml"
        self.setup = rig("vault", "setup", "--out", self.folder, *NAMES, *setup, expect=0, env=dict(
            server.environment(), RIG_CA_PASSPHRASE="of the root's key")).stdout
        self.options = ("--ca", "vault", "--ca-config", self.config)

    def environment(self):
        """None of the administrator's settings, nor of the caller's shell."""
        names = ("ADDR", "TOKEN", "CACERT", "CAPATH", "NAMESPACE", "CLIENT_CERT", "CLIENT_KEY", "SKIP_VERIFY")
        return dict({f"{p}_{n}": "" for p in ("VAULT", "BAO") for n in names}, HOME=str(self.folder))

    def rig(self, *args, **more):
        return rig(*args, *self.options, env=dict(self.environment(), **more.pop("env", {})), **more)

    def change_login(self, line, name="login"):
        """Another way to log in, as YAML in one line."""
        text = re.sub(rf"(?m)^  {name}: .*$", f"  {name}: {line}", self.config.read_text())
        self.config.write_text(text)

    def issued(self):
        """Serials (plain hex) that the mount of devices lists, but for CAs."""
        serials = {}
        for colons in self.server.list("pki_device/certs"):
            found = self.server.get(f"pki_device/cert/{colons}")
            serials[colons.replace(":", "")] = found
        return {serial: found for serial, found in serials.items() if not is_ca(found["certificate"])}


def is_ca(pem):
    """CA:TRUE in basicConstraints, by its DER: a SEQUENCE that holds a true BOOLEAN."""
    der = base64.b64decode("".join(l for l in pem.splitlines() if not l.startswith("-----")))
    at = der.find(bytes.fromhex("0603551d13"))
    return at >= 0 and bytes.fromhex("0101ff") in der[at + 8:at + 16]


@contextlib.contextmanager
def station(*setup, certificates=False, audit=False):
    """(station, a folder to work in). `certificates`: stations may log in with one of the API's own CA."""
    with work_folder() as folder, openbao(folder, audit=audit) as server:
        if certificates:
            setup = (*setup, "--station-ca", server.ca_file)
        yield Station(server, folder / "vault", *setup), folder


def certificates(out):
    with database(out) as db:
        return [dict(row) for row in db.execute("select * from certificates")]


def check_books(where, out):
    """The server's list and the register's are one; the final certificates are good, the others revoked or over."""
    rows = {row["serial"]: row for row in certificates(out)}
    issued = where.issued()
    check(rows.keys() == issued.keys(), "register and server differ:", sorted(rows.keys() ^ issued.keys()))
    for serial, row in rows.items():
        revoked = issued[serial]["revocation_time"] != 0
        check(row["backend"] == "vault" and re.fullmatch(r"[0-9a-f-]{36}", row["backend_request"]), row)
        if row["state"] == "installed":
            check(not revoked, "the installed certificate is revoked:", row)
        else:
            over = row["not_after_ms"] - row["not_before_ms"] < 120000
            check(revoked or over, "still valid:", row)
    with database(out) as db:
        check(db.execute("select count(*) from journal where closed_ms is null").fetchone()[0] == 0, "journal is open")
        devices = db.execute("select serial from devices").fetchall()
    for device in devices:
        check(rows[device["serial"]]["state"] == "installed", "a device keeps what is not installed", device["serial"])
    return rows
