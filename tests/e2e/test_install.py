"""make install into a directory of its own: what lies where, and that it runs from there."""
import os
import re
import shutil
import subprocess

import pytest

import account
import conftest
import lab


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    to = tmp_path_factory.mktemp("install")
    subprocess.run(["make", "-s", "install", f"DESTDIR={to}", "prefix=/usr"], cwd=lab.TOP, check=True)
    return to / "usr"


def test_a_chassis_runs_from_the_installed_programs(installed, tmp_path):
    root = tmp_path / "root"
    p = lab.spawn([installed / "sbin/chassisd", "--root", root], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ask = [installed / "bin/starsh", "-r", root, "-c", "show version"]
    lab.until(lambda: subprocess.run(ask, capture_output=True).returncode == 0, 10, "it answers")
    p.terminate()
    assert p.wait(60) == 0


@pytest.mark.needs("groff")
@pytest.mark.parametrize("page", ["man8/chassisd.8", "man1/starsh.1"])
def test_manual_pages_are_well_formed_and_name_every_option(installed, page):
    p = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-P-c", installed / "share/man" / page], capture_output=True, text=True)
    assert p.returncode == 0 and p.stderr == "", p.stderr
    program = installed / ("bin/starsh" if "starsh" in page else "sbin/chassisd")
    shown = re.sub(".\x08", "", p.stdout).replace("\u2010", "-").replace("\u2212", "-")
    usage = subprocess.run([program, "-h" if "starsh" in page else "--help"], capture_output=True, text=True).stdout
    for word in usage.split():
        if word.startswith(("-", "[-")):
            option = word.strip("[]").split("=")[0]
            assert option in shown, f"{option} is not in {page}"


def test_the_unit_runs_the_installed_program(installed, tmp_path):
    unit = (installed / "lib/systemd/system/starling@.service").read_text()
    assert "ExecStart=/usr/sbin/chassisd --root /var/lib/starling/%i" in unit and "@sbindir@" not in unit
    if shutil.which("systemd-analyze"):  # it wants the program to be where the unit says, and an instance
        here = tmp_path / "starling@a.service"
        here.write_text(unit.replace("/usr/sbin/chassisd", str(installed / "sbin/chassisd")))
        p = subprocess.run(["systemd-analyze", "verify", "--man=no", here], capture_output=True, text=True)
        assert [l for l in p.stderr.splitlines() if "starling" in l] == [], p.stderr


def test_the_units_line_runs_as_the_units_user_in_its_directory():
    """Not under systemd, but as it would: the line, the user, the state directory and the limits that the unit names."""
    try:
        user = account.Account(mounts="mount -t tmpfs tmpfs /var/lib; mkdir -p /var/lib/starling/a; "
                                      f"chown -R {account.UID}:{account.UID} /var/lib/starling")
    except account.NoRight as e:
        conftest.missing(str(e))
    try:
        account.install(user.dir / "usr")
        unit = dict(l.split("=", 1) for l in (user.dir / "usr/lib/systemd/system/starling@.service").read_text().splitlines()
                    if re.match(r"\w+=", l))
        assert (unit["User"], unit["StateDirectory"], unit["NoNewPrivileges"]) == ("starling", "starling/%i", "yes")
        line = unit["ExecStart"].replace("%i", "a").replace("$STARLING_OPTIONS", "").split()
        p = user.spawn("setpriv", "--no-new-privs", "sh", "-c", f'ulimit -n {unit["LimitNOFILE"]}; exec "$@"', "sh", *line,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        root = f"/proc/{p.pid}/root/var/lib/starling/a"
        ask = [user.dir / "usr/bin/starsh", "-r", root, "-c", "show version"]
        lab.until(lambda: p.poll() is not None or subprocess.run(ask, capture_output=True).returncode == 0, 10, "it answers")
        assert p.poll() is None, p.stdout.read()
        assert os.stat(f"{root}/chassis.db").st_uid == account.UID
        p.terminate()
        assert p.wait(60) == 0
    finally:
        user.close()


def test_what_an_sshd_needs_is_there(installed):
    assert os.access(installed / "share/starling/sshd/setup", os.X_OK)
    assert (installed / "share/starling/sshd/sshd_config.in").exists()
