"""The archive of the configuration: who, when, what; and kill -9 of the real programs while they save."""
import os
import random
import re

import pytest

import lab

KILLS = int(os.environ.get("KILLS", 60))
LINES = 4000


@pytest.fixture
def alone(make_pair):
    return make_pair().a.start()


def generations(chassis):
    """[(number, user, lines, what)] as shown."""
    text = chassis.sh("show configuration archive")
    return [(int(n), user, int(lines), what) for n, user, lines, what in
            re.findall(r"^ *(\d+)  \w{3} \w{3} \d\d [\d:]{8} \d{4}  (\S+) +(\d+)  (.*)$", text, re.M)]


def last(chassis):
    return generations(chassis)[-1]


def test_each_change_and_each_save_is_listed_with_its_user(alone):
    lab.until(lambda: generations(alone), 5, "the first generation")
    number, user, lines, what = last(alone)
    assert user == "system" and alone.config_name in what
    assert lines == len(alone.sh("show configuration").splitlines())
    alone.configure("system hostname other")
    lab.until(lambda: last(alone)[0] == number + 1, 5, "the change is kept")
    me = last(alone)[1]
    assert me not in ("system", "") and last(alone)[3] == "changed"
    alone.sh("save configuration /flash/saved.cfg -noconfirm")
    lab.until(lambda: last(alone)[0] == number + 2, 5, "the save is kept")
    assert last(alone)[1:] == (me, lines, "saved as /flash/saved.cfg")
    alone.configure("system hostname other")  # as it was: nothing new
    alone.flash("/flash/more.cfg", "config\n  context loaded\n  #exit\nend\n")
    alone.sh("configure /flash/more.cfg")
    lab.until(lambda: last(alone)[0] == number + 3, 5, "the load is kept")
    assert last(alone)[3] == "loaded from /flash/more.cfg"


def test_generations_are_compared_and_printed(alone):
    before = alone.sh("show configuration")
    lab.until(lambda: generations(alone), 5, "the first generation")
    a = last(alone)[0]
    rc, out = alone.script("configure", "context srp", "service-redundancy-protocol", "priority 9", "end")
    assert rc == 0, out
    lab.until(lambda: last(alone)[0] > a, 5, "the change is kept")
    b = last(alone)[0]
    assert alone.sh(f"show configuration diff {a} {b}").splitlines() == [
        "    context srp", "      service-redundancy-protocol", "-       priority 1", "+       priority 9"]
    assert alone.sh(f"show configuration diff {a} {b} | grep ^+").strip() == "+       priority 9"
    assert alone.sh(f"show configuration diff {a} {a}") == "Both generations have the same lines.\n"
    assert alone.sh(f"show configuration archive {a}") == before
    rc, out = alone.run("show configuration diff 1 4000000")
    assert rc == 1 and "generation 4000000 is not kept" in out


def test_the_archive_survives_a_restart_and_numbers_go_on(alone):
    lab.until(lambda: generations(alone), 5, "the first generation")
    alone.configure("system hostname kept")
    lab.until(lambda: len(generations(alone)) == 2, 5, "the change is kept")
    before = generations(alone)
    alone.kill_all()
    alone.start(config=False)
    assert generations(alone)[:2] == before
    assert "system hostname kept" in alone.sh("show configuration")
    alone.configure("system hostname again")
    lab.until(lambda: last(alone)[0] == 3, 5, "the next number")


def big(letter):
    lines = ["config", f"  system hostname {letter}", "  context big"]
    for i in range(LINES // 3):
        lines += [f"    interface if{i} loopback", f"      description {letter * 20}", "    #exit"]
    return "\n".join(lines + ["  #exit", "end"]) + "\n"


def test_kill_9_while_saving_leaves_the_old_or_the_new(alone):
    """The file that is being saved and the generations in chassis.db, at random moments."""
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print("seed", seed)
    rng = random.Random(seed)
    old = None
    for i in range(KILLS):
        letter = chr(ord("a") + i % 26)
        alone.flash("/flash/next.cfg", big(letter))
        client = lab.spawn([lab.STARSH, "-r", alone.root_word], stdin=lab.subprocess.PIPE, stdout=lab.subprocess.DEVNULL,
                           stderr=lab.subprocess.DEVNULL)
        client.stdin.write(b"configure /flash/next.cfg\nsave configuration /flash/saved.cfg -noconfirm\n")
        client.stdin.close()
        lab.time.sleep(rng.random() * 0.06)  # the moment is the random thing under test
        alone.kill_all()
        client.wait(30)
        saved = alone.root / "flash" / "saved.cfg"
        now = saved.read_text() if saved.exists() else None
        if now is not None:
            assert now.startswith("config\n") and now.endswith("end\n")
        alone.start(config=False)
        text = alone.sh("show configuration")
        letters = set(re.findall(r"description (\S)", text))
        assert len(letters) <= 1, f"a mix: {letters}"
        assert letters <= {letter, old}, f"{letters} is neither {old} nor {letter}"
        assert len(re.findall("description", text)) in (0, LINES // 3)
        if now is not None:
            kept = set(re.findall(r"description (\S)", now))
            assert len(kept) <= 1 and len(re.findall("description", now)) in (0, LINES // 3)
        old = letters.pop() if letters else old
    assert "checksum" not in (alone.root / "run" / "log").read_text()
