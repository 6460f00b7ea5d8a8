# SPDX-License-Identifier: Apache-2.0
"""Wrong input of every kind ends with the right exit code and words that name the thing and the remedy."""
import os
import shutil
import socket
import subprocess

from harness import RIG, SMOKE, VBOARD, Reports, check, main, rig, virtual_board, work_folder

USAGE, RIG_FAULT = 2, 3


def refused(code, words, *args, **more):
    done = rig(*args, **more)
    check(done.returncode == code, f"rig {' '.join(map(str, args))}: ended with {done.returncode}, expected {code}:",
          done.stderr)
    for word in words if isinstance(words, tuple) else (words,):
        check(word in done.stderr + done.stdout, f"rig {' '.join(map(str, args))}: '{word}' is not in:", done.stderr)
    check("rig: " in done.stderr, "no message on standard error")
    return done


def command_line():
    check(rig().returncode == USAGE, "rig alone")
    refused(USAGE, "unknown command 'rum'", "rum")
    refused(USAGE, "unknown option '--virtul'", "run", SMOKE, "--virtul", "2")
    refused(USAGE, "either --bench FILE or --virtual N", "run", SMOKE)
    refused(USAGE, "--virtual", "run", SMOKE, "--virtual", "0")
    refused(USAGE, "--virtual", "run", SMOKE, "--virtual", "many")
    refused(USAGE, "N:NAME", "run", SMOKE, "--virtual", "1", "--fault", "no-verify")
    refused(USAGE, "from 1 to 1", "run", SMOKE, "--virtual", "1", "--fault", "2:no-verify")
    refused(USAGE, "needs a value", "run", SMOKE, "--virtual")
    refused(USAGE, "none of: local", "run", SMOKE, "--virtual", "1", "--ca", "paper")
    refused(USAGE, "expected: rig register", "register", "frob")
    refused(USAGE, "expected: rig flash", "flash", "/dev/null")


def files(folder):
    refused(USAGE, "nowhere.yaml", "run", folder / "nowhere.yaml", "--virtual", "1", "--out", folder / "o")
    bad = folder / "bad.yaml"
    bad.write_text("rig: 1\nname: bad\nkeyz: [p-256]\n")
    refused(USAGE, (f"{bad}:3", "keyz"), "run", bad, "--virtual", "1", "--out", folder / "o")
    bench = folder / "bench.yaml"
    bench.write_text("rig: 1\nboards:\n  - id: a\n    port: ftp://x\n")
    refused(USAGE, f"{bench}:4", "run", SMOKE, "--bench", bench, "--out", folder / "o")
    bench.write_text("rig: 1\nboards:\n  - {id: a, port: /dev/ttyUSB77, enabled: false}\n")
    refused(USAGE, "no board that is enabled", "run", SMOKE, "--bench", bench, "--out", folder / "o")
    bench.write_text("rig: 1\nboards:\n  - {id: a, port: /dev/ttyUSB77}\n")
    refused(USAGE, "no board is called 'zz'", "run", SMOKE, "--bench", bench, "--board", "zz", "--out", folder / "o")
    check(rig("check", bad).returncode == USAGE, "rig check of a bad file")
    check(rig("check", SMOKE).returncode == 0, "rig check of a good file")
    refused(USAGE, "register", "register", "list", "--out", folder / "never")


def boards(folder):
    bench = folder / "gone.yaml"
    bench.write_text("rig: 1\nboards:\n  - {id: gone, port: /dev/ttyUSB77}\n"
                     "  - {id: closed, port: 'rfc2217://127.0.0.1:1'}\n")
    out = folder / "gone"
    done = rig("run", SMOKE, "--bench", bench, "--out", out)
    check(done.returncode == RIG_FAULT, "boards that are not there:", done.returncode, done.stderr)
    reports = Reports(out)
    reports.validate()
    check(reports.verdicts() == {"gone": "error", "closed": "error"}, reports.verdicts())
    check("/dev/ttyUSB77" in reports.first_bad("gone")["error"]["text"], reports.first_bad("gone"))
    check("127.0.0.1:1" in reports.first_bad("closed")["error"]["text"], reports.first_bad("closed"))
    with socket.create_server(("127.0.0.1", 0)) as mute:
        bench.write_text(f"rig: 1\nboards:\n  - {{id: mute, port: 'rfc2217://127.0.0.1:{mute.getsockname()[1]}'}}\n")
        rig("run", SMOKE, "--bench", bench, "--out", out, expect=RIG_FAULT)
    with virtual_board("--mac", "24:6f:28:bb:00:04") as port:
        bench.write_text(f"rig: 1\nboards:\n  - {{id: swapped, port: '{port}', mac: '24:6f:28:bb:00:99'}}\n")
        done = rig("run", SMOKE, "--bench", bench, "--out", out)
        check(done.returncode == USAGE and "swapped" in Reports(out).first_bad("swapped")["error"]["text"],
              done.returncode, done.stdout)


def work_folders(folder):
    out = folder / "remade"
    rig("run", SMOKE, "--virtual", 1, "--out", out, expect=0)
    (out / "ca").rename(out / "ca.old")
    done = rig("run", SMOKE, "--virtual", 1, "--out", out, expect=USAGE)
    check("which this CA never issued" in done.stdout, "a new CA beside an old register:", done.stdout)
    check("keygen" in Reports(out).first_bad("b1")["name"], "the board was touched:", Reports(out).first_bad("b1"))
    shutil.rmtree(out / "ca")
    (out / "ca.old").rename(out / "ca")
    rig("run", SMOKE, "--virtual", 1, "--out", out, expect=0)
    first = subprocess.Popen([RIG, "run", SMOKE, "--virtual", "1", "--pace", "esp32", "--progress", "lines", "--out",
                              str(out)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    first.stdout.readline()
    refused(RIG_FAULT, "another rig", "run", SMOKE, "--virtual", "1", "--out", out)
    first.terminate()
    first.communicate(timeout=60)


def junit_paths(folder):
    out = folder / "junit"
    refused(USAGE, "nowhere", "run", SMOKE, "--virtual", "1", "--out", out, "--junit", folder / "nowhere/j.xml")
    refused(USAGE, "--junit", "run", SMOKE, "--virtual", "1", "--out", out, "--junit", "")
    (folder / "real.xml").write_text("old")
    (folder / "link.xml").symlink_to("real.xml")
    rig("run", SMOKE, "--virtual", "1", "--out", out, "--junit", folder / "link.xml", expect=0)
    check((folder / "link.xml").is_symlink() and "<testsuites" in (folder / "real.xml").read_text(), "the link's target")
    shown = rig("run", SMOKE, "--virtual", "1", "--progress", "none", "--out", out, "--junit", "/dev/stdout", expect=0)
    check("<testsuites" in shown.stdout, "--junit /dev/stdout")


def disks(folder):
    taken = folder / "a-file"
    taken.write_text("")
    refused(RIG_FAULT, "a-file", "run", SMOKE, "--virtual", "1", "--out", taken)
    out = folder / "full"
    rig("run", SMOKE, "--virtual", "1", "--out", out, expect=0)
    limited = subprocess.run(["bash", "-c", 'ulimit -f 200; exec "$0" run "$1" --virtual 1 --out "$2"', RIG, SMOKE,
                              str(folder / "small")], capture_output=True, text=True, timeout=120, check=False)
    check(limited.returncode in (RIG_FAULT, USAGE), "file size limit:", limited.returncode, limited.stderr)
    check("rig: " in limited.stderr or "error" in limited.stdout, limited.stdout, limited.stderr)
    if os.geteuid() == 0:
        small = folder / "tmpfs"
        small.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)], check=False,
                                 capture_output=True)
        if mounted.returncode == 0:
            try:
                with virtual_board("--mac", "24:6f:28:bb:00:05") as port:
                    bench = folder / "full.yaml"
                    bench.write_text(f"rig: 1\nboards:\n  - {{id: b, port: '{port}'}}\n")
                    (small / "filler").write_bytes(bytes(500 * 1024))
                    done = rig("run", SMOKE, "--bench", bench, "--out", small / "out")
                    check(done.returncode == RIG_FAULT, "full disk:", done.returncode, done.stdout, done.stderr)
                    check("No space left" in done.stderr + done.stdout or "full" in done.stderr + done.stdout,
                          "the full disk is not named:", done.stdout, done.stderr)
            finally:
                subprocess.run(["umount", str(small)], check=False)


def vboard_options():
    done = subprocess.run([VBOARD, "--fault", "gremlins"], capture_output=True, text=True, timeout=20, check=False)
    check(done.returncode == USAGE and "gremlins" in done.stderr and "no-verify" in done.stderr, done.stderr)
    with work_folder() as folder:
        done = rig("run", SMOKE, "--virtual", "1", "--fault", "1:gremlins", "--out", folder)
        check(done.returncode in (USAGE, RIG_FAULT) and "gremlins" in done.stderr, done.returncode, done.stderr)


def test():
    command_line()
    vboard_options()
    with work_folder() as folder:
        files(folder)
        boards(folder)
        work_folders(folder)
        junit_paths(folder)
        disks(folder)


main(test)
