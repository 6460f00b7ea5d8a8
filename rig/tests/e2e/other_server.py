# SPDX-License-Identifier: Apache-2.0
"""The suites against servers that are not ours: nginx set up by its profile, faulty twins of it, and one that runs already,
started here with a certificate of the run's own CA, as a staging server would be."""
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading

from harness import GOOD, SOURCE, Reports, check, main, no_private_key_below, rig, work_folder

NGINX = "/usr/sbin/nginx"
PROFILE = SOURCE / "suites/profiles/nginx.yaml"
# Sessions that outlive a revocation: nginx lets them in, and nobody declared it.
BYPASSES = {"session-id-after-revocation", "ticket-at-other-server-after-revocation",
            "tls13-psk-stateful-after-revocation", "tls13-psk-at-other-server-after-revocation"}

SUITE = """rig: 1
name: {name}
fixtures: [{fixtures}/device.yaml, {fixtures}/server.yaml, {fixtures}/crl.yaml, {fixtures}/ocsp.yaml]
keys: [p-256]
before: [{{step: reset}}, {{step: identify}}, {{step: firmware}}]
each_key:
  - {{step: keygen}}
  - {{step: csr}}
  - {{case: control, certificate: good, expect: accepted, control: true}}
{cases}
  - {{case: control-at-the-end, certificate: good, expect: accepted, control: true}}
"""
REVOKED = ("  - {case: crl-revoked-leaf, expect: server-rejects, verify_errors: [CERT_REVOKED], verify_depth: 0, "
           "alerts: [certificate_revoked], certificate: revoked, crls: revoked-leaf}")
EXPIRED = ("  - {case: expired, expect: server-rejects, verify_errors: [CERT_HAS_EXPIRED], verify_depth: 0, "
           "alerts: [certificate_expired]}")
SESSION = ("  - {case: session-id-after-revocation, expect: server-rejects, verify_errors: [CERT_REVOKED], "
           "certificate: revoked-later, crls: good, session: id, change: {crls: revoked-later}}")
ROGUE = "  - {case: rogue-root-sent, expect: server-rejects, verify_errors: [SELF_SIGNED_CERT_IN_CHAIN]}"
NONE = "  - {case: no-certificate, expect: server-rejects, certificate: none}"

STAGING = """rig: 1
name: staging
keys: [p-256]
before: [{{step: reset}}, {{step: identify}}, {{step: firmware}}]
each_key:
  - step: keygen
  - step: csr
  - step: sign
  - step: flash
  - step: boot
  - step: installed
  - case: good
  - {{case: revoked, certificate: revoked, timeout: {timeout}}}
  - {{case: other-root, certificate: other-root}}
  - {{case: no-intermediate, certificate: no-intermediate}}
  - {{case: expired, certificate: expired}}
  - {{case: none, certificate: none}}
  - {{case: bad-server, server: expired}}
  - case: good-again
"""


def cases_of(out, board="b1"):
    return {s["step"]: s for s in Reports(out).steps(board) if s.get("case")}


def catalogue(folder):
    """Both suites on two boards: right verdicts for all that run."""
    out = folder / "catalogue"
    rig("run", SOURCE / "suites/mtls-device.yaml", "--virtual", 2, "--server", PROFILE, "--out", out, expect=3)
    reports = Reports(out)
    reports.validate()
    no_private_key_below(reports.folder)
    check(not list((out / "servers").iterdir()), "nginx left folders behind")
    for board in ("b1", "b2"):
        cases = cases_of(out, board)
        bad = {name: s for name, s in cases.items() if s["verdict"] in ("fail", "error")}
        check(set(bad) == BYPASSES, board, "failed:", {n: s["error"]["text"] for n, s in bad.items()})
        check(all(s["verdict"] == "error" for s in bad.values()), "a server's fault is none of the board")
        skipped = [s for s in cases.values() if s["verdict"] == "skip"]
        check(all("not run with this server: " in s["error"]["text"] for s in skipped), skipped)
        passed = sum(s["verdict"] in GOOD for s in cases.values())
        print(f"{board}: {len(cases)} cases with nginx: {passed} passed, {len(skipped)} skipped, {len(bad)} let the revoked in")
        check(passed >= 200, passed)
        check(cases["expired"]["evidence"]["server"]["verify_error"] == "CERT_HAS_EXPIRED", cases["expired"])
        check(cases["expired"]["evidence"]["server"]["http_status"] == 400, cases["expired"])
        check(cases["expired"]["evidence"]["server"]["handshake_done"], "nginx refuses behind the handshake")
    out = folder / "server"
    rig("run", SOURCE / "suites/mtls-server.yaml", "--virtual", 1, "--server", PROFILE, "--out", out, expect=0)


def run_twin(folder, name, cases, directives="", declared="", expect=3):
    (folder / f"{name}.yaml").write_text(SUITE.format(name=name, fixtures=SOURCE / "fixtures/pki", cases="\n".join(cases)))
    (folder / f"{name}-profile.yaml").write_text(
        f"rig: 1\nprofile: {name}\nprogram: nginx\n" + directives + declared)
    rig("run", folder / f"{name}.yaml", "--virtual", 1, "--server", folder / f"{name}-profile.yaml", "--out", folder / name,
        expect=expect)
    return cases_of(folder / name)


def twins(folder):
    """nginx as people get it wrong; each is caught, by its own case."""
    cases = run_twin(folder, "any-ca", [ROGUE, EXPIRED], "directives: [ssl_verify_client optional_no_ca]\n")
    check(cases["control"]["verdict"] in GOOD and cases["expired"]["verdict"] in GOOD, cases)
    check(cases["rogue-root-sent"]["verdict"] == "error", "optional_no_ca was not caught")
    check("accepted a board that it must refuse" in cases["rogue-root-sent"]["error"]["text"], cases["rogue-root-sent"])
    cases = run_twin(folder, "no-crl", [REVOKED, EXPIRED], "directives: [ssl_crl]\n")
    check(cases["crl-revoked-leaf"]["verdict"] == "error", "a missing ssl_crl was not caught")
    check(cases["expired"]["verdict"] in GOOD, cases["expired"])
    cases = run_twin(folder, "optional", [NONE, REVOKED], "directives: [ssl_verify_client optional]\n")
    check(cases["no-certificate"]["verdict"] == "error", "ssl_verify_client optional was not caught")
    check(cases["crl-revoked-leaf"]["verdict"] in GOOD, cases["crl-revoked-leaf"])
    cases = run_twin(folder, "cache-left-on", [SESSION, EXPIRED])
    check(cases["session-id-after-revocation"]["verdict"] == "error", "not caught")
    check(cases["expired"]["verdict"] in GOOD, cases["expired"])
    cases = run_twin(folder, "declared", [SESSION], declared="cases:\n  - {case: session-id-after-revocation, "
                     "expect: accepted, why: sessions live for minutes}\n", expect=0)
    check(cases["session-id-after-revocation"]["evidence"]["declared"] == "sessions live for minutes", cases)
    # a word that nginx does not know is the rig's trouble, with nginx's words
    cases = run_twin(folder, "bad-word", [EXPIRED], "directives: [no_such_directive on]\n")
    check("unknown directive" in cases["control"]["error"]["text"], cases["control"]["error"])


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


def is_root(pem):
    words = subprocess.run(["openssl", "x509", "-noout", "-subject", "-issuer"], input=pem, capture_output=True, text=True,
                           check=True).stdout.splitlines()
    return words[0].split("=", 1)[1] == words[1].split("=", 1)[1]


@contextlib.contextmanager
def staging(folder, out, crls=True):
    """nginx with a server certificate of a CA of its own, that trusts the CA of the work folder for boards."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=staging root", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-keyout",
            folder / "server.key", "-out", folder / "server.csr")
    (folder / "ext").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", folder / "server.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", folder / "ext", "-out", folder / "server.pem")
    (folder / "crls.pem").write_text(rig("ca", "crl", "--out", out, expect=0).stdout)
    # the root alone: a server that has the intermediate too lets a board in that does not send it
    chain = re.findall(r"-----BEGIN.*?END CERTIFICATE-----\n", rig("ca", "chain", "--out", out, expect=0).stdout, re.DOTALL)
    (folder / "roots.pem").write_text(next(c for c in chain if is_root(c)))
    config = (f"daemon off; pid {folder}/pid; error_log stderr notice; events {{}} http {{ access_log off;\n"
              + "".join(f"{kind}_temp_path {folder}/temp;\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
              + f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate server.pem; ssl_certificate_key server.key;\n"
              + "ssl_session_cache off; ssl_session_tickets off; ssl_verify_client on; ssl_verify_depth 5;\n"
              + "ssl_client_certificate roots.pem;" + (" ssl_crl crls.pem;" if crls else "")
              + " location /health { return 204; } location / { return 404; } } }\n")
    (folder / "nginx.conf").write_text(config)
    server = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "--", NGINX, "-e", "stderr", "-p", folder, "-c",
                               folder / "nginx.conf"], stderr=subprocess.PIPE, text=True)
    try:
        for line in server.stderr:
            if "start worker process " in line:
                break
        check(server.poll() is None, "the staging server does not start")
        yield f"https://localhost:{port}/health", server
    finally:
        server.terminate()
        server.wait(20)
        server.stderr.close()


def running_server(folder):
    """A server of the user's: who gets in, who does not, and what can't be tried with it."""
    out = folder / "out"
    suite = folder / "staging.yaml"
    suite.write_text(STAGING.format(timeout="20s"))
    rig("ca", "init", "--suite", suite, "--out", out, expect=0)
    with staging(folder / "server", out) as (url, server):
        stop = threading.Event()
        fetcher = threading.Thread(target=fetch_crls, args=(folder / "server", out, server, stop))
        fetcher.start()
        try:
            rig("run", suite, "--virtual", 2, "--server", url, "--server-root", folder / "server/ca.pem", "--out", out,
                expect=0)
        finally:
            stop.set()
            fetcher.join()
        for board in ("b1", "b2"):
            cases = cases_of(out, board)
            check(all(cases[n]["verdict"] in GOOD for n in cases if n != "bad-server"), cases)
            check(cases["bad-server"]["verdict"] == "skip", cases["bad-server"])
            check("not run with this server" in cases["bad-server"]["error"]["text"], cases["bad-server"])
            check(cases["good"]["evidence"]["server"]["http_status"] == 204, cases["good"])
            check(cases["revoked"]["evidence"]["server"]["http_status"] == 400, cases["revoked"])
            check(cases["revoked"]["evidence"]["handshakes_after_revocation"] >= 1, cases["revoked"])
            print(board, "refused after", cases["revoked"]["evidence"]["until_answer_ms"], "ms")
        # its certificate is checked: the flashed roots do not know it, and another path answers 404
        rig("run", suite, "--virtual", 1, "--server", url, "--out", out, expect=1)
        check("refused the good server" in cases_of(out)["good"]["error"]["text"], cases_of(out)["good"])
        rig("run", suite, "--virtual", 1, "--server", url.replace("/health", "/no"), "--server-root",
            folder / "server/ca.pem", "--out", out, expect=1)
        check("HTTP status 404" in cases_of(out)["good"]["error"]["text"], cases_of(out)["good"])
    suite.write_text(STAGING.format(timeout="12s"))
    with staging(folder / "open", out, crls=False) as (url, _server):
        rig("run", suite, "--virtual", 1, "--server", url, "--server-root", folder / "open/ca.pem", "--out", out, expect=3)
        check(cases_of(out)["revoked"]["verdict"] == "error", "a server without CRLs was not caught")
        check(cases_of(out)["revoked"]["evidence"]["handshakes_after_revocation"] > 1, cases_of(out)["revoked"])
    for word in ("http://localhost/", "https://", "https://a b/", "https://h:0/", "https://u@h/", "ftp://h/"):
        rig("run", suite, "--virtual", 1, "--server", word, "--out", out, expect=2)
    rig("run", suite, "--virtual", 1, "--server", folder / "none.yaml", "--out", out, expect=2)
    for name, text in (("key.pem", "-----BEGIN PRIVATE KEY-----\nMIGH\n"), ("none.pem", "no certificate\n")):
        (folder / name).write_text(text)
        rig("run", suite, "--virtual", 1, "--server", "https://localhost/", "--server-root", folder / name, "--out", out,
            expect=2)


def fetch_crls(folder, out, server, stop):
    """What a server's cron job does: the newest CRLs, and a reload."""
    while not stop.wait(1):
        crls = rig("ca", "crl", "--out", out).stdout
        if crls and crls != (folder / "crls.pem").read_text():
            (folder / "crls.pem").write_text(crls)
            server.send_signal(signal.SIGHUP)


def test():
    if not os.access(NGINX, os.X_OK):
        print(f"SKIP: {NGINX} is not installed (Debian package nginx-light): no other server to test with")
        sys.exit(77)
    with work_folder() as folder:
        parts = {"catalogue": catalogue, "twins": twins, "running": running_server}
        parts[sys.argv[1]](folder)


main(test)
