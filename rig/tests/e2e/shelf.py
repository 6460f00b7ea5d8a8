# SPDX-License-Identifier: Apache-2.0
"""What a shelf does besides running suites: finding boards, a first bench file, boards that come late or go away, lines
and power by programs, tags."""
import os
import signal
import socket
import stat
import subprocess
import time

from harness import RIG, SMOKE, VBOARD, Reports, check, main, rig, virtual_board, work_folder


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def probing_and_the_first_bench():
    with virtual_board("--mac", "24:6f:28:bb:01:01") as first, work_folder() as folder, \
            virtual_board("--mac", "24:6f:28:bb:01:02") as second:
        bench = folder / "bench.yaml"
        dead = f"rfc2217://127.0.0.1:{free_port()}"
        started = time.monotonic()
        found = rig("boards", first, second, dead, "--write", bench, expect=0).stdout
        if not os.environ.get("RIG_SANITIZE"):
            check(time.monotonic() - started < 3, "probing took", time.monotonic() - started)
        for mac in ("24:6f:28:bb:01:01", "24:6f:28:bb:01:02"):
            check(any(mac in line and "esp32" in line and "agent" in line for line in found.splitlines()), found)
        check(any(dead in line and "no board" in line for line in found.splitlines()), found)
        rig("check", bench, expect=0)
        text = bench.read_text()
        check(f"# no board at {dead}" in text and "24:6f:28:bb:01:02" in text, text)
        refused = rig("boards", first, "--write", bench, expect=2).stderr
        check("--force" in refused and bench.read_text() == text, "overwritten:", refused)
        rig("boards", first, "--write", bench, "--force", expect=0)
        check("24:6f:28:bb:01:02" not in bench.read_text(), "not replaced")
        rig("run", SMOKE, "--bench", bench, "--out", folder / "out", expect=0)
        nothing = rig("boards", dead, "--write", folder / "none.yaml", expect=3).stderr
        check("nothing to write" in nothing and not (folder / "none.yaml").exists(), nothing)


def swapped_boards_are_noticed():
    with virtual_board("--mac", "24:6f:28:bb:02:01") as first, virtual_board("--mac", "24:6f:28:bb:02:02") as second, \
            work_folder() as folder:
        bench = folder / "bench.yaml"
        rig("boards", first, second, "--write", bench, expect=0)
        text = bench.read_text().replace(first, "FIRST").replace(second, first).replace("FIRST", second)
        bench.write_text(text)
        done = rig("run", SMOKE, "--bench", bench, "--out", folder / "out")
        check(done.returncode in (2, 3), "ended with", done.returncode, done.stdout)
        for board in ("b1", "b2"):
            bad = Reports(folder / "out").first_bad(board)
            check(bad["verdict"] == "error" and "swapped" in str(bad), bad)


def a_board_that_comes_late_joins():
    with virtual_board() as here, work_folder() as folder:
        port = free_port()
        bench = folder / "bench.yaml"
        bench.write_text(f"rig: 1\nboards:\n  - {{id: here, port: \"{here}\"}}\n"
                         f"  - {{id: late, port: \"rfc2217://127.0.0.1:{port}\"}}\n")
        run = subprocess.Popen([RIG, "run", SMOKE, "--bench", bench, "--out", folder / "out", "--wait", "60",
                                "--progress", "lines"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in run.stdout:
            if "here" in line and "identify" in line:
                break  # the run goes on without the other one
        with virtual_board("--listen", f"127.0.0.1:{port}", "--mac", "24:6f:28:bb:04:02"):
            rest = run.stdout.read()
            check(run.wait(timeout=200) == 0, rest)
        check(Reports(folder / "out").verdicts() == {"here": "pass", "late": "pass"}, rest)


def a_board_that_never_comes_is_an_error():
    with virtual_board() as here, work_folder() as folder:
        bench = folder / "bench.yaml"
        bench.write_text(f"rig: 1\nboards:\n  - {{id: here, port: \"{here}\"}}\n"
                         f"  - {{id: never, port: \"rfc2217://127.0.0.1:{free_port()}\"}}\n")
        rig("run", SMOKE, "--bench", bench, "--out", folder / "out", "--wait", 1, expect=3)
        check(Reports(folder / "out").verdicts() == {"here": "pass", "never": "error"}, "verdicts")


def a_board_that_goes_away_fails_soon_with_the_cause():
    with virtual_board() as here, work_folder() as folder:
        gone = subprocess.Popen([VBOARD, "--pace", "esp32", "--mac", "24:6f:28:bb:05:02"], stdout=subprocess.PIPE, text=True)
        bench = folder / "bench.yaml"
        bench.write_text(f"rig: 1\nboards:\n  - {{id: here, port: \"{here}\"}}\n"
                         f"  - {{id: gone, port: \"{gone.stdout.readline().strip()}\"}}\n")
        run = subprocess.Popen([RIG, "run", SMOKE, "--bench", bench, "--out", folder / "out", "--progress", "lines"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in run.stdout:
            if "gone" in line and "identify" in line:
                gone.send_signal(signal.SIGKILL)
                killed = time.monotonic()
                gone.wait()
                break
        for line in run.stdout:
            if "gone" in line and "error" in line:
                break
        check(time.monotonic() - killed < 2 or os.environ.get("RIG_SANITIZE"), "told after",
              time.monotonic() - killed)
        rest = run.stdout.read()
        check(run.wait(timeout=200) == 3, rest)
        gone.stdout.close()
        bad = Reports(folder / "out").first_bad("gone")
        check(bad["verdict"] == "error" and bad["error"]["code"] == "disconnected", bad)
        check(Reports(folder / "out").verdicts()["here"] == "pass", "here")


def programs_switch_and_tags_choose():
    with virtual_board("--mac", "24:6f:28:bb:03:01") as board, work_folder() as folder:
        log = folder / "log"
        relay = folder / "relay"
        relay.write_text("#!/bin/sh\necho \"$@\" >> \"$(dirname \"$0\")/log\"\n")
        relay.chmod(relay.stat().st_mode | stat.S_IXUSR)
        bench = folder / "bench.yaml"
        bench.write_text(f"rig: 1\ngroups: {{left: [a]}}\nboards:\n  - id: a\n    port: \"{board}\"\n"
                         f"    lines: {{controller: command, command: [{relay}, lines]}}\n"
                         f"    power: {{on: [{relay}, up], off: [{relay}, down], off_for: 10ms}}\n"
                         "  - {id: b, port: /dev/null, tags: [spare]}\n"
                         "  - {id: c, port: /dev/zero, enabled: false, tags: [broken]}\n")
        check("power cycle" in rig("power", "a", "cycle", "--bench", bench, expect=0).stdout, "power")
        check(log.read_text() == "down\nup\n", log.read_text())
        log.unlink()
        check("power" in rig("power", "b", "off", "--bench", bench, expect=2).stderr, "no power")
        rig("power", "a", "blink", "--bench", bench, expect=2)
        # the program moves nothing here, so the board stays as it is, and its power is cycled for it
        rig("run", SMOKE, "--bench", bench, "--out", folder / "out", "--tag", "left", expect=1)
        said = log.read_text().splitlines()
        check(said[0] == "lines run" and "lines reset" in said and "lines boot" in said, said)
        check(said.count("down") == 1 and said.count("up") == 1, said)
        check(set(Reports(folder / "out").verdicts()) == {"a"}, "boards")
        check("no board to run on" in rig("run", SMOKE, "--bench", bench, "--tag", "broken", expect=2).stderr, "tag")


def test():
    probing_and_the_first_bench()
    swapped_boards_are_noticed()
    a_board_that_comes_late_joins()
    a_board_that_never_comes_is_an_error()
    a_board_that_goes_away_fails_soon_with_the_cause()
    programs_switch_and_tags_choose()


main(test)
