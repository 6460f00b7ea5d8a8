# SPDX-License-Identifier: Apache-2.0
"""SIGINT and SIGTERM in the middle of a run: exit code 130, every report written, nothing left running."""
import signal
import subprocess

from harness import RIG, Reports, SMOKE, ACCEPTANCE, check, main, work_folder


def cancel_with(number, word):
    with work_folder() as out:
        run = subprocess.Popen([RIG, "run", ACCEPTANCE, "--virtual", "2", "--progress", "lines", "--out", str(out)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in run.stdout:
            if word in line:
                break
        run.send_signal(number)
        rest, err = run.communicate(timeout=60)
        check(run.returncode == 130, "exit code", run.returncode, rest, err)
        reports = Reports(out)
        reports.validate()
        check(reports.lines[-1]["kind"] == "run-end", reports.lines[-1])
        check(reports.lines[-1]["cancelled"] is True, reports.lines[-1])
        check(any("cancelled" in s["error"]["text"] for s in reports.steps() if s.get("error")), "no step says so")
        left = subprocess.run(["pgrep", "-f", str(out)], capture_output=True, text=True, check=False).stdout
        check(left == "", "still running:", left)


def test():
    cancel_with(signal.SIGINT, "identify")
    cancel_with(signal.SIGTERM, "keygen")


main(test)
