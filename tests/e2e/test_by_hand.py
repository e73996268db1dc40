"""Two chassis with nothing but a license key; what the interchassis chapter configures is typed on both consoles, on real
terminals, in its order: the SRP context, its parameters, the interface and port, the service. It ends in a working pair."""
import gtp
import lab

# {mode} {priority} {own} {peer} {service}; a line that begins with ? asks, and is answered with yes
TYPED = """
configure
?context srp
service-redundancy-protocol
bind address {own}
end
configure
context srp
service-redundancy-protocol
chassis-mode {mode}
priority {priority}
peer-ip-address {peer}
hello-interval 1
dead-interval 3
checkpoint session duration 0
standby database-recovery aggressive
end
configure
?context vpn
interface srp_if
ip-address {own}/24
exit
exit
port ethernet 1/10
description to_the_other_chassis
medium auto
no shutdown
bind interface srp_if vpn
end
configure
?context isp
interface service loopback
ip address {service} 255.255.255.255 srp-activate
exit
ip pool internet 10.65.0.0 255.255.0.0 public 0 srp-activate
apn internet
ip address pool name internet
exit
ggsn-service ggsn
bind address {service}
end
""".split("\n")[1:-1]


def type_all(chassis, **values):
    terminal = lab.Terminal(chassis)
    terminal.wait_prompt()
    for line in TYPED:
        if line.startswith("?"):
            terminal.type(line[1:].format(**values) + "\r")
            terminal.expect(r"Are you sure\? \[Yes\|No\]: ")
            said = terminal.command("yes")
        else:
            said = terminal.command(line.format(**values))
        assert said.strip() == "", f"{line}: {said}"
    terminal.close()


def test_the_chapters_configuration_typed_on_two_empty_chassis_ends_in_a_working_pair(make_pair):
    pair = make_pair()
    for chassis in pair.both:
        chassis.start(config=False)
        assert chassis.sh("show configuration") == "config\nend\n"
    type_all(pair.a, mode="primary", priority=1, own=pair.net + "1", peer=pair.net + "2", service=pair.service)
    type_all(pair.b, mode="backup", priority=2, own=pair.net + "2", peer=pair.net + "1", service=pair.service)
    pair.settle()
    sgsn = gtp.Sgsn(pair.net + "50", pair.service)
    try:
        made = sgsn.ask(sgsn.create("240011234507001"))
        assert made.cause == gtp.ACCEPTED
        pair.switchover()
        pair.settle()
        assert sgsn.ask(sgsn.delete(made.number(gtp.TEID_CONTROL))).cause == gtp.ACCEPTED
    finally:
        sgsn.close()
