"""A chassis, and OpenSSH in front of it, that belong to a user without any right: with ForceCommand and with starsh as
the login shell."""
import os
import re
import shutil
import subprocess

import pytest

import account
import conftest
import lab

pytestmark = pytest.mark.needs("/usr/sbin/sshd", "ssh", "ssh-keygen", "setpriv", "unshare")
PORT = 2022


class Front:
    """chassisd and sshd of one account, with the configuration that configs/sshd/setup makes, its strict modes included."""

    def __init__(self, is_login_shell):
        prefix = None
        try:
            # the programs lie beside the home, whose name is not known before the account is there
            self.account = account.Account()
            prefix = self.account.dir / "usr"
            account.install(prefix)
            if is_login_shell:
                self.set_shell(prefix / "bin" / "starsh")
        except account.NoRight as e:
            conftest.missing(str(e))
        a = self.account
        self.root, self.address, self.key = a.home / "chassis", lab.random_net() + "1", lab.new_directory("ordinary_user") / "key"
        self.chassis = a.spawn(prefix / "sbin/chassisd", "--root", self.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lab.until(lambda: a.run(prefix / "bin/starsh", "-r", self.root, "-c", "show version").returncode == 0, 10, "chassisd answers")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        keys = a.home / "keys"
        shutil.copy(f"{self.key}.pub", keys)
        made = a.run(prefix / "share/starling/sshd/setup", self.root, self.address, PORT, keys, prefix / "bin/starsh")
        assert made.returncode == 0, made
        self.config = (self.root / "ssh/sshd_config").read_text()
        self.sshd = a.spawn(*made.stdout.split())
        lab.until(lambda: self.sshd.poll() is not None or self.ssh("show clock").returncode == 0, 10, f"sshd answers: {self.log()}")

    def set_shell(self, shell):
        if os.geteuid() != 0:
            raise account.NoRight("a login shell can be set by root only")
        passwd = self.account.dir / "passwd"
        passwd.write_text(passwd.read_text().replace(f"{self.account.home}:/bin/sh", f"{self.account.home}:{shell}"))

    def log(self):
        path = self.root / "ssh/log"
        return path.read_text() if path.exists() else ""

    def argv(self, *options):
        return ["ssh", "-F", "/dev/null", "-p", str(PORT), "-i", str(self.key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                "-o", f"UserKnownHostsFile={self.key}.hosts", "-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR",
                *options, f"{self.account.name}@{self.address}"]

    def ssh(self, *words, stdin="", options=()):
        return subprocess.run(self.argv(*options) + list(words), input=stdin, capture_output=True, text=True, timeout=60)

    def close(self):
        for p in (self.sshd, self.chassis):
            p.terminate()
            p.wait(60)
        self.account.close()


@pytest.fixture(scope="module", params=["ForceCommand", "login shell"])
def front(request):
    f = Front(request.param == "login shell")
    yield f
    f.close()


def test_setup_takes_the_way_that_the_login_shell_allows(front, request):
    is_login = "login shell" in request.node.name
    assert ("\nForceCommand " in front.config, "\nSetEnv STARLING_ROOT=" in front.config) == (not is_login, is_login)
    assert "StrictModes yes" in front.config


def test_a_command_gives_its_output_only_and_its_status(front):
    p = front.ssh("show version | grep Image.V")
    assert (p.returncode, p.stderr) == (0, "") and re.fullmatch(r"  Image Version: .*\n", p.stdout), (p, front.log())
    p = front.ssh("show nonsense")
    assert p.returncode == 1 and p.stdout.startswith('Unknown command - "nonsense"'), p


def test_a_script_on_standard_input(front):
    p = front.ssh(stdin="show clock\nconfigure\nend\nshow version | count\n")
    assert (p.returncode, p.stderr) == (0, "") and re.search(r"Count: \d+ lines\n$", p.stdout), p


def test_a_terminal_is_at_the_prompt(front):
    import pexpect
    argv = front.argv("-tt")
    child = pexpect.spawn(argv[0], argv[1:], env=dict(os.environ, TERM="dumb"), encoding="utf-8", timeout=60, dimensions=(15, 120))
    child.expect(r"\[local\]starling# $")
    child.send("show ver\t\r")
    child.expect("Image Version:")
    child.expect(r"\[local\]starling# $")
    child.send("exit\r")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_nothing_but_the_command_line_can_be_reached(front):
    p = front.ssh("sh -c 'echo got in; id'")
    assert p.returncode == 1 and "got in\n" not in p.stdout and "uid=" not in p.stdout, p
    p = front.ssh("show clock; id")
    assert "uid=" not in p.stdout, p
    p = front.ssh("show clock", options=("-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:9"))
    assert p.returncode != 0, p


def test_both_run_without_any_right(front):
    for p in (front.sshd, front.chassis):
        status = dict(l.split(":\t", 1) for l in open(f"/proc/{p.pid}/status").read().splitlines() if ":\t" in l)
        assert int(status["Uid"].split()[0]) != 0 and int(status["CapEff"], 16) == 0 and int(status["CapBnd"], 16) == 0 or os.geteuid(), status
