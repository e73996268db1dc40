"""License keys on real chassis, with keys of an issuer of the tests' own."""
import pytest

import lab

GENERATOR = lab.TOP / "build" / "starling-license"


@pytest.fixture(scope="module")
def issuer():
    """key(*options) prints a key of this run's own issuer; key.public is its public key."""
    prefix = lab.new_directory("license_issuer") / "issuer"
    lab.subprocess.run([GENERATOR, "pair", prefix], check=True)

    def key(*options):
        return lab.subprocess.run([GENERATOR, "key", f"{prefix}.key", *map(str, options)], check=True, text=True,
                                  stdout=lab.subprocess.PIPE).stdout.strip()
    key.public = f"{prefix}.pub"
    return key


@pytest.fixture
def start(make_pair, issuer):
    """start(key, config): a chassis that believes the tests' issuer, with this key in its flash (None: no file)."""
    def started(key, config=None):
        c = make_pair(options=("--license-issuer", issuer.public)).a
        path = c.flash("/flash/license.lic", (key or "") + "\n")
        if key is None:
            path.unlink()
        if config is not None:
            c.flash(c.config_name, config)
        return c.start()
    return started


def test_the_generator_overwrites_no_private_key(issuer):
    p = lab.subprocess.run([GENERATOR, "pair", issuer.public.removesuffix(".pub")], stderr=lab.subprocess.PIPE, text=True)
    assert p.returncode == 1 and "not overwritten" in p.stderr


def test_without_a_key_there_is_no_redundancy_protocol(start):
    c = start(None, "config\n  context srp\n  #exit\nend\n")
    rc, out = c.run("show srp info")
    assert rc == 1 and "Unknown command" in out
    rc, out = c.script("configure", "context srp", "service-redundancy-protocol")
    assert rc == 1 and 'Unknown command - "service-redundancy-protocol"' in out
    assert "Not Installed" in c.sh("show license information")


def test_a_key_typed_in_opens_the_block_and_is_kept(start, issuer):
    c = start(None, "config\n  context srp\n  #exit\nend\n")
    key = issuer("--feature", "icsr", "--comment", "typed in", "--number", 77)
    c.configure(f'license key "{key}"', "context srp", "service-redundancy-protocol", "priority 4")
    shown = c.sh("show license information")
    assert "Comment       typed in" in shown and "Key Number    77" in shown and "Inter-Chassis Session Recovery" in shown
    assert "Read From" not in shown and "Read From     the configuration" in c.sh("show license information full") and "License Status         Good (Any Hardware)" in shown

    def is_kept():  # there may be no generation yet
        last = c.sh("show configuration archive").split("\n")[-2].split()[0]
        return last.isdigit() and "priority 4" in c.sh(f"show configuration archive {last}")
    lab.until(is_kept, 10, "it is kept")
    c.kill_all()
    c.start(config=False)
    assert "priority 4" in c.sh("show configuration srp") and "typed in" in c.sh("show license information")


def test_a_key_that_is_not_ours_is_refused_and_says_why(start, issuer):
    c = start(issuer("--feature", "all"))
    stranger = (lab.TOP / "configs" / "lab.lic").read_text().splitlines()[-1]
    for key, why in ((stranger, "issuer"), ("nonsense", "not a license key"),
                     (issuer("--feature", "all", "--chassis", "02-00-00-00-00-01"), "another chassis")):
        rc, out = c.script("configure", f'license key "{key}"')
        assert rc == 1 and "Failure:" in out and why in out
    assert "license" not in c.sh("show configuration")


def test_a_pair_with_keys_of_another_issuer_settles(make_pair, issuer):
    pair = make_pair(options=("--license-issuer", issuer.public))
    for c in pair.both:
        c.flash("/flash/license.lic", "# of the tests\n" + issuer("--feature", "icsr") + "\n")
    pair.start()
    rc, out = pair.a.script("configure", "context srp", "service-redundancy-protocol", "switchover allow-all-data-traffic")
    assert rc == 1 and "Unknown command" in out  # of another feature


@pytest.mark.parametrize("days,alarm", ((-1, "expired on"), (3, "expires on"), (60, None)))
def test_an_expiry_is_told_and_the_features_stay(start, issuer, days, alarm):
    c = start(issuer("--feature", "all", "--days", days))
    alarms = c.sh("show alarm outstanding")
    assert ("license key" in alarms) == (alarm is not None)
    if alarm:
        assert alarm in alarms and alarm in (c.root / "run" / "log").read_text()
    assert ("Expired" in c.sh("show license information")) == (days < 0)
    assert "Chassis State:" in c.sh("show srp info")


def test_a_bad_file_is_logged_and_the_chassis_starts_without(start):
    c = start("VER=1|SIG=nonsense", "config\nend\n")
    assert "Not Installed" in c.sh("show license information")
    assert "license.lic not installed" in (c.root / "run" / "log").read_text() + (c.root / "run" / "output").read_text()
