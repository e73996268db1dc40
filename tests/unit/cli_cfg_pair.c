/* Claims about which lines both chassis of a pair must have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cli/cfg_pair.h"
#include "tests/unit/cli_rig.h"

static int
setup(void **state)
{
	*state = rig_new(CLI_ADMINISTRATOR);
	return 0;
}

static int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

/* The pair's lines of the running configuration, at most @slice lines a step. */
static const char *
pair_lines(struct rig *r, unsigned slice)
{
	struct cfg_pair p;
	enum err e;

	rig_clear(r);
	cfg_pair_init(&p, cli_running(r->cli));
	while ((e = cfg_pair_step(&p, &r->out, slice)) == ERR_SHORT)
		;
	assert_int_equal(e, ERR_OK);
	return r->screen;
}

static void
loads(struct rig *r, const char *text)
{
	if (rig_load(r, cli_running(r->cli), text, strlen(text)) != 0)
		fail_msg("line %u: %s", r->refused_line, r->refused);
}

static void
what_decides_how_calls_live_belongs_to_the_pair(void **state)
{
	struct rig *r = *state;

	loads(r, "task facility sessmgr max 4\ncontext isp\n"
	         "interface lb loopback\nip address 10.1.1.1 255.255.255.255 srp-activate\n#exit\n"
	         "ip pool p 10.64.0.0 255.255.0.0 public 0 srp-activate\nip pool q 10.65.0.0 255.255.0.0\n"
	         "apn internet\nip address pool name p\n#exit\n"
	         "ggsn-service g\nbind address 10.1.1.1\n#exit\n#exit\n");
	assert_string_equal(pair_lines(r, 1000),
	                    "=task facility sessmgr max 4\n"
	                    "=context isp: interface lb loopback\n"
	                    "=context isp: interface lb loopback: ip address 10.1.1.1 255.255.255.255 srp-activate\n"
	                    "=context isp: ip pool p 10.64.0.0 255.255.0.0 public 0 srp-activate\n"
	                    "=context isp: ip pool q 10.65.0.0 255.255.0.0\n"
	                    "=context isp: apn internet\n"
	                    "=context isp: apn internet: ip address pool name p\n"
	                    "=context isp: ggsn-service g\n"
	                    "=context isp: ggsn-service g: bind address 10.1.1.1\n");
}

static void
what_is_of_one_chassis_is_left_out(void **state)
{
	struct rig *r = *state;

	loads(r, "system hostname x\nport ethernet 1/10\nno shutdown\n#exit\ncontext srp\n"
	         "interface own\nip address 192.0.2.1 255.255.255.0\ndescription mine\n#exit\n"
	         "service-redundancy-protocol\nchassis-mode primary\npriority 1\npeer-ip-address 192.0.2.2\n"
	         "checkpoint session duration 30\nmonitor bfd context srp 192.0.2.2 chassis-to-chassis\n"
	         "bind address 192.0.2.1\n#exit\nrouter bgp 65001\nneighbor 10.0.0.1 remote-as 65002\n#exit\n#exit\n");
	assert_string_equal(pair_lines(r, 1000),
	                    "=context srp: service-redundancy-protocol\n"
	                    "=context srp: service-redundancy-protocol: checkpoint session duration 30\n");
}

static void
a_line_that_says_the_default_is_as_good_as_none(void **state)
{
	struct rig *r = *state;

	loads(r,
	      "context srp\nservice-redundancy-protocol\nhello-interval 10\ndead-interval 30\n"
	      "checkpoint session nack macro max-response 3\nno checkpoint session periodic-interval\n#exit\n#exit\n");
	assert_string_equal(pair_lines(r, 1000),
	                    "=context srp: service-redundancy-protocol\n"
	                    "=context srp: service-redundancy-protocol: checkpoint session nack macro\n"
	                    "=context srp: service-redundancy-protocol: no checkpoint session periodic-interval\n");
}

static void
a_duration_of_one_kind_is_never_the_default_because_the_general_one_counts_without_it(void **state)
{
	struct rig *r = *state;

	loads(r, "context srp\nservice-redundancy-protocol\ncheckpoint session duration 60\n"
	         "checkpoint session duration ims-session 60\ncheckpoint session duration non-ims-session "
	         "60\n#exit\n#exit\n");
	assert_string_equal(
	    pair_lines(r, 1000),
	    "=context srp: service-redundancy-protocol\n"
	    "=context srp: service-redundancy-protocol: checkpoint session duration ims-session 60\n"
	    "=context srp: service-redundancy-protocol: checkpoint session duration non-ims-session 60\n");
}

static void
busyout_lines_are_a_sequence(void **state)
{
	struct rig *r = *state;

	loads(r, "context isp\nbusyout ip pool name z\nbusyout ip pool name a\n#exit\n");
	assert_string_equal(pair_lines(r, 1000), "#context isp: busyout ip pool name z\n"
	                                         "#context isp: busyout ip pool name a\n");
}

static void
a_sealed_secret_stands_between_marks(void **state)
{
	struct rig *r = *state;

	loads(r, "context isp\nradius server 10.0.0.9 encrypted key 01abd002c82b4a2c port 1645\n#exit\n");
	assert_string_equal(pair_lines(r, 1000), "=context isp: radius server 10.0.0.9 encrypted key \x1e"
	                                         "01abd002c82b4a2c\x1e port 1645\n");
}

static void
slices_give_the_same_lines_and_a_change_between_them_is_noticed(void **state)
{
	char *file = rig_file("configs/lab-a.cfg"), *whole;
	struct rig *r = *state;
	struct cfg_pair p;

	loads(r, file);
	whole = strdup(pair_lines(r, 1000));
	assert_string_equal(pair_lines(r, 1), whole);
	rig_clear(r);
	cfg_pair_init(&p, cli_running(r->cli));
	assert_int_equal(cfg_pair_step(&p, &r->out, 2), ERR_SHORT);
	loads(r, "context isp\nip pool w 10.99.0.0 255.255.0.0\n#exit\n");
	assert_int_equal(cfg_pair_step(&p, &r->out, 2), ERR_REFUSED);
	free(whole);
	free(file);
}

static void
the_two_lab_configurations_are_the_same_for_the_pair(void **state)
{
	char *a = rig_file("configs/lab-a.cfg"), *b = rig_file("configs/lab-b.cfg"), *of_a;
	struct rig *r = *state, *other = rig_new(CLI_ADMINISTRATOR);

	loads(r, a);
	loads(other, b);
	of_a = strdup(pair_lines(r, 1000));
	assert_true(strlen(of_a) > 200);
	assert_string_equal(pair_lines(other, 1000), of_a);
	rig_free(other);
	free(of_a);
	free(a);
	free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_decides_how_calls_live_belongs_to_the_pair, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_of_one_chassis_is_left_out, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_line_that_says_the_default_is_as_good_as_none, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        a_duration_of_one_kind_is_never_the_default_because_the_general_one_counts_without_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(busyout_lines_are_a_sequence, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_sealed_secret_stands_between_marks, setup, teardown),
	    cmocka_unit_test_setup_teardown(slices_give_the_same_lines_and_a_change_between_them_is_noticed, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(the_two_lab_configurations_are_the_same_for_the_pair, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
