"""Configuration: printed, saved, loaded, kept over a restart; boot entries; secrets."""
import re
import subprocess

import pytest

import lab

FILES = sorted((lab.TOP / "configs").glob("*.cfg"))


@pytest.fixture
def alone(make_pair):
    """One chassis with the lab's configuration; the other never starts."""
    return make_pair().a.start()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_printing_loading_and_printing_again_gives_the_same_text(make_pair, file):
    pair = make_pair()
    first, second = pair.both
    first.flash(first.config_name, file.read_text().replace(lab.LAB_NET, pair.net))
    first.start()
    printed = first.sh("show configuration")
    lines = printed.splitlines()
    assert lines[0] == "config" and lines[-1] == "end", printed
    first.stop()
    second.flash(second.config_name, printed)
    second.start("--mac", "02-00-00-00-00-0B")
    assert second.sh("show configuration") == printed


def test_what_the_lab_file_says_is_what_is_printed(alone):
    """The lab's files are written as the chassis prints them."""
    wanted = [l for l in alone.flash(alone.config_name).splitlines() if l.strip() and not re.match(r"\s*#(?!exit)", l)]
    printed = alone.sh("show configuration").splitlines()
    assert [l for l in wanted if l not in printed] == []


def test_every_block_is_closed_at_its_own_indentation(alone):
    stack = []
    for line in alone.sh("show configuration").splitlines()[1:-1]:
        indent = len(line) - len(line.lstrip())
        if line.strip() == "#exit":
            assert stack.pop() == indent, line
        else:
            while len(stack) < indent // 2 - 1:
                stack.append(2 * (len(stack) + 1))
            assert indent == 2 * (len(stack) + 1), line
    assert stack == []


def test_show_configuration_srp_and_context_print_their_part(alone):
    whole = alone.sh("show configuration")
    srp = alone.sh("show configuration srp")
    assert "service-redundancy-protocol" in srp and "bind address" in srp and "apn " not in srp
    name = re.search(r"^  context (\S+)", whole, re.M).group(1)
    part = alone.sh(f"show configuration context {name}")
    assert f"context {name}" in part
    assert len(re.findall(r"^  context ", part, re.M)) == 1
    rc, out = alone.run("show configuration context nowhere")
    assert rc == 1 and out.startswith("Failure: ")


def test_save_configuration_writes_what_is_printed(alone):
    alone.sh("save configuration /flash/x.cfg -noconfirm")
    assert alone.flash("/flash/x.cfg") == alone.sh("show configuration")


@pytest.mark.parametrize("url", ["/flash/no/such/folder/x.cfg", "/etc/x.cfg", "/flash/../x.cfg"])
def test_save_configuration_elsewhere_is_refused(alone, url):
    rc, out = alone.run(f"save configuration {url} -noconfirm")
    assert rc == 1 and out.startswith("Failure: "), out
    assert not (alone.root / "x.cfg").exists()


def test_the_running_configuration_survives_a_restart(alone):
    alone.configure("context keepme -noconfirm", "interface kept loopback", "ip address 10.9.8.7 255.255.255.255", "exit")
    before = alone.sh("show configuration")
    assert "keepme" in before
    alone.stop()
    alone.start(config=False)
    assert alone.sh("show configuration") == before
    alone.kill_all()
    alone.start(config=False)
    assert alone.sh("show configuration") == before


def test_the_boot_entry_is_what_is_loaded_at_start(alone):
    text = alone.sh("show configuration")
    alone.flash("/flash/other.cfg", text.replace("hello-interval 1", "hello-interval 2").replace("dead-interval 3", "dead-interval 9"))
    alone.configure("boot system priority 10 image /flash/starling.bin config /flash/other.cfg")
    alone.configure("boot system priority 20 image /flash/starling.bin config /flash/second.cfg")
    boot = alone.sh("show boot")
    assert "priority 10" in boot and "/flash/other.cfg" in boot and "/flash/second.cfg" in boot
    assert boot.index("priority 10") < boot.index("priority 20")
    alone.stop()
    alone.start(config=False)
    assert "hello-interval 2" in alone.sh("show configuration srp")
    assert alone.sh("show boot") == boot
    alone.configure("no boot system priority 10")
    assert "priority 10" not in alone.sh("show boot")


def test_a_configuration_file_is_loaded_into_the_running_chassis(alone):
    alone.flash("/flash/more.cfg", "config\n  context more -noconfirm\n  #exit\nend\n")
    alone.sh("configure /flash/more.cfg")
    assert "  context more" in alone.sh("show configuration").splitlines()


def test_a_file_with_a_fault_names_its_line(alone):
    alone.flash("/flash/bad.cfg", "config\n  context more -noconfirm\n    nonsense here\n  #exit\nend\n")
    rc, out = alone.run("configure /flash/bad.cfg")
    assert rc == 1 and re.search(r"\b3\b", out), out


def check(file, *options):
    p = subprocess.run([lab.CHASSISD, "--check", str(file), *options], capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout + p.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_the_labs_files_are_found_good_without_starting_anything(file):
    rc, out = check(file)
    assert rc == 0 and out.endswith(" lines, 0 refused; 0 errors, 0 warnings\n"), out


def test_check_names_each_bad_line_with_number_and_reason(tmp_path):
    file = tmp_path / "bad.cfg"
    file.write_text("config\n  frobnicate\n  context srp\n    service-redundancy-protocol\n      hello-interval 61\n"
                    "      bind address 10.0.0.1\n      peer-ip-address 2001:db8::1\n      hello-interval 20\n    #exit\n  #exit\nend\n")
    rc, out = check(file)
    assert rc == 1
    assert f'{file} line 2: Unknown command - "frobnicate", unrecognized keyword\n' in out
    assert f"{file} line 5: hello-interval 61 must be in the range 1 to 60\n" in out
    assert f"{file} line 9: dead-interval 30 must be at least three times hello-interval 20" in out
    assert "Error   : context srp: service-redundancy-protocol: bind address and peer-ip-address are of different families" in out
    assert out.endswith(": 11 lines, 3 refused; 1 errors, 0 warnings\n"), out
    assert check(tmp_path / "none.cfg") == (1, f"{tmp_path}/none.cfg: No such file or directory\n")


def test_the_secret_of_another_chassis_is_kept_and_reported(make_pair):
    pair = make_pair()
    first, second = pair.both
    first.start()
    first.configure("context isp", "radius server 10.1.1.1 key Geheim-4711")
    printed = first.sh("show configuration")
    assert "cannot open" not in first.sh("show configuration errors")
    first.stop()
    second.flash("/flash/theirs.cfg", printed)
    second.start("--mac", "02-00-00-00-00-0B", "--config", "/flash/theirs.cfg", config=False)
    line = re.search(r"^ *(radius server .*)$", printed, re.M).group(1)
    assert line in second.sh("show configuration")
    assert f"Error   : context isp: {line}: this chassis cannot open the secret" in second.sh("show configuration errors")


def test_ends_of_different_families_raise_an_alarm(alone):
    alone.configure("context srp", "service-redundancy-protocol", "peer-ip-address 2001:db8::1")
    lab.until(lambda: "of different families" in alone.sh("show alarm outstanding"), 5, "the alarm is raised")


def test_secrets_are_never_printed_in_clear(alone):
    secret = "Geheim-4711"
    alone.configure("context isp", f"radius server 10.1.1.1 key {secret}")
    for command in ("show configuration", "show configuration context isp"):
        printed = alone.sh(command)
        assert secret not in printed and re.search(r"radius server 10.1.1.1 encrypted key \S+", printed)
    alone.sh("save configuration /flash/s.cfg -noconfirm")
    assert secret not in alone.flash("/flash/s.cfg")
    alone.stop()
    for path in alone.root.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    alone.start(config=False)
    assert "radius server 10.1.1.1 encrypted key" in alone.sh("show configuration")


def test_a_configuration_line_that_works_is_silent_and_one_that_does_not_changes_nothing(alone):
    before = alone.sh("show configuration")
    rc, out = alone.script("configure", "context srp", "service-redundancy-protocol", "dead-interval 2", "end")
    assert rc == 1 and "Failure: " in out, out
    rc, out = alone.script("configure", "context srp", "service-redundancy-protocol", "hello-interval 999999", "end")
    assert rc == 1 and out.strip(), out
    assert alone.sh("show configuration") == before


def test_no_and_default_take_a_line_back(alone):
    enter = ("context srp", "service-redundancy-protocol")
    alone.configure(*enter, "priority 7")
    assert "priority 7" in alone.sh("show configuration srp")
    alone.configure(*enter, "default priority")
    assert "priority 7" not in alone.sh("show configuration srp")
