# SPDX-License-Identifier: Apache-2.0
"""Tokens and secret ids are nowhere but in memory: not in argv, environment of children, logs, reports, rig.db, error texts
or core dumps."""
import os
import pathlib
import subprocess

from harness import ACCEPTANCE, RIG, check, main
from vault_station import station


def descendants(pid):
    """pid and all below it, by /proc."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def look_at_processes(pid, secrets):
    for one in descendants(pid):
        for name in ("cmdline", "environ"):
            try:
                content = pathlib.Path(f"/proc/{one}/{name}").read_bytes()
            except OSError:
                continue
            # the kernel shows rig's own environment as it was at the start: the test gave it the token there
            if name == "environ" and one == pid:
                continue
            check(not any(s in content for s in secrets), f"/proc/{one}/{name} holds a secret")


def look_below(folder, secrets):
    n = 0
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            check(not any(s in content for s in secrets), path, "holds a secret")
            n += 1
    check(n > 5, "files looked at:", n)


def test():
    with station() as (where, folder):
        server = where.server
        out = folder / "out"
        station_token = server.token(["rig-station"])
        qa_secret = (where.folder / "qa.secret_id").read_text().strip()
        secrets = [station_token.encode(), qa_secret.encode(), server.root_token.encode()]
        where.change_login("{method: token, token_env: STATION_TOKEN}")
        run = subprocess.Popen([RIG, "run", ACCEPTANCE, "--virtual", "2", "--out", str(out), "--progress", "lines",
                                *map(str, where.options)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env=dict(os.environ, **where.environment(),
                                                                  STATION_TOKEN=station_token))
        text = b""
        looked = False
        try:
            for line in run.stdout:
                text += line
                if b"/sign " in line and not looked:
                    looked = True
                    look_at_processes(run.pid, secrets)
                    limits = pathlib.Path(f"/proc/{run.pid}/limits").read_text()
                    core = next(l for l in limits.splitlines() if l.startswith("Max core file size"))
                    check(core.split()[4:6] == ["0", "0"], core)
            check(run.wait(timeout=200) == 0, text[-3000:].decode())
        finally:
            if run.poll() is None:
                run.kill()
            run.wait()
            run.stdout.close()
        check(looked, "no signature was seen")
        check(not any(s in text for s in secrets), "the output holds a secret")
        look_below(out, secrets)
        # errors: a token that is refused, and one at a wrong place
        for token in ("s.AAAAAAAAAAAAAAAAAAAAAAAA", station_token + "x"):
            done = where.rig("ca", "show", env={"STATION_TOKEN": token})
            check(done.returncode in (2, 3) and token not in done.stdout + done.stderr, done.stdout, done.stderr)
        where.change_login(f"{{method: token, token_env: {station_token}}}")
        done = where.rig("ca", "show")
        check(done.returncode == 2 and station_token not in done.stdout + done.stderr, done.stdout, done.stderr)


main(test)
