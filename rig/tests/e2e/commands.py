# SPDX-License-Identifier: Apache-2.0
"""Help, man page, completion and version agree with each other; reset, monitor and flash work on a board."""
import os
import re
import subprocess

from harness import RIG, SMOKE, check, main, rig, virtual_board, work_folder

COMMANDS = ["run", "check", "boards", "reset", "power", "monitor", "flash", "ca", "register"]


def texts_agree():
    overview = rig("--help", expect=0).stdout
    man = rig("--man", expect=0).stdout
    completion = rig("--completion", "bash", expect=0).stdout
    check(re.fullmatch(r"rig \d+\.\d+\.\d+\n", rig("--version", expect=0).stdout), "--version")
    for command in COMMANDS:
        help_text = rig(command, "--help", expect=0).stdout
        check(command in overview and f".SS rig {command}" in man, command, "is missing")
        check("examples:" in help_text and "exit codes:" in help_text, command, "--help is incomplete")
        check(rig(command, "-h", expect=0).stdout == help_text, command, "-h")
        for option in re.findall(r"^  --([a-z-]+)", help_text, re.MULTILINE):
            check(f".B \\-\\-{option.replace('-', chr(92) + '-')}" in man, option, "is not in the man page")
            check(f"--{option}" in completion, option, "is not in the completion")
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=man, capture_output=True, text=True,
                          check=False)
    check(lint.returncode == 0, lint.stdout)


def completion_works():
    completion = rig("--completion", "bash", expect=0).stdout
    ask = completion + """
    complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _rig; echo "${COMPREPLY[@]}"; }
    complete_words rig re; complete_words rig run --vir; complete_words rig register li; complete_words rig run --pace ''
    """
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=False)
    check(done.stdout.splitlines() == ["reset register", "--virtual", "list", "none esp32"], done.stdout, done.stderr)


def boards_work():
    check(rig("boards", expect=0).stdout != "", "rig boards says nothing")
    with virtual_board("--mac", "24:6f:28:bb:00:03") as port, work_folder() as folder:
        check("run mode" in rig("reset", port, expect=0).stdout, "reset")
        check("24:6f:28:bb:00:03" in rig("reset", port, "--download", expect=0).stdout, "reset --download")
        check("boot:0x13" in rig("monitor", port, "--reset", "--for", 1, expect=0).stdout, "monitor")
        image = folder / "image.bin"
        image.write_bytes(os.urandom(5000))
        check("proven by MD5" in rig("flash", port, "0x200000", image, expect=0).stdout, "flash")
        check("nothing written" in rig("flash", port, "0x200000", image, expect=0).stdout, "flash again")


def ca_works():
    with work_folder() as out:
        rig("ca", "init", "--suite", SMOKE, "--out", out, expect=0, env={"RIG_CA_PASSPHRASE": "correct horse"})
        wrong = rig("ca", "show", "--out", out, env={"RIG_CA_PASSPHRASE": "wrong"})
        check(wrong.returncode == 2 and "passphrase" in wrong.stderr, wrong.stderr)
        secret = out / "passphrase"
        secret.write_text("correct horse\n")
        refused = rig("ca", "show", "--out", out, "--ca-passphrase-file", secret, expect=2).stderr
        check("chmod 600" in refused, refused)
        secret.chmod(0o600)
        rig("ca", "show", "--out", out, "--ca-passphrase-file", secret, expect=0)
        for key in out.glob("ca/**/*key*"):
            if key.is_file():
                check(key.stat().st_mode & 0o077 == 0, key, "can be read by others")
                check(b"ENCRYPTED" in key.read_bytes(), key, "is in the clear")


def test():
    texts_agree()
    completion_works()
    boards_work()
    ca_works()


main(test)
