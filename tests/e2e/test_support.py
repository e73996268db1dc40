"""show support details icsr: the chapter's sixteen outputs, on the screen and in a file."""
import re

import lab

CHAPTER = """show srp info
show srp checkpoint statistics
show srp checkpoint statistics verbose
show srp checkpoint statistics debug-info
show srp checkpoint statistics sessmgr all
show srp checkpoint statistics sessmgr all debug-info
show srp checkpoint statistics ipsecmgr all
show srp checkpoint statistics sessmgr all write-list-stats
show srp checkpoint info
show srp monitor
show srp monitor all
show srp monitor diameter debug
show srp statistics
show srp call-loss statistics
show srp audit-statistics
show session subsystem facility sessmgr all debug-info""".splitlines()


def sections(text):
    parts = re.split(r"^\*{8} (.*) \*{7}\n", text, flags=re.M)
    assert parts[0] == ""
    return list(zip(parts[1::2], parts[2::2]))


def numbers_away(text):
    return re.sub(r"\d+", "N", re.sub(r"[ -]+", " ", text)).strip()


def test_the_sixteen_outputs_come_in_the_chapters_order(shared):
    found = sections(shared.a.sh("show support details icsr"))
    assert [c for c, _ in found] == CHAPTER
    for command, text in found:
        def same():  # what is said may change between the two
            rc, alone = shared.a.run(command)
            text = dict(sections(shared.a.sh("show support details icsr")))[command]
            return numbers_away(text) == numbers_away(alone) if rc == 0 else "not there yet" in text
        lab.until(same, 2, command)


def test_into_a_file_it_asks_first_and_writes_the_same(shared):
    a = shared.a
    rc, out = a.script("show support details icsr to file /flash/ssd.txt", "no")
    assert rc == 1 and not (a.root / "flash" / "ssd.txt").exists()
    out = a.sh("show support details icsr to file /flash/ssd.txt -noconfirm")
    text = a.flash("/flash/ssd.txt")
    m = re.fullmatch(r"Transferred (\d+) bytes in [\d.]+ seconds \([\d.]+ KB/sec\)\n", out)
    assert m and int(m.group(1)) == len(text)
    assert [c for c, _ in sections(text)] == CHAPTER
    rc, out = a.run("show support details icsr to file /flash/nowhere/x.txt -noconfirm")
    assert rc == 1 and "Failure: /flash/nowhere/x.txt not written: No such file" in out


def test_without_a_redundancy_link_it_says_so_and_goes_on(make_pair):
    c = make_pair().a
    c.flash(c.config_name, "config\n  system hostname alone\nend\n")
    c.start()
    found = dict(sections(c.sh("show support details icsr")))
    assert "not configured" in found["show srp info"] and "not configured" in found["show srp statistics"]
    assert "pre-allocated" in found["show srp checkpoint statistics"]
