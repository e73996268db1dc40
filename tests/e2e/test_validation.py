"""The configurations of a real pair held against each other: what is told, what is refused, what clears it."""
import re

import pytest

import lab

SAME = r"The configurations of both chassis are the same \(\d+ lines compared\)\n"
SRP = ("context srp", "service-redundancy-protocol")


def alarms(chassis):
    return chassis.sh("show alarm outstanding")


def has_alarm(chassis):
    return "configuration differs from the peer's" in alarms(chassis)


def both_have_alarm(pair):
    return all(has_alarm(c) for c in pair.both)


def none_has_alarm(pair):
    return not any(has_alarm(c) for c in pair.both)


def is_equal(chassis):
    return chassis.label("show srp info", "Peer Configuration Validation:") == "Complete" and \
        chassis.label("show srp info", "Last Peer Configuration Error:") == "None"


def differences(chassis):
    """What srp validate-configuration prints before it fails."""
    rc, out = chassis.run("srp validate-configuration")
    assert rc != 0, out
    return out.splitlines()


def status(chassis):
    """The value of the line in show srp info, whose only colon is that of the label."""
    line, = re.findall(r"^Last Validate Switchover Status:.*$", chassis.sh("show srp info"), re.M)
    assert line.count(":") == 1, line
    return line.split(":")[1].strip()


def test_equal_configurations_are_said_to_be_equal_and_ready(shared):
    a, b = shared.both
    lab.until(lambda: all(is_equal(c) for c in shared.both), 10, "both have compared by themselves")
    assert re.fullmatch(SAME, a.sh("srp validate-configuration"))
    assert re.fullmatch(SAME, b.sh("srp validate-configuration"))
    assert status(a) == "None"
    assert a.sh("srp validate-switchover") == "Remote Chassis - Ready for Switchover\n"
    assert re.fullmatch(r"Remote Chassis - Ready for Switchover \(\d+ seconds ago\)", status(a))
    assert b.run("srp validate-switchover") == (1, "Failure: chassis is not Active\n")
    assert re.fullmatch(r"Remote Chassis - Not Ready for Switchover, chassis is not Active \(\d+ seconds ago\)", status(b))
    assert none_has_alarm(shared)


def test_drift_is_raised_by_itself_named_refused_forced_and_cleared(pair):
    a, b = pair.both
    line = "context srp: service-redundancy-protocol: checkpoint session duration 30"
    b.configure(*SRP, "checkpoint session duration 30")
    # without being asked: both have hellos of one second, and the comparison waits until nobody types
    lab.until(lambda: both_have_alarm(pair), 20, "both raise the drift")
    lab.until(lambda: a.label("show srp info", "Last Peer Configuration Error:") ==
              "2 lines differ, srp validate-configuration names them", 5, "show srp info says so")
    assert "[srp 84008 warning]" in (a.root / "run" / "log").read_text()
    wanted = ["only here: " + line.replace("30", "0"), "only on the peer: " + line,
              "Failure: 2 lines of the configuration differ from the peer's"]
    assert differences(a) == wanted
    assert differences(b) == ["only on the peer: " + line.replace("30", "0"), "only here: " + line, wanted[2]]

    rc, out = a.run("srp validate-switchover")
    assert rc != 0 and out.splitlines() == wanted
    assert status(a).startswith("Remote Chassis - Not Ready for Switchover, 2 lines of the configuration differ")
    rc, out = a.run("srp initiate-switchover -noconfirm")
    assert rc != 0 and out.splitlines()[:2] == wanted[:2], out
    assert out.splitlines()[2] == ("Failure: 2 lines of the configuration differ from the peer's, switchover not "
                                   "initiated (use force to override)")
    assert a.state() == "Active"

    a.sh("srp initiate-switchover force -noconfirm")
    b.wait_state("Active")
    a.wait_state("Standby")
    b.configure(*SRP, "checkpoint session duration 0")
    lab.until(lambda: none_has_alarm(pair), 10, "the alarm is gone on both")
    lab.until(lambda: all(is_equal(c) for c in pair.both), 5, "both say that nothing differs")
    pair.settle(b)
    b.sh("srp initiate-switchover -noconfirm")
    a.wait_state("Active")


def test_a_change_typed_a_moment_ago_counts_on_either_side(pair):
    a, b = pair.both
    rc, out = b.script("configure", "context isp", "apn other -noconfirm", "end")
    assert rc == 0, out
    rc, out = a.run("srp initiate-switchover -noconfirm")
    assert rc != 0 and out.startswith("only on the peer: context isp: apn other\nFailure: 1 line of"), out
    b.configure("context isp", "no apn other")
    rc, out = a.script("configure", "context isp", "apn mine -noconfirm", "end", "srp validate-configuration")
    assert rc != 0 and "only here: context isp: apn mine\n" in out, out


def test_the_order_of_busyout_lines_counts(shared):
    a, b = shared.both
    first, second = "busyout ip pool name internet lower-percentage 10", "busyout ip pool all-static"
    a.configure("context isp", first, second)
    b.configure("context isp", second, first)
    try:
        found = differences(a)
        assert found == [f"order differs: context isp: {second} (number 2 here, 1 on the peer)",
                         f"order differs: context isp: {first} (number 1 here, 2 on the peer)",
                         "Failure: 2 lines of the configuration differ from the peer's"]
        b.configure("context isp", f"no {first}", first)  # out and in again: still behind the other
        assert differences(a) == found
        b.configure("context isp", f"no {second}", second)
        assert re.fullmatch(SAME, a.sh("srp validate-configuration"))
    finally:
        for c in shared.both:
            c.script("configure", "context isp", f"no {first}", f"no {second}", "end")


def test_a_secret_is_compared_by_its_clear_text_and_never_sent_or_shown(shared):
    a, b = shared.both
    server = "radius server 10.9.9.9"
    for c in shared.both:
        c.configure("context isp", f"{server} key correct-horse port 1645")
    try:
        sealed = [re.search(rf"{server} encrypted key (\S+)", c.sh("show configuration srp")).group(1) for c in shared.both]
        assert sealed[0] != sealed[1]
        assert re.fullmatch(SAME, a.sh("srp validate-configuration"))
        b.configure("context isp", f"{server} key battery-staple port 1645")
        rc, out = a.run("srp validate-configuration")
        assert rc != 0
        assert out.splitlines()[0] == f"secret differs: context isp: {server} encrypted key <secret> port 1645"
        assert out.splitlines()[1] == "Failure: 1 line of the configuration differs from the peer's"
    finally:
        for c in shared.both:
            c.configure("context isp", f"no {server}")


def test_lines_of_one_chassis_and_lines_that_say_the_default_are_no_difference(shared):
    a, b = shared.both
    a.configure("context isp", "interface own -noconfirm", "ip address 192.0.2.1 255.255.255.0", "description mine")
    b.configure(*SRP, "configuration-interval 3600")
    try:
        assert re.fullmatch(SAME, a.sh("srp validate-configuration"))
    finally:
        a.configure("context isp", "no interface own")
        b.configure(*SRP, "no configuration-interval")


@pytest.mark.parametrize("lines, undo, words", [
    (("context isp", "ip pool loose 10.77.0.0 255.255.0.0"), ("context isp", "no ip pool loose"),
     "ip pool loose: is not srp-activated"),
    (("context isp", "ggsn-service idle -noconfirm"), ("context isp", "no ggsn-service idle"),
     "context isp: ggsn-service idle: is not bound to an srp-activated loopback interface"),
    (("context isp", "radius attribute nas-ip-address address 198.51.100.9"),
     ("context isp", "no radius attribute nas-ip-address address 198.51.100.9"),
     "context isp: radius attribute nas-ip-address address 198.51.100.9: no interface of the context has address "
     "198.51.100.9"),
])
def test_what_cannot_move_with_the_pair_is_named_on_each_side(shared, lines, undo, words):
    a, b = shared.both
    for c in shared.both:
        rc, out = c.script("configure", *lines, "end")
        assert rc == 0, out
    try:
        assert f"Error   : {words}\n" in a.sh("show configuration errors")
        out = differences(a)
        assert out == [f"error on this chassis: {words}", f"error on the peer chassis: {words}",
                       "Failure: 1 error in the configuration of this chassis"]  # once is enough
        rc, out = a.run("srp validate-switchover")
        assert rc != 0 and "1 error in the configuration of this chassis" in out
        assert "Not Ready for Switchover, 1 error in the configuration of this chassis" in status(a)
    finally:
        for c in shared.both:
            c.configure(*undo)


def test_equal_priorities_are_an_error_on_both(shared):
    a, b = shared.both
    b.configure(*SRP, "priority 1")
    words = "context srp: service-redundancy-protocol: priority 1: the peer has priority 1 as well"
    try:
        for c in shared.both:
            lab.until(lambda: words in c.sh("show configuration errors"), 5, f"{c.name} names it")
    finally:
        b.configure(*SRP, "priority 2")


def test_without_a_redundancy_link_there_is_nobody_to_ask(pair):
    a, b = pair.both
    b.configure(*SRP, "checkpoint session duration 30")
    lab.until(lambda: has_alarm(a), 20, "the drift is raised")
    a.configure("context srp", "no service-redundancy-protocol")
    for command in ("srp validate-configuration", "srp validate-switchover", "srp initiate-switchover", "srp terminate-post-process",
                    "srp initiate-audit manual-with-sync", "srp reset-auth-probe-fail", "srp reset-diameter-fail"):
        lab.until(lambda: a.run(command) == (1, "Failure: service-redundancy-protocol is not configured\n"), 5, command)
    lab.until(lambda: not has_alarm(a), 5, "the alarm ends")


def test_no_peer_and_a_silent_peer_have_words(make_pair):
    pair = make_pair(edit=lambda x, text: text.replace("dead-interval 3\n", "dead-interval 30\n")).start()
    a, b = pair.both
    b.freeze()
    try:
        rc, out = a.run("srp validate-switchover")
        assert rc != 0 and out == "Failure: the peer chassis did not answer in time\n", out
    finally:
        b.thaw()
    b.kill_all()
    rc, out = a.run("srp validate-configuration")
    assert rc != 0 and out.startswith("Failure: "), out
    lab.until(lambda: a.run("srp validate-switchover")[1] == "Failure: no SRP connection to the peer\n", 10,
              f"no link is said: {a.run('srp validate-switchover')[1]}")


def test_ten_thousand_lines_are_fetched_and_compared_without_delaying_hellos(make_pair):
    def edit(x, text):
        more = "".join(f"    interface lo{i} loopback\n      ip address 10.{i // 200}.{i % 200}.{7 if x == 'b' and i == 4321 else 1} "
                       "255.255.255.255 srp-activate\n    #exit\n" for i in range(5000))
        return text.replace("  context isp\n", "  context isp\n" + more, 1)
    pair = make_pair(edit=edit).start()
    a, b = pair.both
    lab.until(lambda: both_have_alarm(pair), 30, "the drift is raised")
    rc, out = a.run("srp validate-configuration", timeout=30)
    where = "context isp: interface lo4321 loopback: ip address 10.21.121"
    assert out.splitlines()[:2] == [f"only here: {where}.1 255.255.255.255 srp-activate",
                                    f"only on the peer: {where}.7 255.255.255.255 srp-activate"], out[:500]
    assert a.state() == "Active" and b.state() == "Standby"
    assert not any("srp 84004 " in (c.root / "run" / "log").read_text() for c in pair.both), "a dead interval expired"


def test_more_lines_than_can_be_sent_are_compared_by_their_digest(make_pair):
    def edit(x, text):
        more = "".join(f"    interface lo{i} loopback\n      ip address 10.{i // 200}.{i % 200}.{7 if x == 'b' and i == 4321 else 1} "
                       "255.255.255.255 srp-activate\n    #exit\n" for i in range(12000))
        return text.replace("  context isp\n", "  context isp\n" + more, 1)
    pair = make_pair(edit=edit).start()
    rc, out = pair.a.run("srp validate-configuration", timeout=30)
    assert rc != 0 and out.splitlines() == [
        "the lines differ, and are too many to be compared one by one",
        "Failure: 1 line of the configuration differs from the peer's"], out[:500]


def test_a_dry_run_says_what_would_be_and_changes_nothing(pair):
    a, b = pair.both
    lab.until(lambda: is_equal(a), 10, "compared")
    out = a.sh("srp initiate-switchover dry-run")  # asks no question
    assert out.startswith("Dry run: nothing was changed.\nWould switch over:                      Yes\n"), out
    assert "  this chassis  Active -> Preparing" in out and "  peer chassis  Standby -> Taking" in out, out
    assert "Calls that would be lost:               0\n" in out
    assert "none was measured from this chassis yet" in out
    assert a.state() == "Active" and b.state() == "Standby"
    assert b.run("srp initiate-switchover dry-run") == (1, "Failure: chassis is not Active\n")

    b.configure("context isp", "ip pool more 10.88.0.0 255.255.0.0 srp-activate")
    rc, out = a.run("srp initiate-switchover dry-run")
    assert out.startswith("only on the peer: context isp: ip pool more 10.88.0.0 255.255.0.0 srp-activate\nDry run:"), out
    assert rc != 0 and "Would switch over:                      No\n" in out
    assert "Failure: 1 line of the configuration differs from the peer's, switchover not initiated" in out
    assert "Would switch over:                      Yes\n" in a.sh("srp initiate-switchover force dry-run")
    assert a.state() == "Active" and b.state() == "Standby"
    b.configure("context isp", "no ip pool more")

    a.sh("srp initiate-switchover -noconfirm")
    b.wait_state("Active")
    a.wait_state("Standby")
    pair.settle(b)
    b.sh("srp initiate-switchover -noconfirm")
    a.wait_state("Active")
    pair.settle(a)
    out = lab.until(lambda: (lambda rc, out: rc == 0 and out)(*a.run("srp initiate-switchover dry-run")), 5,
                    "the session managers of both are connected")
    assert re.search(r"^Expected gap: +\d+ ms, as in the last planned switchover from this chassis$", out, re.M), out


def test_a_dry_run_names_the_calls_of_a_session_manager_that_is_cut_off(make_pair):
    import gtp
    pair = make_pair(edit=lambda x, text: text.replace("duration 0", "duration 600").replace("dead-interval 3\n", "dead-interval 60\n")).start()
    s = gtp.Sgsn(f"{pair.net}60", pair.service)
    try:
        assert s.ask(s.create("240011234500001")).cause == gtp.ACCEPTED
        lab.until(lambda: "Calls sent in the critical flush:       1\n" in pair.a.sh("srp initiate-switchover dry-run"), 10,
                  "the young call is counted")
        assert "Calls that would be lost:               0\n" in pair.a.sh("srp initiate-switchover dry-run")
        pair.b.freeze()
        for pid in [p for p, role in pair.b.roles().items() if role.startswith("sessmgr")]:
            lab.kill(pid)
        lab.until(lambda: not pair.a.sessmgrs_ready(), 10, "the connections are gone")
        rc, out = pair.a.run("srp initiate-switchover force dry-run")
        assert "Calls that would be lost:               up to 1\n" in out, out
        assert re.search(r"^  session manager \d  callid [0-9a-f]{8}  imsi 240011234500001 +\d+ s old$", out, re.M), out
    finally:
        s.close()
