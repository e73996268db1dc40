"""A call belongs to its ggsn-service by what that is called: the place in the configuration says nothing, on either chassis."""
import re

import gtp
import lab

HEAD = "    ggsn-service ggsn\n"
NAMES = {"ggsn": "100", "second": "101"}


def two_services(x, text, without=()):
    """A second service on an address of its own; A has it behind the first, B before it. B lacks access points @without."""
    net = re.search(r"(127\.\d+\.\d+\.)100", text).group(1)
    text = text.replace("    ip pool", f"    interface service2 loopback\n      ip address {net}101 255.255.255.255 srp-activate\n    #exit\n    ip pool", 1)
    block = f"    ggsn-service second\n      bind address {net}101\n    #exit\n"
    old = HEAD + f"      bind address {net}100\n    #exit\n"
    assert old in text
    apns = "" if x == "b" and "other" in without else "    apn other\n      ip address pool name internet\n    #exit\n"
    return text.replace(old, apns + (old + block if x == "a" else block + old))


def contexts(chassis):
    """{service: PDP contexts} as the chassis shows them, in its order."""
    shown = chassis.sh("show ggsn-service all")
    return dict(zip(re.findall(r"Service name: (\S+)", shown), map(int, re.findall(r"Current PDP Contexts: +(\d+)", shown))))


def services(chassis):
    """{call id: name of the service} as the subscribers are shown in full."""
    shown = chassis.sh("show subscribers full all")
    return dict(zip((int(c, 16) for c in re.findall(r"Callid +: (\S+)", shown)), re.findall(r"GGSN Service +: (.+)", shown)))


def sgsns(pair):
    return {name: gtp.Sgsn(f"{pair.net}{60 + i}", f"{pair.net}{host}") for i, (name, host) in enumerate(NAMES.items())}


def create(s, n, base, apn="internet"):
    answers = [s.ask(s.create(f"24001123{base + i:07d}", apn=apn)) for i in range(n)]
    assert all(a.cause == gtp.ACCEPTED for a in answers)
    return [a.number(gtp.TEID_CONTROL) for a in answers]


def test_calls_stay_those_of_their_service_on_a_chassis_that_lists_the_services_in_another_order(make_pair):
    pair = make_pair(edit=two_services).start()
    s = sgsns(pair)
    teids = {"ggsn": create(s["ggsn"], 3, 100), "second": create(s["second"], 5, 200)}
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 8)
    lab.until(lambda: list(contexts(pair.a).items()) == [("ggsn", 3), ("second", 5)], 5, "the active counts by service")
    lab.until(lambda: list(contexts(pair.b).items()) == [("second", 5), ("ggsn", 3)], 5, "the standby counts by service")
    pair.switchover()  # not forced: the order is no difference between the configurations
    assert re.search(r"Internal Audit: +8 calls, 0 purged,", pair.b.sh("show srp info"))
    assert contexts(pair.b) == {"ggsn": 3, "second": 5}
    assert services(pair.b) == {teid: name for name, mine in teids.items() for teid in mine}
    for name, mine in teids.items():
        for teid in mine:
            answer = s[name].ask(s[name].update(teid))  # which asserts whose address it came from
            assert answer.cause == gtp.ACCEPTED and answer.gsn == pair.net + NAMES[name]
    assert s["second"].ask(s["second"].delete(teids["second"][0])).cause == gtp.ACCEPTED
    lab.until(lambda: contexts(pair.b) == {"ggsn": 3, "second": 4}, 5, "the deleted one is of the second service")
    for x in s.values():
        x.close()


def test_the_sgsn_of_a_purged_call_is_told_from_the_address_of_the_calls_own_service(make_pair):
    graceful = "config\n  require graceful-cleanup-during-audit-failure\n"
    pair = make_pair(edit=lambda x, text: two_services(x, text, ["other"]).replace("config\n", graceful, 1)).start()
    s = sgsns(pair)
    for i, x in enumerate(s.values()):
        create(x, 1, 300 + i, apn="other")
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 2)
    pair.switchover(force=True)
    for x in s.values():
        assert x.receive(30).type == gtp.DELETE_REQUEST
        x.close()


def test_a_service_that_is_removed_and_comes_back_finds_its_calls(make_pair):
    pair = make_pair(edit=two_services).start()
    s = sgsns(pair)
    first, second = create(s["ggsn"], 3, 400), create(s["second"], 2, 500)
    pair.a.configure("context isp", "no ggsn-service ggsn")
    lab.until(lambda: contexts(pair.a) == {"second": 2}, 5, "one service is left")
    assert s["second"].ask(s["second"].update(second[0])).cause == gtp.ACCEPTED
    assert services(pair.a) == {t: "not configured" for t in first} | {t: "second" for t in second}
    s["ggsn"].send(s["ggsn"].update(first[0]))
    assert s["ggsn"].receive(0.3) is None
    pair.a.configure("context isp", "ggsn-service ggsn", f"bind address {pair.service}")
    lab.until(lambda: contexts(pair.a) == {"second": 2, "ggsn": 3}, 5, "the service is back with its calls")
    assert pair.a.subscribers() == 5
    for teid in first:
        answer = lab.until(lambda: s["ggsn"].ask(s["ggsn"].update(teid)), 5, "the service answers again")
        assert answer.cause == gtp.ACCEPTED and answer.gsn == pair.service
    assert s["second"].ask(s["second"].update(second[1])).cause == gtp.ACCEPTED
    pair.settle(pair.a)
    pair.switchover()
    assert re.search(r"Internal Audit: +5 calls, 0 purged,", pair.b.sh("show srp info"))
    assert contexts(pair.b) == {"second": 2, "ggsn": 3}
    for x in s.values():
        x.close()


def test_two_services_whose_names_give_one_identity_are_refused_by_both_names(make_pair):
    pair = make_pair(edit=two_services)
    pair.a.start()
    pair.a.configure("context isp", "ggsn-service ggsn539599", "exit", "ggsn-service ggsn722382", "exit")
    shown = pair.a.sh("show configuration errors")
    assert "ggsn-service ggsn722382: in context isp has the same call identity as ggsn-service ggsn539599" in re.sub(r"\s+", " ", shown), shown
    pair.a.configure("context isp", "no ggsn-service ggsn539599")
    assert "same call identity" not in pair.a.sh("show configuration errors")
