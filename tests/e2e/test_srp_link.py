"""The parameters of the redundancy link on real processes: marking, families, delay, resource messages."""
import ctypes
import datetime
import errno
import os
import re
import socket
import time

import lab
from watch import Lateness

SYS_PIDFD_OPEN, SYS_PIDFD_GETFD = 434, 438
DSCP = {"af11": 10, "af12": 12, "af13": 14, "af21": 18, "af22": 20, "af23": 22, "af31": 26, "af32": 28, "af33": 30, "af41": 34,
        "af42": 36, "af43": 38, "be": 0, "cs1": 8, "cs2": 16, "cs3": 24, "cs4": 32, "cs5": 40, "cs6": 48, "cs7": 56, "ef": 46}


def sockets(pid):
    """Copies of the connected and listening sockets of a process that have the SRP port at one end."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = libc.syscall(SYS_PIDFD_OPEN, pid, 0)
    if pidfd < 0 and ctypes.get_errno() == errno.ESRCH:
        return  # it has ended meanwhile
    assert pidfd >= 0, os.strerror(ctypes.get_errno())
    try:
        try:
            fds = os.listdir(f"/proc/{pid}/fd")
        except OSError:
            fds = []
        for fd in fds:
            try:
                is_socket = os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")
            except OSError:
                continue
            copy = libc.syscall(SYS_PIDFD_GETFD, pidfd, int(fd), 0) if is_socket else -1
            if copy < 0:
                continue
            with socket.socket(fileno=copy) as s:
                ports = [s.getsockname()[1]] if s.family in (socket.AF_INET, socket.AF_INET6) else []
                try:
                    ports += [s.getpeername()[1]] if ports else []
                except OSError:
                    pass
                if lab.SRP_PORT in ports:
                    yield s
    finally:
        os.close(pidfd)


def marks(chassis):
    """({DSCP of chassisd's sockets}, {DSCP of those of each session manager, None where one has none})."""
    def of(pid):
        return [s.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) >> 2 for s in sockets(pid)]
    sessmgrs = [of(pid) or [None] for pid, role in chassis.roles().items() if role.startswith("sessmgr")]
    return set(of(chassis.pid)), {m for found in sessmgrs for m in found}


def test_each_of_the_21_codes_is_on_the_sockets_of_both_ends_at_once(pair):
    codes = list(DSCP)
    assert len(codes) == 21
    before = [chassis.number("show srp statistics", "Connections down:") for chassis in pair.both]
    for i, code in enumerate(codes):
        other = codes[(i + 7) % len(codes)]  # so that the two are told apart
        for chassis in pair.both:
            chassis.configure("context srp", "service-redundancy-protocol", f"dscp-marking control {code}", f"dscp-marking session {other}")
        for chassis in pair.both:
            lab.until(lambda: marks(chassis) == ({DSCP[code]}, {DSCP[other]}), 5,
                      f"{chassis.name}: control {code}, session {other}: {marks(chassis)}")
    for i, chassis in enumerate(pair.both):
        chassis.configure("context srp", "service-redundancy-protocol", "default dscp-marking control", "no dscp-marking session")
        lab.until(lambda: marks(chassis) == ({0}, {0}), 5, "best effort again")
        assert chassis.number("show srp statistics", "Connections down:") == before[i], "no connection was made anew for it"
    # what is dialled after a switchover is marked as well
    pair.a.configure("context srp", "service-redundancy-protocol", "dscp-marking session cs4")
    pair.b.configure("context srp", "service-redundancy-protocol", "dscp-marking session cs5")
    pair.switchover(force=True)  # the markings differ
    for pid, role in list(pair.a.roles().items()):
        if role.startswith("sessmgr"):
            lab.kill(pid)
    lab.until(lambda: marks(pair.a)[1] == {DSCP["cs4"]} and marks(pair.b)[1] == {DSCP["cs5"]}, 15, f"{marks(pair.a)} {marks(pair.b)}")


def test_addresses_of_two_families_are_named_and_the_link_stays(pair):
    alarm = "bind address and peer-ip-address are of different families"
    pair.a.configure("context srp", "service-redundancy-protocol", "peer-ip-address 2001:db8::2")
    lab.until(lambda: alarm in pair.a.sh("show alarm outstanding"), 5, "the alarm")
    assert pair.a.label("show srp info", "Connection State:") == "Connected"
    assert pair.a.state() == "Active" and pair.b.state() == "Standby"
    pair.a.configure("context srp", "service-redundancy-protocol", f"peer-ip-address {pair.net}2")
    lab.until(lambda: alarm not in pair.a.sh("show alarm outstanding"), 5, "the alarm ends")


def seconds_to_active(make_pair, *lines):
    """From the start of a chassis without a peer until it serves, as its log has it: (at most, at least)."""
    pair = make_pair(edit=lab.srp_lines(both=["hello-interval milliseconds 100", "dead-interval milliseconds 300", *lines]))
    with Lateness() as machine:
        pair.a.start()
        pair.a.wait_state("Active")
    log = (pair.a.root / "run" / "log").read_text()

    def moment(what):
        stamp = re.search(rf"^(\S+) \[.*{what}", log, re.M)[1]
        return datetime.datetime.strptime(stamp, "%Y-%b-%d+%H:%M:%S.%f")
    pair.a.kill_all()
    active = moment("PendingActive -> Active")
    return (active - moment("loaded")).total_seconds(), (active - moment("chassis chassis-a started")).total_seconds() - machine.late


def test_the_delay_interval_comes_before_the_first_dead_interval_only(make_pair):
    assert seconds_to_active(make_pair, "delay-interval 2")[0] >= 2.3
    assert seconds_to_active(make_pair)[1] < 1.5
    # the standby of a pair that runs does not wait for it
    pair = make_pair(edit=lab.srp_lines(both=["hello-interval milliseconds 100", "dead-interval milliseconds 300", "delay-interval 300"])).start()
    pair.a.kill_all()
    pair.b.wait_state("Active", 10)


def test_resource_messages_count_at_once_only_with_handle_interim_resource_msg(make_pair):
    slow = ["hello-interval 60", "dead-interval 180"]
    pair = make_pair(edit=lab.srp_lines(both=slow, a=["handle-interim-resource-msg"])).start()
    info, statistics = "show srp info", "show srp statistics"
    pair.a.wait_label(info, "Peer Sessmgrs Ready:", 2)  # they became ready after the last hello
    client = pair.gtp_client("create", "--local", f"{pair.net}50", "--remote", pair.service, "--contexts", 20, "--rate", 200).wait()
    assert client.summary()["held"] == 20
    pair.a.wait_label(info, "Peer Calls:", 20)
    lab.until(lambda: pair.a.number(statistics, "Resource messages applied:") == pair.a.number(statistics, "Resource messages received:") > 0,
              5, "what came is applied")
    # B only counts them: the next hello would tell it, and that is a minute away
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 20)
    lab.until(lambda: pair.b.number(statistics, "Resource messages received:") > 0, 5, "resource messages of A")
    lab.stays(lambda: pair.b.number(info, "Peer Calls:") == 0, 1, "calls of A not known to B")
    assert pair.b.number(statistics, "Resource messages applied:") == 0
    pair.b.configure("context srp", "service-redundancy-protocol", "handle-interim-resource-msg")
    hosts = iter(range(52, 99))

    def one_more_is_applied():  # a line is in force a moment after it was typed
        n = next(hosts)
        pair.gtp_client("create", "--local", f"{pair.net}{n}", "--remote", pair.service, "--imsi", 240010000100000 + n, index=n).wait()
        return pair.b.number(statistics, "Resource messages applied:") > 0
    lab.until(one_more_is_applied, 5, "applied from now on", every=0.3)
    pair.a.sh("clear subscribers all -noconfirm")
    pair.a.wait_label(info, "Peer Calls:", 0)
    pair.b.wait_label(info, "Peer Calls:", 0)
    # the rate is bounded: 200 calls in a second are told in a few messages
    sent, began = pair.a.number(statistics, "Resource messages sent:"), time.monotonic()
    pair.gtp_client("create", "--local", f"{pair.net}51", "--remote", pair.service, "--contexts", 200, "--rate", 200, index=51).wait()
    pair.b.wait_label(info, "Peer Calls:", 200)
    sent = pair.a.number(statistics, "Resource messages sent:") - sent
    assert sent <= 5 * (time.monotonic() - began) + 5
