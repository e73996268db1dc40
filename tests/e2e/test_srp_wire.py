"""The redundancy link as it is on the wire: route modifiers, marking, both families, in network namespaces."""
import pytest

import conftest
import lab
import netlab
import snoop

AF41, EF = 34, 46  # of RFC 2597 and 3246
INITIAL = {"a": 33, "b": 34}


@pytest.fixture
def make_net(request):
    made = []

    def make(**kw):
        try:
            made.append(netlab.NetPair(request.node.name, **kw))
        except netlab.NoRight as e:
            conftest.missing(f"network namespaces: {e}")
        return made[-1]
    yield make
    for pair in made:
        pair.close()


def hellos(capture, net):
    """[(chassis, state, route modifier)] as said on the wire, repetitions left out."""
    names = {link[1]: x for x, link in net.srp_links.items()}
    last, said = {}, []
    for _, sender, kind, values in capture.messages():
        if kind not in ("HELLO", "HELLO_REPLY"):
            continue
        now = (names[sender], snoop.STATES[values["state"]], values["route-modifier"])
        if last.get(sender) != now:
            said.append(now)
        last[sender] = now
    return said


def wait_said(capture, net, *wanted):
    """Waits until each of these was said last by its chassis."""
    def is_said():
        last = {h[0]: h for h in hellos(capture, net)}
        return all(last.get(w[0]) == w for w in wanted)
    lab.until(is_said, 15, f"{wanted} on the wire, said: {hellos(capture, net)}", every=0.2)


def test_route_modifiers_on_the_wire_start_above_step_at_switchovers_and_start_again_at_the_threshold(make_net):
    net = make_net(edit=lab.srp_lines(both=["route-modifier threshold 3"]))
    capture = net.capture()
    net.start()
    # the initial values of the roles; the Active begins the count at once when it has met its peer
    wait_said(capture, net, ("a", "Active", 1), ("b", "Standby", 2))
    begun = hellos(capture, net)
    assert ("a", "Init", INITIAL["a"]) in begun and ("b", "Init", INITIAL["b"]) in begun, begun
    net.switchover()
    wait_said(capture, net, ("b", "Active", 2), ("a", "Standby", 3))  # stepped, and lower on the Active
    net.settle(net.b)
    before = len(hellos(capture, net))
    net.switchover()
    wait_said(capture, net, ("a", "Active", 1), ("b", "Standby", 2))  # 3 is the threshold: both start again
    assert ("a", "Active", 3) in hellos(capture, net)[before:], "the value is held until the peer is heard"
    net.settle(net.a)
    net.a.kill_all()
    net.b.wait_state("Active")
    before = len(hellos(capture, net))
    net.a.start()
    wait_said(capture, net, ("b", "Active", 2), ("a", "Standby", 3))
    came_back = [h for h in hellos(capture, net)[before:] if h[0] == "a"]
    assert came_back[0] == ("a", "Init", INITIAL["a"]), "without its past it begins above every value in operation"
    operating = [rm for _, state, rm in hellos(capture, net) if state in ("Active", "Standby") and rm not in INITIAL.values()]
    assert operating and max(operating) <= 4 < min(INITIAL.values()), operating


def test_the_standbys_route_modifier_is_its_own_delta_above_the_actives(make_net):
    net = make_net(edit=lab.srp_lines(a=["delta-route-modifier 7"], b=["delta-route-modifier 4"]))
    capture = net.capture()
    net.start()
    wait_said(capture, net, ("a", "Active", 1), ("b", "Standby", 5))
    net.switchover(force=True)  # the configurations differ
    wait_said(capture, net, ("b", "Active", 5), ("a", "Standby", 12))


def marks(capture, net):
    """{(chassis, "control" or "checkpoint"): {DSCP values}} of every segment of connections whose start was seen."""
    names = {link[1]: x for x, link in net.srp_links.items()}
    kinds, found = {}, {}
    segments = capture.segments()
    for s in segments:  # the first octets of a connection say what it is
        ends = frozenset([(s["from"], s["sport"]), (s["to"], s["dport"])])
        magic = int(s["data"][:4] or "0", 16)
        if ends not in kinds and magic in (snoop.CONTROL, snoop.CHECKPOINT):
            kinds[ends] = "control" if magic == snoop.CONTROL else "checkpoint"
    for s in segments:
        kind = kinds.get(frozenset([(s["from"], s["sport"]), (s["to"], s["dport"])]))
        # the answer to a checkpoint's SYN is the listener's, which does not know yet what will come
        if kind and not (s["syn"] and s["sport"] == lab.SRP_PORT):
            found.setdefault((names[s["from"]], kind), set()).add(s["tos"] >> 2)
    return found


@pytest.mark.parametrize("family", [4, 6], ids=["ipv4", "ipv6"])
def test_packets_carry_their_marking_from_the_first_one_on_and_a_change_acts_at_once(make_net, family):
    net = make_net(family=family, edit=lab.srp_lines(both=["dscp-marking control ef", "dscp-marking session af41"]))
    capture = net.capture()
    net.start()
    lab.until(lambda: len(marks(capture, net)) == 4, 10, f"control and checkpoints of both, seen {marks(capture, net)}")
    seen = marks(capture, net)
    assert seen["a", "control"] == seen["b", "control"] == {EF}, seen
    assert seen["a", "checkpoint"] == {AF41}, "who dials marks the first packet as well"
    assert seen["b", "checkpoint"] == {AF41}, seen
    down = net.a.number("show srp statistics", "Connections down:")  # at first contact there may be two, and one is closed
    net.b.configure("context srp", "service-redundancy-protocol", "dscp-marking control cs6")
    lab.until(lambda: marks(capture, net)["b", "control"] == {EF, 48}, 10, f"cs6 of B, seen {marks(capture, net)}")
    assert marks(capture, net)["a", "control"] == {EF}
    assert net.a.number("show srp statistics", "Connections down:") == down, "no connection was made anew for it"


def test_over_ipv6_a_pair_settles_replicates_switches_over_and_survives_a_loss(make_net):
    net = make_net(family=6)
    net.start()
    assert net.a.label("show srp info", "Peer Remote Address") == netlab.LINKS6["b"][1]
    net.route_to(net.a)
    imsis = [f"2400112345000{i:02}" for i in range(5)]
    ask = [lab.TOP / "tests/e2e/ask_gtp.py", "10.91.1.1", netlab.SERVICE]
    rc, out = net.in_router("/usr/bin/python3", *ask, "create", *imsis)
    calls = [line.split() for line in out.splitlines()]
    assert rc == 0 and [c[1] for c in calls] == ["128"] * len(imsis), out
    net.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", len(imsis))

    def all_answer():
        net.route_to(net.active())
        rc, out = net.in_router("/usr/bin/python3", *ask, "update", *[f"{c[0]}={c[2]}" for c in calls])
        assert rc == 0 and [line.split()[1] for line in out.splitlines()] == ["128"] * len(imsis), out
    net.switchover()
    all_answer()
    net.settle(net.b)
    net.b.kill_all()
    net.a.wait_state("Active", lab.DEAD_INTERVAL + 5)
    all_answer()
