# SPDX-License-Identifier: Apache-2.0
"""Runs killed with SIGKILL at random instants: nothing is issued twice silently, what was issued and not installed is
listed and can be revoked, and the next run works.

    kill.py N [SEED]
"""
import contextlib
import os
import random
import signal
import subprocess
import sys
import time

from harness import RIG, SMOKE, check, ca_database, database, main, rig, work_folder

BATCH = 25  # runs in one work folder, so that each start meets what the one before left


def rows(connection, query):
    with contextlib.closing(connection) as db:
        return db.execute(query).fetchall()


def check_invariants(out):
    if not (out / "rig.db").exists():
        return
    orphans = rig("register", "orphans", "--out", out)
    if not (out / "ca" / "ca.db").exists():
        return
    check(orphans.returncode == 0, orphans.stderr)
    issued = {r["serial"]: r for r in rows(ca_database(out), "select * from certificate where is_ca = 0 "
                                           "and subject not like '%srv.rig.test%'")}
    known = {r["serial"]: r for r in rows(database(out), "select * from certificates")}
    unknown = set(issued) - set(known)
    check(not unknown, "issued by the CA, and not in the register:", unknown, orphans.stdout, orphans.stderr)
    open_entries = rows(database(out), "select * from journal where closed_ms is null")
    check(not open_entries, "open after recovery:", [tuple(r) for r in open_entries], orphans.stdout, orphans.stderr)
    live = {}
    for row in known.values():
        if row["state"] in ("issued", "installed") and row["purpose"] == "device":
            key = bytes(row["spki_sha256"]) if not isinstance(row["spki_sha256"], str) else row["spki_sha256"]
            check(key not in live, "two valid certificates for one key:", row["serial"], live.get(key))
            live[key] = row["serial"]
    for row in known.values():
        if row["state"] == "issued":
            check(row["serial"] in orphans.stdout, "an orphan is not listed:", row["serial"])


@contextlib.contextmanager
def somebody_looking_on(out):
    """Has both databases open: while he is there, SQLite does not read its logs anew at each start, but later."""
    with contextlib.closing(database(out)) as register, contextlib.closing(ca_database(out)) as ca:
        for reader in (register, ca):
            reader.execute("select count(*) from sqlite_schema").fetchall()
        yield


def run_and_kill(out, delay_s):
    run = subprocess.Popen([RIG, "run", SMOKE, "--virtual", "1", "--progress", "none", "--out", str(out)],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        run.wait(timeout=delay_s)
        return True
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGKILL)
        run.wait()
        return False


def test():
    count = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int.from_bytes(os.urandom(4), "little")
    print(f"seed {seed}")
    chance = random.Random(seed)
    ended = 0
    done = 0
    while done < count:
        with work_folder() as out:
            started = time.monotonic()
            rig("run", SMOKE, "--virtual", 1, "--progress", "none", "--out", out, expect=0)
            whole_s = time.monotonic() - started
            for _ in range(min(BATCH, count - done)):
                if done % 2:
                    with somebody_looking_on(out):
                        ended += run_and_kill(out, chance.uniform(0, whole_s))
                        check_invariants(out)
                else:
                    ended += run_and_kill(out, chance.uniform(0, whole_s))
                check_invariants(out)
                done += 1
            rig("register", "orphans", "--revoke", "--out", out, expect=0)
            check("0 orphans" in rig("register", "orphans", "--out", out, expect=0).stdout, "orphans stay")
            rig("run", SMOKE, "--virtual", 1, "--progress", "none", "--out", out, expect=0)
    print(f"{done} runs killed, {ended} of them had ended before")
    check(ended < count, "the kills came too late to test anything")


main(test)
