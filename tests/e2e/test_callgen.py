"""The load generator: its ledger is exact, what contradicts it is named, and bad input is refused by name."""
import subprocess

import pytest

import callgen
import lab
from callgen import ADDRESS, DELETED, IMSI, SENT, SERIAL, STATE, TEID, run

CONTEXTS = 60


class Generator(callgen.Generator):
    def behind_its_back(self, index):
        """The call of this context is deleted, and the ledger knows nothing of it; returns its line."""
        text, (head, lines) = self.ledger.read_text(), self.lines()
        self.write(head, [lines[index]])
        assert self("delete").words["accepted"] == 1
        self.ledger.write_text(text)
        return lines[index]

    def edit(self, change):
        """change(lines) alters the words of the ledger's lines."""
        head, lines = self.lines()
        change(lines)
        self.write(head, lines)


@pytest.fixture
def generator(shared, tmp_path):
    """One that holds all its contexts on the Active; they are gone afterwards."""
    g = Generator(shared, CONTEXTS, sgsns=3, ledger=tmp_path / "ledger")
    rc, words, _ = g("create")
    assert rc == 0 and words["held"] == CONTEXTS == shared.active().subscribers()
    yield g
    shared.active().sh("clear subscribers all -noconfirm")
    lab.until(lambda: shared.standby().preallocated() == 0, 10, "no call is left")


def test_what_was_made_changed_and_deleted_is_found_so_before_and_after_a_switchover(shared, generator):
    assert generator("update", "--count", 100).words["accepted"] == 100
    assert generator("delete", "--count", 10).words["held"] == CONTEXTS - 10

    def churned():
        rc, words, _ = generator("churn", "--seconds", 0.5, "--seed", 1)
        assert rc == 0
        return words["sent"] > 100
    lab.until(churned, 5, "a hundred requests in half a second")
    for _ in range(2):
        rc, words, lines = generator("verify")
        assert rc == 0 and lines == [] and words["verified_held"] == words["held"] == shared.active().subscribers()
        assert words["verified_deleted"] + words["reused"] == sum(len(l) - DELETED for l in generator.lines()[1]) >= 10
        shared.switchover()
        shared.settle()


def test_a_call_that_is_gone_is_named_as_lost(generator):
    line = generator.behind_its_back(7)
    rc, words, told = generator("verify")
    assert rc == 1 and words["lost"] == 1 and words["verified_held"] == words["held"] == CONTEXTS - 1
    assert len(told) == 1 and f"contradiction=lost imsi={line[IMSI]} teid={line[TEID]}" in told[0]
    rc, words, told = generator("verify")  # it is known by now
    assert rc == 0 and words["lost"] == 0 and words["lost_in_all"] == 1


@pytest.mark.parametrize("seen", ["update", "verify"])
def test_a_call_that_has_not_seen_a_change_is_named_as_older(generator, seen):
    def one_more(lines):
        lines[3][SERIAL] = lines[3][SENT] = "2"
    generator.edit(one_more)
    if seen == "verify":
        rc, words, told = generator("verify")
        assert rc == 1 and words["older"] == 1 and words["verified_held"] == CONTEXTS - 1 and "contradiction=older" in told[0]
    else:  # one more change makes it good again
        for _ in range(3):
            assert generator("update", "--count", 200).rc == 0
        assert generator("verify").words["verified_held"] == CONTEXTS


def test_a_change_that_was_not_answered_may_be_there_or_not(generator):
    def sent_more(lines):
        lines[3][SENT] = "2"
    generator.edit(sent_more)
    rc, words, _ = generator("verify")
    assert rc == 0 and words["verified_held"] == CONTEXTS


@pytest.mark.parametrize("before", [0, 3])
def test_a_deleted_call_that_is_there_is_named_as_returned(generator, before):
    def deleted(lines):
        lines[5][STATE] = "free"
        lines[5] += [f"0200f00{n}:99" for n in range(before)] + [f"{lines[5][TEID]}:100"]
    generator.edit(deleted)
    rc, words, told = generator("verify")
    assert rc == 1 and words["returned"] == 1 and words["verified_held"] == CONTEXTS - 1 and words["verified_deleted"] == before
    assert len(told) == 1 and "contradiction=returned" in told[0] and "deleted_ns=100" in told[0]


def test_a_call_whose_delete_was_not_answered_is_counted_apart(generator):
    def unsure(lines):
        lines[5][STATE] = lines[6][STATE] = "unsure-delete"
    generator.behind_its_back(6)
    generator.edit(unsure)
    rc, words, _ = generator("verify")
    assert rc == 0 and words["unsure_there"] == words["unsure_gone"] == 1 and words["verified_held"] == CONTEXTS - 2


def test_two_calls_with_one_address_are_named(generator):
    def same(lines):
        lines[4][ADDRESS] = lines[5][ADDRESS]
    generator.edit(same)
    rc, words, told = generator("verify")
    assert rc == 1 and words["twice"] == 1 and words["lost"] == 0 and "contradiction=twice address=" in told[0]


def test_a_call_whose_teid_is_that_of_another_one_is_lost(generator):
    def same(lines):
        lines[4][TEID] = lines[5][TEID]
    generator.edit(same)
    rc, words, told = generator("verify")
    assert rc == 1 and words["lost"] == 1 and words["twice"] == 0 and words["verified_held"] == CONTEXTS - 1


def test_a_call_of_a_gone_session_is_named_by_an_update_and_made_again_by_a_create(generator):
    generator.behind_its_back(0)
    _, words, _ = generator("update", "--count", 1000)
    assert words["lost"] == 1 and words["accepted"] == words["sent"] - 1
    assert generator("create").words["held"] == CONTEXTS and generator("verify").rc == 0


def test_what_nobody_answers_is_counted_and_not_taken_for_held(tmp_path):
    ledger = tmp_path / "ledger"
    argv = ["--local", "127.0.0.1:0", "--remote", "127.0.0.1:1", "--contexts", 5, "--t3", 5, "--n3", 3, "--ledger", ledger]
    rc, words, _ = run("create", *argv)
    assert rc == 1 and words["unanswered"] == words["unsure_create"] == 5 and words["retransmissions"] == 10 and words["held"] == 0
    assert {l.split()[STATE] for l in ledger.read_text().splitlines()[1:]} == {"unsure-create"}


BOTH = ["--local", "127.0.0.1:0", "--remote", "127.0.0.1:1"]


@pytest.mark.parametrize("argv, named", [
    ([], "one mode is wanted"), (["fly", *BOTH], "mode 'fly'"), (["create", "update", *BOTH], "'update'"), (["create"], "--local"),
    (["create", "--local", "127.0.0.256"], "'127.0.0.256'"), (["create", *BOTH, "--contexts", "0"], "contexts '0'"),
    (["create", *BOTH, "--contexts", "1000001"], "contexts '1000001'"), (["create", *BOTH, "--window", "5x"], "window '5x'"),
    (["create", *BOTH, "--rate", "-1"], "rate '-1'"), (["create", *BOTH, "--t3", "nan"], "t3 'nan'"),
    (["create", *BOTH, "--imsi", "12"], "'12'"), (["create", *BOTH, "--imsi", "999999", "--contexts", "2"], "--imsi"),
    (["create", *BOTH, "--apn", "a..b"], "'a..b'"), (["verify", *BOTH], "--ledger"), (["create", *BOTH, "--nope"], "--nope"),
    (["verify", *BOTH, "--ledger", "/proc/version"], "'/proc/version'")], ids=str)
def test_bad_input_is_refused_by_name(argv, named):
    p = subprocess.run([callgen.CALLGEN, *argv], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, timeout=60)
    assert p.returncode == 2 and p.stdout == "" and named in p.stderr.splitlines()[0], p.stderr


@pytest.mark.parametrize("text, why", [
    ("no ledger\n", "this is no ledger"), ("callgen-ledger 1 6 240010000000000 1\n", "contexts"),
    ("callgen-ledger 1 5 240010000000001 1\n", "IMSI"), ("callgen-ledger 1 5 240010000000000 1\n0 240010000000000 5 held\n", "line"),
    ("callgen-ledger 1 5 240010000000000 1\n0 240010000000000 5 odd 1 1 1 1 1 1 1 1 1\n", "line"),
    ("callgen-ledger 1 5 240010000000000 1\n0 240010000000000 5 held 1 1 1 1 1 1 1 1 1 2\n", "line"),
    ("callgen-ledger 1 5 240010000000000 1\n0 240010000000000 5 held 1 1 1 1 1 1 1 1 1 2:3 2:3 2:3 2:3 2:3\n", "line"),
    ("callgen-ledger 1 5 240010000000000 1\n5 240010000000005 5 held 1 1 1 1 1 1 1 1 1\n", "line")])
def test_a_ledger_that_cannot_be_used_is_refused_with_the_reason(tmp_path, text, why):
    ledger = tmp_path / "ledger"
    ledger.write_text(text)
    p = subprocess.run([callgen.CALLGEN, "verify", *BOTH, "--contexts", "5", "--ledger", ledger], stderr=subprocess.PIPE, text=True, timeout=60)
    assert p.returncode == 2 and why in p.stderr.splitlines()[0], p.stderr
    assert ledger.read_text() == text
