"""The operator's shell on a real terminal, from a pipe and with -c."""
import re
import subprocess

import pytest

import lab

UP_ENTER = "\x1b[A\r"


@pytest.fixture
def host(shared):
    return re.search(r"system hostname (\S+)", shared.a.sh("show configuration")).group(1)


def test_prompts_name_context_host_and_mode(terminal, host):
    assert terminal.prompt == f"[local]{host}# "
    for line, prompt in (("configure", f"[local]{host}(config)# "), ("context srp", f"[srp]{host}(config-ctx)# "),
                         ("service-redundancy-protocol", f"[srp]{host}(config-srp)# "), ("exit", f"[srp]{host}(config-ctx)# "),
                         ("end", f"[local]{host}# ")):
        assert terminal.command(line, prompt) == "", line


def test_exit_goes_up_one_level_end_leaves_and_a_remark_does_nothing(terminal, host):
    for line, prompt in (("configure", "(config)"), ("context srp", "(config-ctx)"), ("# a remark", "(config-ctx)"),
                         ("service-redundancy-protocol", "(config-srp)"), ("#exit", "(config-ctx)"), ("exit", "(config)"), ("exit", "")):
        terminal.command(line)
        assert terminal.prompt.split(host)[1] == prompt + "# ", line


def test_context_changes_the_prompt_at_exec_and_back(terminal, host):
    terminal.command("context srp", f"[srp]{host}# ")
    terminal.command("context local", f"[local]{host}# ")
    assert "Failure: " in terminal.command("context nowhere")


def test_a_question_mark_lists_what_may_come_and_keeps_the_typed_text(terminal):
    shown = terminal.help("show srp ")
    for word in ("info", "statistics", "checkpoint"):
        assert re.search(rf"^\s*{word}\b", shown, re.M), shown
    terminal.type("show srp in?")
    terminal.expect("\n")
    terminal.type("fo\r")
    assert "Chassis State:" in terminal.wait_prompt(), "the text typed before the question mark is still there"


def test_a_question_mark_on_an_empty_line_lists_the_commands(terminal):
    shown = terminal.help("")
    for word in ("configure", "show", "exit", "srp", "clear"):
        assert re.search(rf"^\s*{word}\b", shown, re.M), shown


def test_a_complete_command_is_offered_its_end(terminal):
    assert "<cr>" in terminal.help("show version ")


def test_a_question_mark_inside_quotes_is_a_character(terminal):
    assert "Chassis State:" in terminal.command('show srp info | grep -E "Chas?sis State"')


def test_tab_completes_a_unique_word_and_lists_several(terminal):
    terminal.type("sh\tver\t\r")
    assert "Active Software" in terminal.wait_prompt()
    terminal.type("show s\t\t@@")  # typed ahead: it comes back when the keys before it are done
    shown = terminal.expect("@@")
    assert "srp" in shown and "subscribers" in shown
    terminal.drop_line()


def test_unique_abbreviations_and_a_capital_first_letter_are_taken(terminal):
    assert "Chassis State:" in terminal.command("sh srp inf")
    assert "Active Software" in terminal.command("Show ver")
    assert "Ambiguous" in terminal.command("show s").replace("ambiguous", "Ambiguous")


def test_an_unknown_word_is_refused_by_name(terminal):
    assert 'Unknown command - "blah", unrecognized keyword' in terminal.command("blah")
    assert 'Unknown command - "blah", unrecognized keyword' in terminal.command("show blah")


def test_a_question_is_asked_and_no_changes_nothing(terminal, shared):
    terminal.type("srp initiate-switchover\r")
    terminal.expect(r"Are you sure\? \[Yes\|No\]: $")
    terminal.type("no\r")
    terminal.wait_prompt()
    assert (shared.a.state(), shared.b.state()) == ("Active", "Standby")


def test_ctrl_d_at_a_question_says_that_nothing_was_done_and_stays(terminal):
    terminal.type("clear subscribers all\r")
    terminal.expect(r"Are you sure\? \[Yes\|No\]: $")
    terminal.type("\x04")
    assert "Action aborted" in terminal.wait_prompt()
    assert "Image Version" in terminal.command("show version")


def test_what_would_be_refused_is_refused_before_a_question(shared):
    for line, why in (("srp initiate-switchover", "chassis is not Active"), ("clear subscribers all", "this chassis is not Active")):
        rc, out = shared.b.script(line)
        assert rc == 1 and f"Failure: {why}" in out and "Are you sure" not in out, out


def test_any_show_command_can_be_carried_out_in_configuration(terminal, host):
    terminal.command("configure")
    terminal.command("context srp", f"[srp]{host}(config-ctx)# ")
    assert "Chassis State:" in terminal.command("do show srp info", f"[srp]{host}(config-ctx)# ")
    assert re.fullmatch(r"Count: \d+ lines", terminal.command("do sho version | count"))
    assert re.search(r"^\s*statistics\b", terminal.help("do show srp "), re.M)
    assert 'Unknown command' in terminal.command("do configure")
    terminal.command("end")


def test_yes_is_taken_and_noconfirm_asks_nothing(terminal, shared):
    terminal.type("clear subscribers all\r")
    terminal.expect(r"Are you sure\? \[Yes\|No\]: $")
    terminal.type("yes\r")
    terminal.wait_prompt()
    assert "Are you sure" not in terminal.command("clear subscribers all -noconfirm")


def test_creating_a_context_asks_and_noconfirm_does_not(terminal, shared):
    terminal.command("configure")
    terminal.type("context fresh\r")
    terminal.expect(r"Are you sure\? \[Yes\|No\]: $")
    terminal.type("n\r")
    terminal.wait_prompt()
    assert "context fresh" not in shared.a.sh("show configuration")
    terminal.command("context fresh -noconfirm")
    terminal.command("exit")
    assert "context fresh" in shared.a.sh("show configuration")
    terminal.command("no context fresh -noconfirm")
    terminal.command("end")
    assert "context fresh" not in shared.a.sh("show configuration")


def test_pipes_filter_and_count(terminal):
    assert {l.split()[0] for l in terminal.command("show srp info | grep Chassis").splitlines()} == {"Chassis"}
    assert terminal.command("show srp info |grep -i 'chassis state'").startswith("Chassis State:")
    assert "Peer State" not in terminal.command("show srp info | grep -v Peer")
    both = terminal.command("show srp info | grep -E 'Chassis State|Peer State'")
    assert both.count("State:") == 2
    assert re.search(r"\b1\b", terminal.command("show srp info | grep 'Chassis State' | count"))
    assert re.search(r"\b2\b", terminal.command("show srp info | grep -E 'Chassis State|Peer State' | count"))


def test_history_ctrl_c_and_ctrl_z(terminal, host):
    terminal.command("show version")
    terminal.type(UP_ENTER)
    assert "Active Software" in terminal.wait_prompt()
    terminal.type("show nonsense\x03")
    terminal.wait_prompt()
    terminal.command("configure")
    terminal.type("\x1a")
    terminal.wait_prompt(f"[local]{host}# ")


def test_more_pages_one_command_and_the_next_is_not_paged(terminal):
    terminal.child.setwinsize(12, 160)
    terminal.type("show configuration | more\r")
    first = terminal.expect(r"---\(more\)---")
    assert first.count("\n") == 12, first  # the echoed line, and all lines of the terminal but that of the question
    terminal.type("\r")
    assert terminal.expect(r"---\(more\)---").count("\n") == 1
    terminal.type("q")
    terminal.wait_prompt()
    assert "---(more)---" not in terminal.command("show configuration")


def test_more_on_a_pipe_is_everything(shared):
    assert shared.a.sh("show configuration | more") == shared.a.sh("show configuration")


def test_history_outlives_the_session_but_for_secrets(shared, tmp_path):
    file = tmp_path / "history"
    for line in ("show clock", "show bad password"):
        t = lab.Terminal(shared.a, history=str(file))
        t.wait_prompt()
        t.command(line)
        t.close()
    assert file.read_text() == "show clock\n"
    assert file.stat().st_mode & 0o777 == 0o600
    t = lab.Terminal(shared.a, history=str(file))
    t.wait_prompt()
    t.type(UP_ENTER)
    assert t.wait_prompt().startswith("show clock\n")
    t.close()


def test_a_file_ends_at_its_first_failing_line(shared, tmp_path):
    file = tmp_path / "script"

    def run():
        return subprocess.run([lab.STARSH, "-r", shared.a.root_word, "-f", file], cwd=lab.TOP, capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL)
    file.write_text("# a script\nshow clock\n\nconfigure\nend\n")
    p = run()
    assert p.returncode == 0 and p.stderr == "" and len(p.stdout.splitlines()) == 1, p
    file.write_text("show clock\nconfigure\nnonsense here\nend\nshow version\n")
    p = run()
    assert p.returncode == 1 and f"{file} line 3 failed: nonsense here" in p.stderr, p
    assert "Unknown command" in p.stdout and "Image" not in p.stdout
    file.unlink()
    assert run().returncode == 1


def test_the_log_is_shown_with_the_part_that_was_put_away(shared):
    old = "2026-Jan-01+00:00:00.000 [srp 84001 info] [chassisd pid 1] an old line"
    shared.a.flash("/run/log.1", "x" * 3_000_000 + "\n" + (old + "\n") * 3)
    assert shared.a.sh("show logs facility srp lines 1000").splitlines()[:4][2] == old
    warnings = shared.a.sh("show logs facility srp level warning")  # the second connection of a start may be one
    assert old not in warnings and " info]" not in warnings
    assert old not in shared.a.sh("show logs facility srp lines 2")


def test_exit_at_exec_ends_the_session(shared):
    t = lab.Terminal(shared.a)
    t.wait_prompt()
    t.type("exit\r")
    import pexpect
    t.child.expect(pexpect.EOF)
    t.child.close()
    assert t.child.exitstatus == 0


def test_exit_status_of_one_command(shared):
    assert shared.a.run("show version")[0] == 0
    rc, out = shared.a.run("show nonsense")
    assert rc == 1 and out == 'Unknown command - "nonsense", unrecognized keyword\n'


def test_commands_from_a_pipe_answer_in_order_without_prompts(shared):
    rc, out = shared.a.script("show version", "show srp info | grep 'Chassis State'", "exit", "show version")
    assert rc == 0
    assert out.count("Active Software") == 1, "nothing after exit"
    assert out.index("Active Software") < out.index("Chassis State:")
    assert "# " not in out and "[local]" not in out
    rc, out = shared.a.script("blah", "show version")
    assert rc == 1 and "Active Software" in out, "a line that failed is remembered, the next still runs"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_every_line_end_is_taken(shared, ends):
    p = subprocess.run([lab.STARSH, "-r", shared.a.root_word], input=("show version" + ends + "show boot" + ends).encode(),
                       capture_output=True, timeout=60, cwd=lab.TOP)
    assert p.returncode == 0 and b"Active Software" in p.stdout


def test_a_shell_without_chassis_says_so(tmp_path):
    p = subprocess.run([lab.STARSH, "-r", tmp_path, "-c", "show version"], capture_output=True, text=True, timeout=60)
    assert p.returncode == 1 and str(tmp_path) in p.stderr + p.stdout


def test_two_operators_at_a_time(shared):
    shells = [lab.Terminal(shared.a) for _ in range(5)]
    for t in shells:
        t.wait_prompt()
    for t in shells:
        assert "Active Software" in t.command("show version")
    for t in shells:
        t.close()
