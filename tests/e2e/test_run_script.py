"""./run as a newcomer uses it, with a lab and addresses of its own."""
import os
import re
import shutil
import socket
import subprocess

import pytest

import lab


class Run:
    def __init__(self, directory):
        self.lab, self.net = directory / "lab", lab.random_net()
        configs = directory / "configs"
        configs.mkdir(parents=True)
        for f in (lab.TOP / "configs").glob("lab-?.cfg"):
            (configs / f.name).write_text(f.read_text().replace(lab.LAB_NET, self.net))
        self.env = dict(os.environ, LAB=os.path.relpath(self.lab, lab.TOP), CONFIGS=str(configs))

    def __call__(self, *words, stdin=subprocess.DEVNULL, timeout=400):
        """(exit status, everything it said)"""
        p = subprocess.run([lab.TOP / "run", *words], env=self.env, stdin=stdin, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=timeout, cwd="/")
        return p.returncode, p.stdout


@pytest.fixture
def run():
    r = Run(lab.new_directory("run_script"))
    yield r
    r("stop")


@pytest.mark.needs("/usr/sbin/sshd", "ssh", "ssh-keygen")
def test_the_printed_line_logs_in_until_the_lab_is_stopped(run):
    rc, out = run("--no-console")
    lines = re.findall(r"^Log in to chassis ([AB]): (ssh .*)$", out, re.M)
    assert rc == 0 and [l[0] for l in lines] == ["A", "B"], out
    for x, line in lines:
        p = subprocess.run(line.split() + ["show configuration | grep hostname"], capture_output=True, text=True, timeout=60, cwd=lab.TOP)
        assert (p.returncode, p.stdout, p.stderr) == (0, f"  system hostname chassis-{x.lower()}\n", ""), p
    assert run("--no-console")[1].count("Log in to chassis") == 2, "starting twice"
    assert run("stop")[0] == 0
    p = subprocess.run(lines[0][1].split() + ["show clock"], capture_output=True, text=True, timeout=60, cwd=lab.TOP)
    assert p.returncode == 255, p


def test_the_lab_from_start_to_stop(run):
    rc, out = run("--no-console")
    assert rc == 0, out
    assert "Chassis A: Active" in out and "Chassis B: Standby" in out
    rc, out = run("sh", "a", "show srp info | grep 'Chassis State'")
    assert rc == 0 and re.fullmatch(r"Chassis State: +Active\n", out), out
    assert run("sh", "a", "nonsense")[0] == 1
    assert "/flash/lab-a.cfg" in run("sh", "a", "show boot")[1]

    rc, out = run("--no-console")
    assert rc == 0 and "already runs" in out, "starting twice"
    assert run("start", "a")[0] == 1

    rc, out = run("kill", "a")
    assert rc == 0 and "killed" in out
    lab.until(lambda: "Active" in run("sh", "b", "show srp info | grep 'Chassis State'")[1], 10, "B is Active")
    rc, out = run("status")
    assert rc == 1 and "Chassis A: not running" in out and "Chassis B: Active" in out
    rc, out = run("sh", "a", "show version")
    assert rc == 1 and "./run start a" in out
    assert run("start", "a")[0] == 0
    lab.until(lambda: "Chassis A: Standby" in run("status")[1], 10, "A is Standby")
    assert "priority 10" in run("sh", "a", "show boot")[1]

    rc, out = run("stop")
    assert rc == 0 and out.count("stopped") == 2
    assert run("stop")[0] == 0
    assert not [p for p in lab.descendants(1) if lab_process(p, run.lab)]


def test_the_status_of_a_chassis_without_redundancy_says_so(run):
    assert run("--no-console")[0] == 0
    lines = "configure\ncontext srp\nno service-redundancy-protocol\nend\n"
    p = subprocess.run([lab.STARSH, "-r", run.lab / "a"], input=lines, capture_output=True, text=True, timeout=60)
    assert p.returncode == 0, p
    said = "Chassis A: running, service-redundancy-protocol is not configured (process "
    lab.until(lambda: said in run("status")[1], 10, "it says so")


def lab_process(pid, root):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return str(root).encode() in f.read()
    except OSError:
        return False


def test_the_console_opens_on_a(run):
    import pexpect
    child = pexpect.spawn(str(lab.TOP / "run"), env=dict(run.env, TERM="dumb"), encoding="utf-8", timeout=60)
    child.expect(r"\[local\]\S+# ")
    child.send("show srp info\r")
    child.expect("Chassis State: +Active")
    child.expect(r"\[local\]\S+# ")
    child.send("exit\r")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


@pytest.mark.parametrize("words, said", [(["frobnicate"], "Unknown word 'frobnicate'"), (["kill"], "Which chassis?"),
                                         (["console", "c"], "no chassis 'c'"), (["sh", "a"], "One command in quotes"),
                                         (["kill", "a"], "does not run"), (["console", "b"], "does not run")])
def test_a_wrong_word_gets_a_clear_sentence(run, words, said):
    rc, out = run(*words)
    assert rc == 1 and said in out, out


@pytest.mark.parametrize("kind, host, port", [("STREAM", "1", lab.SRP_PORT), ("DGRAM", "100", 2123)])
def test_a_taken_port_is_named(run, kind, host, port):
    with socket.socket(socket.AF_INET, getattr(socket, "SOCK_" + kind)) as s:
        s.bind((run.net + host, port))
        if kind == "STREAM":
            s.listen()
        rc, out = run("--no-console")
    assert rc == 1 and f"{port} of {run.net}{host} is taken" in out, out


def test_a_missing_package_without_a_way_to_install_it_is_named(run, tmp_path):
    for tool, text in (("dpkg-query", "exit 1"), ("id", "echo 1000")):
        (tmp_path / tool).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / tool).chmod(0o755)
    for tool in ("bash", "dirname", "mapfile"):
        if shutil.which(tool):
            (tmp_path / tool).symlink_to(shutil.which(tool))
    run.env["PATH"] = str(tmp_path)
    rc, out = run("--no-console")
    assert rc == 1 and "libcli-dev" in out and "no sudo" in out, out
