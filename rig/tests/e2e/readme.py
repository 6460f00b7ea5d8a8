# SPDX-License-Identifier: Apache-2.0
"""Every command of README.md, in its order, as a newcomer types them; serial ports are virtual boards here, and the two
commands that install and build are not run again from within themselves. The Vault is a fresh OpenBao; where that can't be
had, the blocks that need it are left out, and the test says so."""
import contextlib
import os
import re
import shutil
import subprocess

from bao import openbao
from harness import BIN, SOURCE, check, main, virtual_board, work_folder

ELSEWHERE = {"./ci/demo", "./ci/test"}  # tested by ci itself


def blocks():
    text = (SOURCE / "README.md").read_text()
    found = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    check(len(found) >= 10, "README.md has", len(found), "blocks of commands")
    return found


@contextlib.contextmanager
def vault(folder):
    """The address of a server whose files are in folder as README.md names them; None when there is none to be had."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(openbao(folder / "server", audit=True))
        except SystemExit:
            print("the commands of 'My Vault' were left out")
            yield None
            return
        shutil.copy(server.ca_file, folder / "api-ca.pem")
        for name, text in (("root.token", server.root_token), ("root.passphrase", "a passphrase")):
            with open(folder / name, "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
                file.write(text + "\n")
        yield server.address


def script(ports, vault_address):
    lines = []
    for block in blocks():
        if "vault" in block and vault_address is None:
            continue
        if "profiles/nginx" in block and not os.access("/usr/sbin/nginx", os.X_OK):
            print("SKIP: the command of 'My server' was left out: nginx is not installed")
            continue
        block = block.replace("https://ca.example:8200", vault_address or "")
        for path, address in ports.items():
            block = block.replace(path, address)
        kept = [l for l in block.splitlines() if l.strip() not in ELSEWHERE]
        lines.append("\n".join(kept))
    return "set -eux -o pipefail\n" + "\n".join(lines) + "\n"


def test():
    with work_folder() as folder, virtual_board("--mac", "24:6f:28:bb:00:01") as left, \
            virtual_board("--mac", "24:6f:28:bb:00:02") as right, vault(folder) as address:
        shutil.copytree(SOURCE / "suites", folder / "suites")
        shutil.copytree(SOURCE / "fixtures/pki", folder / "fixtures/pki")
        environment = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}")
        text = script({"/dev/ttyUSB0": left, "/dev/ttyUSB1": right}, address)
        done = subprocess.run(["bash", "-c", text], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=380, check=False)
        check(done.returncode == 0, f"a command of README.md failed ({done.returncode}):\n"
              f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        if address is not None:
            for said in ("dry run: nothing was changed", "ready: vault/ca.yaml", "nothing to change", "nothing found",
                         "CRITICAL  root-token"):
                check(said in done.stdout, "no command said:", said, done.stdout[-3000:])
        check("exit code 1" in done.stdout, "the broken board did not fail")


main(test)
