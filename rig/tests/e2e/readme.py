# SPDX-License-Identifier: Apache-2.0
"""Every command of README.md, in its order, as a newcomer types them; serial ports are virtual boards here, and the two
commands that install and build are not run again from within themselves."""
import os
import re
import shutil
import subprocess

from harness import BIN, SOURCE, check, main, virtual_board, work_folder

ELSEWHERE = {"./ci/demo", "./ci/test"}  # tested by ci itself


def blocks():
    text = (SOURCE / "README.md").read_text()
    found = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    check(len(found) >= 10, "README.md has", len(found), "blocks of commands")
    return found


def script(ports):
    lines = []
    for block in blocks():
        for path, address in ports.items():
            block = block.replace(path, address)
        kept = [l for l in block.splitlines() if l.strip() not in ELSEWHERE]
        lines.append("\n".join(kept))
    return "set -eux -o pipefail\n" + "\n".join(lines) + "\n"


def test():
    with work_folder() as folder, virtual_board("--mac", "24:6f:28:bb:00:01") as left, \
            virtual_board("--mac", "24:6f:28:bb:00:02") as right:
        shutil.copytree(SOURCE / "suites", folder / "suites")
        environment = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}")
        text = script({"/dev/ttyUSB0": left, "/dev/ttyUSB1": right})
        done = subprocess.run(["bash", "-c", text], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=380, check=False)
        check(done.returncode == 0, f"a command of README.md failed ({done.returncode}):\n"
              f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        check("exit code 1" in done.stdout, "the broken board did not fail")


main(test)
