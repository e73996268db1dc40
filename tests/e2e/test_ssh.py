"""OpenSSH in front of a chassis: configs/sshd with a real sshd on loopback and OpenSSH's client."""
import getpass
import os
import pathlib
import re
import subprocess

import pytest

import lab

pytestmark = pytest.mark.needs("/usr/sbin/sshd", "ssh", "ssh-keygen")
PORT = 2022


class Front:
    def __init__(self, chassis, address):
        self.chassis, self.address = chassis, address
        self.dir = chassis.root / "ssh"
        self.dir.mkdir()
        self.key = self.dir / "client_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        line = subprocess.run([lab.TOP / "configs/sshd/setup", chassis.root, address, str(PORT), f"{self.key}.pub", lab.STARSH],
                              check=True, capture_output=True, text=True, env=dict(os.environ, STRICT="no")).stdout
        with open(self.dir / "sshd_config", "a") as config:
            config.write(f"SetEnv STARSH_HISTORY={self.dir / 'history'}\n")
        self.process = lab.spawn(line.split())
        lab.until(lambda: self.process.poll() is not None or self.run("show clock").returncode == 0, 10, f"sshd answers: {self.log()}")
        assert self.process.poll() is None, self.log()

    def log(self):
        path = self.dir / "log"
        return path.read_text() if path.exists() else ""

    def argv(self, *options):
        return ["ssh", "-F", "/dev/null", "-p", str(PORT), "-i", str(self.key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                "-o", f"UserKnownHostsFile={self.dir / 'known_hosts'}", "-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR",
                *options, f"{getpass.getuser()}@{self.address}"]

    def run(self, *words, stdin="", options=()):
        return subprocess.run(self.argv(*options) + list(words), input=stdin, capture_output=True, text=True, timeout=60)

    def close(self):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def front(shared):
    f = Front(shared.a, f"{shared.net}1")
    yield f
    f.close()


def test_a_command_gives_its_output_only_and_its_status(front, shared):
    p = front.run("show version | grep Image")
    assert p.returncode == 0 and p.stderr == "", p
    assert p.stdout == shared.a.sh("show version | grep Image") and p.stdout.startswith("  Image Version:")
    p = front.run("show nonsense")
    assert p.returncode == 1 and p.stdout.startswith('Unknown command - "nonsense"'), p


def test_a_script_on_standard_input_is_answered_without_prompts(front):
    p = front.run(stdin="show clock\nconfigure\nend\nshow version | count\n")
    assert p.returncode == 0 and p.stderr == "", p
    assert re.fullmatch(r"\w+ \w+ \d\d \d\d:\d\d:\d\d \w+ \d{4}\nCount: \d+ lines\n", p.stdout), p.stdout
    p = front.run(stdin="show clock\nnonsense\nshow clock\n")
    assert p.returncode == 1 and len(p.stdout.splitlines()) == 3, p


def test_interactive_with_a_terminal(front, shared):
    import pexpect
    argv = front.argv("-tt")
    child = pexpect.spawn(argv[0], argv[1:], env=dict(os.environ, TERM="dumb"), encoding="utf-8", timeout=60, dimensions=(15, 120))
    prompt = r"\[local\]chassis-a# $"
    child.expect(prompt)
    child.send("show srp in\t\r")
    child.expect(r"Chassis State:\s+Active")
    child.expect(prompt)
    child.send("show ?")
    child.expect("subscribers")
    child.expect(prompt.rstrip("$") + "show $")
    child.send("\x15show configuration | more\r")
    child.expect(r"---\(more\)---")
    child.send("q")
    child.expect(prompt)
    child.send("exit\r")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_a_script_on_a_forced_terminal_echoes_like_a_session(front):
    p = front.run(stdin="show clock\rexit\r", options=("-tt",))
    assert p.returncode == 0 and "[local]chassis-a# show clock" in p.stdout, p


def test_nothing_but_the_command_line_can_be_reached(front, tmp_path):
    (tmp_path / "x").write_text("x")
    rest = front.argv()[1:-1]
    options = [w if w != "-p" else "-P" for w in rest]
    target = f"{getpass.getuser()}@{front.address}:/tmp/not-there"
    for program in (["scp", "-O"], ["scp"]):
        assert subprocess.run(program + options + [tmp_path / "x", target], capture_output=True, timeout=60).returncode != 0
    assert not pathlib.Path("/tmp/not-there").exists()
    p = front.run("sh -c 'echo got in'")
    assert p.returncode == 1 and "got in\n" not in p.stdout, p
    p = front.run("show clock", options=("-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:9"))
    assert p.returncode != 0, p


def test_without_a_known_key_nobody_gets_in(front):
    p = subprocess.run([w if w != str(front.key) else "/dev/null" for w in front.argv()] + ["show clock"], capture_output=True, text=True, timeout=60)
    assert p.returncode == 255 and p.stdout == "", p
