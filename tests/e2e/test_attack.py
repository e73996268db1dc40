"""Who means no good, and what breaks at the worst moment: strangers on the SRP port, tasks that stop or die again and
again, orders that cross each other, disks and ports that are not what they were. The pair goes on, and says what is."""
import os
import signal
import socket
import struct
import subprocess
import zlib

import gtp
import lab

FRAME = struct.Struct(">HBBII")  # magic, version, type, length of the body, CRC-32 of type and body
CONTROL, OPEN, HELLO = 0x5352, 1, 2
STANDBY, ACTIVE = 1, 3


def field(ident, fmt, value):
    raw = struct.pack(">" + fmt, value)
    return bytes([ident, len(raw)]) + raw


def control_frame(kind, *fields):
    body = b"".join(fields)
    return FRAME.pack(CONTROL, 1, kind, len(body), zlib.crc32(bytes([kind]) + body)) + body


def forged_hello(chassis_id, incarnation, epoch, state, route_modifier):
    """OPEN and HELLO as a chassis sends them."""
    who = field(1, "Q", chassis_id), field(2, "Q", incarnation)
    opened = control_frame(OPEN, *who, field(3, "Q", 0), field(4, "B", 1), field(5, "B", 0), field(6, "H", 1))
    return opened + control_frame(
        HELLO, *who, field(3, "Q", epoch), field(7, "I", 1), field(8, "Q", 1), field(9, "Q", 1), field(10, "B", state),
        field(11, "B", 1), field(12, "B", 1), field(13, "B", route_modifier), bytes([14, 6, 2, 0, 0, 0, 0, 1]),
        field(15, "B", 9), field(16, "H", 2), field(17, "H", 2), field(18, "I", 1000), field(19, "I", 3000),
        field(24, "B", 0), field(25, "H", 0), field(26, "Q", 0), field(27, "Q", 0), field(50, "Q", 0), field(60, "I", 0))


def stranger_hello():
    """Of a chassis that nobody knows: Active, and preferred by its route modifier."""
    return forged_hello(0x1111, 0x2222, 1 << 40, ACTIVE, 0)


def identity(pair, chassis):
    """chassis id and incarnation that a chassis says to whoever connects"""
    with srp_connect(pair, chassis, stranger_hello()) as s:
        raw = s.recv(4096)
    return struct.unpack_from(">Q", raw, FRAME.size + 2)[0], struct.unpack_from(">Q", raw, FRAME.size + 12)[0]


def srp_connect(pair, chassis, raw=b""):
    s = socket.create_connection((pair.net + ("1" if chassis is pair.a else "2"), lab.SRP_PORT), timeout=30)
    s.sendall(raw)
    return s


def pid_of(chassis, role):
    return next((pid for pid, r in chassis.roles().items() if r.startswith(role)), None)


def alarms(chassis):
    return chassis.sh("show alarm outstanding")


def transitions(chassis):
    return (chassis.root / "run" / "log").read_text(errors="replace").count("srp 84001")


def test_a_stranger_that_says_it_is_active_changes_nothing(pair):
    before = [transitions(c) for c in pair.both]
    held = [srp_connect(pair, c, stranger_hello()) for c in pair.both]
    for s in held:
        s.settimeout(30)
        while s.recv(4096):
            pass  # until it is closed
        s.close()
    assert [c.state() for c in pair.both] == ["Active", "Standby"]
    assert [transitions(c) for c in pair.both] == before, "no state was left"
    assert "another chassis is connected" in pair.a.tail(lines=50)


def test_an_epoch_at_the_end_of_the_numbers_is_not_believed(pair):
    chassis_id, incarnation = identity(pair, pair.b)
    # another incarnation takes the place of the connection there is, whichever side dialled that
    with srp_connect(pair, pair.a, forged_hello(chassis_id, incarnation ^ 1, (1 << 64) - 1, STANDBY, 2)):
        lab.until(lambda: "at epoch" in pair.a.tail(lines=50), 5, "it is refused")
    pair.settle(pair.a)
    pair.switchover()
    pair.settle(pair.b)


def test_silent_connections_do_not_keep_the_peer_out(pair):
    held = [srp_connect(pair, c, b"S") for c in pair.both for _ in range(100)]
    lab.kill(pid_of(pair.b, "sessmgr 1"))

    def ready_beside_them():  # places that are freed are taken again
        held.extend(srp_connect(pair, c, b"S") for c in pair.both for _ in range(3))
        while len(held) > 400:
            held.pop(0).close()  # the chassis has closed these long ago
        return pair.a.sessmgrs_ready()
    lab.until(ready_beside_them, 5, "all session managers are connected", every=0.05)
    pair.settle(pair.a)
    for s in held:
        s.close()


def test_a_clear_and_a_switchover_at_once_leave_both_with_the_same_calls(pair):
    count = 30000
    client = pair.gtp_client("create", "--local", pair.net + "50", "--remote", pair.service, "--contexts", str(count),
                             "--rate", "20000")
    assert client.wait().summary()["held"] == count
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", count, 20)
    clear = lab.spawn([lab.STARSH, "-r", pair.a.root, "-c", "clear subscribers all -noconfirm"], stdout=subprocess.PIPE)
    lab.until(lambda: pair.a.subscribers() < count, 10, "the clear runs", every=0)
    pair.switchover()
    said = clear.communicate(timeout=60)[0].decode()
    cleared = int(said.split("cleared:")[1].split()[0])
    pair.settle()
    left = count - cleared
    lab.until(lambda: [c.subscribers() for c in pair.both] == [left, left], 10, f"{left} calls on both")
    assert (left == 0) == (clear.returncode == 0), said


def test_a_stopped_demux_does_not_hold_a_switchover(pair):
    os.kill(pid_of(pair.a, "demux"), signal.SIGSTOP)
    assert pair.a.run("srp initiate-switchover -noconfirm", timeout=60)[0] == 0
    pair.settle(pair.b)
    sgsn = gtp.Sgsn(pair.net + "60", pair.service)
    assert sgsn.ask(sgsn.create("240011234500001")).cause == gtp.ACCEPTED
    sgsn.close()


def test_a_task_that_was_given_up_is_tried_again(pair):
    def kill_demux():
        pid = pid_of(pair.a, "demux")
        if pid:
            lab.kill(pid)
        return "demux" in alarms(pair.a)
    lab.until(kill_demux, 9, "demux is given up", every=0.1)
    assert "demux is not running" in pair.a.sh("show ggsn-service all")
    sgsn = gtp.Sgsn(pair.net + "60", pair.service)
    assert sgsn.ask(sgsn.create("240011234500001"), tries=20).cause == gtp.ACCEPTED
    lab.until(lambda: "demux" not in alarms(pair.a), 5, "the alarm ends")
    sgsn.close()


def without_srp(text):
    return text[:text.index("  context srp")] + "end\n"


def test_alone_a_busy_service_address_is_tried_again(make_pair):
    pair = make_pair(edit=lambda x, text: without_srp(text))
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind((pair.service, 2123))
    pair.a.start()
    lab.until(lambda: "in use" in alarms(pair.a), 5, "an alarm says so")
    other.close()
    lab.until(lambda: pair.a.label("show ggsn-service all", "Service Status:") == "Started", 5, "started")
    lab.until(lambda: "in use" not in alarms(pair.a), 5, "the alarm ends")


def test_while_the_srp_port_is_taken_the_peer_is_heard_all_the_same(make_pair):
    pair = make_pair()
    pair.b.start()
    pair.b.wait_state("Active")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((pair.net + "1", lab.SRP_PORT))
        other.listen()
        pair.a.start()
        pair.a.wait_state("Standby", 5)
        assert f"TCP port {lab.SRP_PORT}" in alarms(pair.a)
        assert f"TCP port {lab.SRP_PORT}" in pair.a.label("show srp info", "Alarms")
    pair.settle(pair.b)
    lab.until(lambda: f"TCP port {lab.SRP_PORT}" not in alarms(pair.a), 5, "the alarm ends")


def test_a_pipe_under_flash_is_no_configuration_and_holds_nothing(pair):
    os.mkfifo(pair.a.root / "flash" / "pipe.cfg")
    rc, out = pair.a.run("configure /flash/pipe.cfg", timeout=60)
    assert rc == 1 and "not a file" in out
    pair.settle(pair.a)


def test_a_removed_database_is_noticed(pair):
    for f in pair.a.root.glob("chassis.db*"):
        f.unlink()
    pair.a.configure("system hostname elsewhere")
    lab.until(lambda: "chassis.db was removed" in alarms(pair.a), 5, "an alarm says so")
    pair.switchover()


def test_saves_to_one_name_at_once_all_succeed(pair):
    saves = [lab.spawn([lab.STARSH, "-r", pair.a.root, "-c", "save configuration /flash/same.cfg -noconfirm"])
             for _ in range(20)]
    assert [p.wait(300) for p in saves] == [0] * 20
    assert pair.a.flash("/flash/same.cfg") == pair.a.sh("show configuration")
    assert not list((pair.a.root / "flash").glob("*.part"))


def test_redundancy_removed_and_configured_again_keeps_epochs_small(make_pair):
    pair = make_pair()
    a = pair.a.start()
    a.wait_state("Active")
    text = a.flash(a.config_name)
    block = [line.strip() for line in text[text.index("  context srp"):].split("#exit")[0].splitlines() if line.strip()]
    for _ in range(3):
        a.configure("context srp", "no service-redundancy-protocol")
        lab.until(lambda: a.run("show srp info")[0] == 1, 5, "no redundancy")
        a.configure(*block)
        a.wait_state("Active")
    log = (a.root / "run" / "log").read_text()
    last = int(log.split("(epoch ")[-1].split(",")[0])
    assert last < 1 << 32, "a handful of incarnations uses up a handful of blocks"
