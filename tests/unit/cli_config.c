/* cli_config.c - the configuration tree: printing, loading, rules, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

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

static struct cfg *
running(struct rig *r)
{
	return cli_running(r->cli);
}

static void
loads_clean(struct rig *r, const char *text)
{
	if (rig_load(r, running(r), text, strlen(text)) != 0)
		fail_msg("line %u: %s", r->refused_line, r->refused);
}

static void
prints_as(struct rig *r, const struct cfg *cfg, const char *text)
{
	char *printed = rig_print(cfg);

	(void)r;
	assert_string_equal(printed, text);
	free(printed);
}

static void
the_labs_files_are_in_normal_form(void **state)
{
	static const char *const names[] = {"configs/lab-a.cfg", "configs/lab-b.cfg"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct rig *r = rig_new(CLI_ADMINISTRATOR);
		char *text = rig_file(names[i]);

		loads_clean(r, text);
		prints_as(r, running(r), text);
		assert_int_equal(r->changes, 1);
		free(text);
		rig_free(r);
	}
}

static void
show_configuration_srp_leaves_the_rest_out(void **state)
{
	struct rig *r = *state;

	loads_clean(r,
	            "system hostname h\ncontext a\ninterface lo loopback\nip address 10.0.0.1/32 srp-activate\n#exit\n"
	            "interface plain\nip address 10.0.0.2/24\n#exit\nip pool p 10.1.0.0/16 static srp-activate\n"
	            "ip pool q 10.2.0.0/16 private 1\nggsn-service g1\nbind address 10.0.0.1\n#exit\nggsn-service g2\n"
	            "bind address 10.0.0.2\n#exit\n#exit\ncontext b\n#exit\ncontext s\nservice-redundancy-protocol\n"
	            "priority 3\n#exit\n#exit\nport ethernet 1/1\n#exit\n");
	assert_string_equal(rig_type(r, "show configuration srp"),
	                    "config\n  context a\n    interface lo loopback\n"
	                    "      ip address 10.0.0.1 255.255.255.255 srp-activate\n    #exit\n"
	                    "    ip pool p 10.1.0.0 255.255.0.0 static srp-activate\n    ggsn-service g1\n"
	                    "      bind address 10.0.0.1\n    #exit\n  #exit\n  context s\n"
	                    "    service-redundancy-protocol\n      priority 3\n    #exit\n  #exit\nend\n");
	assert_string_equal(rig_type(r, "show configuration context b"), "config\n  context b\n  #exit\nend\n");
	assert_string_equal(rig_type(r, "show configuration context c"), "Failure: context c does not exist\n");
}

static void
secrets_are_kept_and_printed_sealed(void **state)
{
	struct rig *r = *state;
	char *printed;

	loads_clean(r, "context a\nradius server 10.0.0.9 key hush port 1812\n");
	printed = rig_print(running(r));
	assert_null(strstr(printed, "hush"));
	assert_non_null(strstr(printed, "    radius server 10.0.0.9 encrypted key +B"));
	assert_non_null(strstr(printed, " port 1812\n"));
	loads_clean(r, printed);
	prints_as(r, running(r), printed);
	free(printed);
}

static void
no_and_default_remove_and_only_no_shutdown_is_kept(void **state)
{
	struct rig *r = *state;

	loads_clean(
	    r, "context a\nservice-redundancy-protocol\npriority 7\nhello-interval 9\nno priority\n"
	       "default hello-interval\ndefault dead-interval\nno bind address\n#exit\nip pool p 10.0.0.0/8\n"
	       "no ip pool p\n#exit\nport ethernet 1/2\nshutdown\nno shutdown\n#exit\nport ethernet 1/3\nno shutdown\n"
	       "default shutdown\n");
	prints_as(r, running(r),
	          "config\n  context a\n    service-redundancy-protocol\n    #exit\n  #exit\n  port ethernet 1/2\n"
	          "    no shutdown\n  #exit\n  port ethernet 1/3\n  #exit\nend\n");
	rig_type(r, "configure");
	assert_string_equal(rig_type(r, "no port ethernet 1/9"), "Failure: port ethernet 1/9 does not exist\n");
	assert_string_equal(rig_type(r, "no port ethernet 1/2"), "");
	assert_string_equal(rig_type(r, "no context a -noconfirm"), "");
	assert_int_equal(cfg_lines(running(r)), 1);
}

static void
getters_give_values_and_defaults(void **state)
{
	struct rig *r = *state;
	const struct cfg_node *a, *srp;
	struct addr addr;
	char text[ADDR_TEXT_MAX];

	loads_clean(r, "context a\nservice-redundancy-protocol\nhello-interval 2\nbind address 2001:DB8::1\n");
	a = cfg_find(running(r), cfg_root(running(r)), CLI_ROW_CONTEXT, "a");
	srp = cfg_first(running(r), a, SRP_ROW_BLOCK);
	assert_int_equal(cfg_leaf_uint(running(r), srp, SRP_ROW_HELLO), 2);
	assert_int_equal(cfg_leaf_uint(running(r), srp, SRP_ROW_DEAD), 30);
	assert_string_equal(cfg_leaf_str(running(r), srp, SRP_ROW_CHASSIS_MODE), "backup");
	assert_true(cfg_leaf_addr(running(r), srp, SRP_ROW_BIND, &addr));
	assert_string_equal(addr_text(&addr, text), "2001:db8::1");
	assert_false(cfg_leaf_addr(running(r), srp, SRP_ROW_PEER, &addr));
	assert_null(cfg_next(running(r), srp));
}

static void
dead_interval_below_three_hellos_is_refused_when_the_mode_is_left(void **state)
{
	struct rig *r = *state;
	const struct cfg_node *srp;
	unsigned changes;

	loads_clean(r, "context a\nservice-redundancy-protocol\nhello-interval 5\ndead-interval 15\n");
	rig_type(r, "configure");
	rig_type(r, "context a");
	rig_type(r, "service-redundancy-protocol");
	changes = r->changes;
	assert_string_equal(rig_type(r, "hello-interval 20"), "");
	srp = cfg_first(running(r), cfg_find(running(r), cfg_root(running(r)), CLI_ROW_CONTEXT, "a"), SRP_ROW_BLOCK);
	assert_int_equal(cfg_leaf_uint(running(r), srp, SRP_ROW_HELLO), 5);
	assert_int_equal(r->changes, changes);
	assert_string_equal(rig_type(r, "priority 9"), "");
	prints_as(r, running(r),
	          "config\n  context a\n    service-redundancy-protocol\n      hello-interval 5\n"
	          "      dead-interval 15\n    #exit\n  #exit\nend\n");
	assert_string_equal(rig_type(r, "exit"),
	                    "Failure: dead-interval 15 must be at least three times hello-interval 20; "
	                    "what was in force before stays\n");
	assert_true(r->last.has_failed);
	/* only what the rule is about goes back; another line of the block counts, and is told */
	prints_as(r, running(r),
	          "config\n  context a\n    service-redundancy-protocol\n      priority 9\n"
	          "      hello-interval 5\n      dead-interval 15\n    #exit\n  #exit\nend\n");
	assert_int_equal(r->changes, changes + 1);
	rig_type(r, "service-redundancy-protocol");
	rig_type(r, "hello-interval 20");
	assert_string_equal(rig_type(r, "dead-interval 60"), "");
	assert_int_equal(cfg_leaf_uint(running(r), srp, SRP_ROW_HELLO), 20);
	assert_int_equal(r->changes, changes + 2);
	rig_type(r, "dead-interval 59");
	assert_memory_equal(rig_type(r, "end"), "Failure: dead-interval 59", 25);
	assert_int_equal(cfg_leaf_uint(running(r), srp, SRP_ROW_DEAD), 60);
	assert_string_equal(rig_prompt(r), "[local]starling# ");
}

/* Every way in which the two lines can come to disagree: what is in force, the line that breaks it, both numbers. */
static void
each_change_of_either_interval_is_held_against_the_other(void **state)
{
	static const struct {
		const char *before, *change, *dead, *hello;
	} cases[] = {
	    {"hello-interval 5\ndead-interval 15\n", "hello-interval 6", "dead-interval 15", "hello-interval 6"},
	    {"hello-interval 5\ndead-interval 15\n", "dead-interval 14", "dead-interval 14", "hello-interval 5"},
	    {"hello-interval 5\ndead-interval 15\n", "no hello-interval", "dead-interval 15", "hello-interval 10"},
	    {"hello-interval 5\ndead-interval 15\n", "default hello-interval", "dead-interval 15", "hello-interval 10"},
	    {"hello-interval 20\ndead-interval 60\n", "no dead-interval", "dead-interval 30", "hello-interval 20"},
	    {"hello-interval 20\ndead-interval 60\n", "default dead-interval", "dead-interval 30", "hello-interval 20"},
	    {"", "hello-interval 11", "dead-interval 30", "hello-interval 11"},
	    {"", "dead-interval 29", "dead-interval 29", "hello-interval 10"},
	    {"", "dead-interval milliseconds 2999", "dead-interval milliseconds 2999", "hello-interval 10"},
	    {"hello-interval milliseconds 20\ndead-interval milliseconds 60\n", "hello-interval milliseconds 21",
	     "dead-interval milliseconds 60", "hello-interval milliseconds 21"},
	    {"hello-interval milliseconds 21\ndead-interval milliseconds 63\n", "dead-interval milliseconds 62",
	     "dead-interval milliseconds 62", "hello-interval milliseconds 21"},
	    {"hello-interval milliseconds 20\ndead-interval milliseconds 60\n", "hello-interval 1",
	     "dead-interval milliseconds 60", "hello-interval 1"},
	    {"hello-interval milliseconds 20\ndead-interval milliseconds 60\n", "default hello-interval",
	     "dead-interval milliseconds 60", "hello-interval 10"},
	    {"hello-interval milliseconds 999\ndead-interval 3\n", "dead-interval milliseconds 2996",
	     "dead-interval milliseconds 2996", "hello-interval milliseconds 999"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int is_file = 0; is_file < 2; is_file++) {
			struct rig *r = rig_new(CLI_ADMINISTRATOR);
			char text[400], sentence[300], *before, *after;

			snprintf(text, sizeof text, "context a\nservice-redundancy-protocol\n%s", cases[i].before);
			loads_clean(r, text);
			before = rig_print(running(r));
			snprintf(sentence, sizeof sentence,
			         "Failure: %s must be at least three times %s; what was in force before stays\n",
			         cases[i].dead, cases[i].hello);
			if (is_file) {
				snprintf(text, sizeof text, "context a\nservice-redundancy-protocol\n%s\n",
				         cases[i].change);
				assert_int_equal(rig_load(r, running(r), text, strlen(text)), 1);
				assert_memory_equal(r->refused, sentence, strlen(sentence) - 1);
			} else {
				rig_type(r, "configure");
				rig_type(r, "context a");
				rig_type(r, "service-redundancy-protocol");
				assert_string_equal(rig_type(r, cases[i].change), "");
				assert_string_equal(rig_type(r, "exit"), sentence);
			}
			after = rig_print(running(r));
			assert_string_equal(after, before);
			free(before);
			free(after);
			rig_free(r);
		}
	}
}

static void
intervals_are_of_seconds_or_milliseconds_and_the_last_form_counts(void **state)
{
	struct rig *r = *state;
	const struct cfg_node *srp;

	loads_clean(r, "context a\nservice-redundancy-protocol\nhello-interval milliseconds 20\n"
	               "dead-interval milliseconds 60\n");
	srp = cfg_first(running(r), cfg_find(running(r), cfg_root(running(r)), CLI_ROW_CONTEXT, "a"), SRP_ROW_BLOCK);
	assert_int_equal(srp_interval_ms(running(r), srp, SRP_ROW_HELLO), 20);
	assert_int_equal(srp_interval_ms(running(r), srp, SRP_ROW_DEAD), 60);
	prints_as(r, running(r),
	          "config\n  context a\n    service-redundancy-protocol\n      hello-interval milliseconds 20\n"
	          "      dead-interval milliseconds 60\n    #exit\n  #exit\nend\n");
	loads_clean(r, "context a\nservice-redundancy-protocol\ndead-interval 3\nhello-interval milliseconds 999\n");
	assert_int_equal(srp_interval_ms(running(r), srp, SRP_ROW_HELLO), 999);
	assert_int_equal(srp_interval_ms(running(r), srp, SRP_ROW_DEAD), 3000);
	loads_clean(r, "context a\nservice-redundancy-protocol\nhello-interval 1\n");
	assert_int_equal(srp_interval_ms(running(r), srp, SRP_ROW_HELLO), 1000);
	loads_clean(r, "context a\nservice-redundancy-protocol\nno dead-interval\nno hello-interval\n");
	assert_int_equal(srp_interval_ms(running(r), srp, SRP_ROW_HELLO), 10000);
	assert_int_equal(srp_interval_ms(running(r), srp, SRP_ROW_DEAD), 30000);
}

static void
each_code_of_dscp_marking_is_its_value_of_the_rfcs(void **state)
{
	static const struct {
		const char *code;
		uint8_t value;
	} codes[] = {
	    {"af11", 10}, {"af12", 12}, {"af13", 14}, {"af21", 18}, {"af22", 20}, {"af23", 22}, {"af31", 26},
	    {"af32", 28}, {"af33", 30}, {"af41", 34}, {"af42", 36}, {"af43", 38}, {"be", 0},    {"cs1", 8},
	    {"cs2", 16},  {"cs3", 24},  {"cs4", 32},  {"cs5", 40},  {"cs6", 48},  {"cs7", 56},  {"ef", 46},
	};
	size_t n = 0;

	(void)state;
	while (dscp_codes[n].name)
		n++;
	assert_int_equal(n, sizeof codes / sizeof codes[0]);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(srp_dscp_value(codes[i].code), codes[i].value);
}

/* Bounds and defaults of the reference, sections 2.2 and 2.3. */
static void
the_numbers_of_the_redundancy_link_have_the_bounds_of_the_reference(void **state)
{
	static const struct {
		uint16_t row;
		const char *keyword;
		unsigned min, max, otherwise;
	} rows[] = {
	    {SRP_ROW_DELTA_ROUTE_MODIFIER, "delta-route-modifier", 1, 16, 1},
	    {SRP_ROW_CONFIGURATION_INTERVAL, "configuration-interval", 1, 65535, 3600},
	    {SRP_ROW_INTERNAL_RETRIES, "num-internal-switchover-retry", 0, 10, 3},
	    {SRP_ROW_INTERNAL_RETRY, "internal-switchover-retry-interval", 5, 30, 15},
	};
	struct rig *r = *state;
	const struct cfg_node *srp;
	char line[100], said[200];

	rig_type(r, "configure");
	rig_type(r, "context a -noconfirm");
	rig_type(r, "service-redundancy-protocol");
	srp = cfg_first(running(r), cfg_find(running(r), cfg_root(running(r)), CLI_ROW_CONTEXT, "a"), SRP_ROW_BLOCK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const unsigned good[] = {rows[i].min, rows[i].max};

		assert_int_equal(cfg_leaf_uint(running(r), srp, rows[i].row), rows[i].otherwise);
		for (unsigned k = 0; k < 2; k++) {
			snprintf(line, sizeof line, "%s %u", rows[i].keyword, good[k]);
			assert_string_equal(rig_type(r, line), "");
			assert_int_equal(cfg_leaf_uint(running(r), srp, rows[i].row), good[k]);
		}
		snprintf(line, sizeof line, "%s %u", rows[i].keyword, rows[i].max + 1);
		snprintf(said, sizeof said, "Failure: %s must be in the range %u to %u\n", line, rows[i].min,
		         rows[i].max);
		assert_string_equal(rig_type(r, line), said);
		snprintf(line, sizeof line, "%s %s", i % 2 ? "no" : "default", rows[i].keyword);
		assert_string_equal(rig_type(r, line), "");
		assert_int_equal(cfg_leaf_uint(running(r), srp, rows[i].row), rows[i].otherwise);
	}
	assert_string_equal(rig_type(r, "handle-interim-resource-msg"), "");
	assert_non_null(cfg_first(running(r), srp, SRP_ROW_INTERIM_RESOURCE));
	assert_string_equal(rig_type(r, "default handle-interim-resource-msg"), "");
	assert_null(cfg_first(running(r), srp, SRP_ROW_INTERIM_RESOURCE));
}

static void
early_transition_needs_what_it_stands_on_as_long_as_it_is_there(void **state)
{
	static const char needs[] = "Failure: switchover allow-early-active-transition needs switchover "
	                            "allow-all-data-traffic, or allow-volte-data-traffic without maintain-accounting\n";
	struct rig *r = *state;

	loads_clean(r, "context a\nservice-redundancy-protocol\n");
	rig_type(r, "configure");
	rig_type(r, "context a");
	rig_type(r, "service-redundancy-protocol");
	assert_string_equal(rig_type(r, "switchover allow-early-active-transition"), needs);
	rig_type(r, "switchover allow-volte-data-traffic maintain-accounting");
	assert_string_equal(rig_type(r, "switchover allow-early-active-transition"), needs);
	assert_string_equal(rig_type(r, "switchover allow-volte-data-traffic"), "");
	assert_string_equal(rig_type(r, "switchover allow-early-active-transition"), "");
	assert_string_equal(rig_type(r, "switchover allow-volte-data-traffic maintain-accounting"), needs);
	assert_string_equal(rig_type(r, "no switchover allow-volte-data-traffic"), needs);
	assert_string_equal(rig_type(r, "default switchover allow-volte-data-traffic"), needs);
	assert_string_equal(rig_type(r, "no switchover allow-all-data-traffic"), ""); /* not there */
	assert_string_equal(rig_type(r, "switchover allow-all-data-traffic"), "");
	assert_string_equal(rig_type(r, "no switchover allow-volte-data-traffic"), "");
	assert_string_equal(rig_type(r, "no switchover allow-all-data-traffic"), needs);
	assert_string_equal(rig_type(r, "no switchover allow-early-active-transition"), "");
	assert_string_equal(rig_type(r, "no switchover allow-all-data-traffic"), "");
	rig_type(r, "hello-interval 60"); /* not in force yet, as the two lines behind it */
	assert_string_equal(rig_type(r, "switchover allow-all-data-traffic"), "");
	assert_string_equal(rig_type(r, "switchover allow-early-active-transition"), "");
}

static void
the_rule_holds_at_the_end_of_a_file_and_of_a_session(void **state)
{
	struct rig *r = *state;
	static const char file[] =
	    "context a\nservice-redundancy-protocol\nhello-interval 1\ndead-interval 3\nhello-interval 2";

	assert_int_equal(rig_load(r, running(r), file, sizeof file - 1), 1);
	assert_int_equal(r->refused_line, 5);
	assert_non_null(strstr(r->refused, "dead-interval 3 must be at least three times hello-interval 2"));
	prints_as(r, running(r),
	          "config\n  context a\n    service-redundancy-protocol\n      hello-interval 1\n"
	          "      dead-interval 3\n    #exit\n  #exit\nend\n");
	rig_type(r, "configure");
	rig_type(r, "context a");
	rig_type(r, "service-redundancy-protocol");
	rig_type(r, "hello-interval 60");
	cli_session_free(r->s);
	r->s = cli_session_new(r->cli, "next", CLI_ADMINISTRATOR, r->out, NULL, NULL);
	assert_null(strstr(rig_type(r, "show configuration"), "hello-interval 60"));
}

static void
a_refused_interval_in_a_file_takes_no_other_line_of_the_block_with_it(void **state)
{
	struct rig *r = *state;
	static const char file[] = "context a\nservice-redundancy-protocol\nchassis-mode primary\nhello-interval 100\n"
	                           "dead-interval 3\nbind address 192.0.2.1\n";

	assert_int_equal(rig_load(r, running(r), file, sizeof file - 1), 2);
	prints_as(r, running(r),
	          "config\n  context a\n    service-redundancy-protocol\n      chassis-mode primary\n"
	          "      bind address 192.0.2.1\n    #exit\n  #exit\nend\n");
}

static void
a_block_removed_while_a_file_loads_into_it_is_left(void **state)
{
	struct rig *r = *state;
	struct cfg_loader *l = cfg_load_new(r->cli, running(r), rig_load_error, r);

	cfg_load_line(l, "context a", 9);
	cfg_load_line(l, "interface i", 11);
	rig_type(r, "configure");
	rig_type(r, "no context a -noconfirm");
	cfg_load_line(l, "ip address 1.2.3.4/8", 20);
	assert_int_equal(r->refused_line, 3);
	cfg_load_line(l, "system hostname h", 17);
	assert_int_equal(cfg_load_end(l), 1);
	prints_as(r, running(r), "config\n  system hostname h\nend\n");
}

static void
one_chassis_has_one_redundancy_link(void **state)
{
	struct rig *r = *state;
	static const char file[] =
	    "context a\nservice-redundancy-protocol\n#exit\n#exit\ncontext b\nservice-redundancy-protocol\n";

	assert_int_equal(rig_load(r, running(r), file, sizeof file - 1), 1);
	assert_string_equal(r->refused, "Failure: service-redundancy-protocol is already in context a");
}

static void
what_the_gateway_cannot_serve_any_more_is_refused(void **state)
{
	struct rig *r = *state;
	char line[40];

	rig_type(r, "configure");
	for (unsigned i = 0; i < GATEWAY_SERVICES_MAX; i++) {
		rig_type(r, i % 2 ? "context odd -noconfirm" : "context even -noconfirm");
		snprintf(line, sizeof line, "ggsn-service g%u", i);
		assert_string_equal(rig_type(r, line), "");
		rig_type(r, "exit");
		rig_type(r, "exit");
	}
	rig_type(r, "context odd");
	assert_string_equal(rig_type(r, "ggsn-service more"),
	                    "Failure: there are 16 of them already, which is the maximum\n");
	assert_string_equal(rig_type(r, "ggsn-service g1"), "");
	rig_type(r, "exit");
	rig_type(r, "no ggsn-service g1");
	assert_string_equal(rig_type(r, "ggsn-service more"), "");
}

static void
refused_lines_are_told_with_their_number_and_change_nothing(void **state)
{
	struct rig *r = *state;
	static const char *const bad[] = {
	    "frobnicate",        "show version",           "context",
	    "context a b",       "system hostname \"a",    "boot system priority 1 image /flash/a config /flash/b",
	    "port ethernet 0/1", "port ethernet 1-1",      "\x7f\x45LF",
	    "exit now",          "configure /flash/x.cfg",
	};

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[200];
		int n = snprintf(text, sizeof text, "\n# remark\n%s\n", bad[i]);

		assert_int_equal(rig_load(r, running(r), text, (size_t)n), 1);
		assert_int_equal(r->refused_line, 3);
		assert_int_equal(cfg_lines(running(r)), 0);
	}
	assert_int_equal(r->changes, 0);
}

static void
binary_rubbish_ends_in_errors_and_the_rest_still_loads(void **state)
{
	struct rig *r = *state;
	struct rng rng = {.state = 7};
	char rubbish[20000];

	for (unsigned i = 0; i < sizeof rubbish; i++)
		rubbish[i] = (char)rng_next(&rng);
	assert_true(rig_load(r, running(r), rubbish, sizeof rubbish) > 0);
	memset(rubbish, 'x', sizeof rubbish);
	assert_int_equal(rig_load(r, running(r), rubbish, sizeof rubbish), 1);
	assert_string_equal(r->refused, "Failure: the line is longer than 4000 characters");
	loads_clean(r, "exit\nexit\nsystem hostname still\nend\n");
	assert_string_equal(cli_hostname(r->cli), "still");
}

static void
a_full_tree_refuses_and_stays_as_it_is(void **state)
{
	struct rig *r = *state;
	struct cfg *cfg = cfg_new(r->cli, 10, 12000);
	char text[1000] = "";
	char *before, *after;

	for (unsigned i = 0; i < 10; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "context c%u\n#exit\n", i);
	assert_int_equal(rig_load(r, cfg, text, strlen(text)), 0);
	before = rig_print(cfg);
	assert_int_equal(rig_load(r, cfg, "context more\n", 13), 1);
	assert_non_null(strstr(r->refused, "the configuration is full"));
	assert_int_equal(rig_load(r, cfg, "context c1\nservice-redundancy-protocol\n", 39), 1);
	after = rig_print(cfg);
	assert_string_equal(before, after);
	free(before);
	free(after);
	cfg_free(cfg);
}

static void
values_are_gathered_when_the_text_runs_out(void **state)
{
	struct rig *r = *state;
	struct cfg *cfg = cfg_new(r->cli, 10, 400);
	char line[100];

	for (unsigned i = 0; i < 1000; i++) {
		int n = snprintf(line, sizeof line, "system hostname h%u-abcdefghijklmnopqrstuvwxyz\n", i);

		assert_int_equal(rig_load(r, cfg, line, (size_t)n), 0);
	}
	prints_as(r, cfg, "config\n  system hostname h999-abcdefghijklmnopqrstuvwxyz\nend\n");
	cfg_free(cfg);
}

static void
a_swapped_tree_is_in_force_and_sessions_stand_at_its_top(void **state)
{
	struct rig *r = *state;
	struct cfg *cfg = cfg_new(r->cli, 100, 10000);
	uint64_t generation;

	rig_type(r, "configure");
	rig_type(r, "context a -noconfirm");
	rig_type(r, "interface i");
	rig_load(r, cfg, "system hostname other\n", 22);
	generation = cfg_generation(running(r));
	r->changes = 0;
	cli_swap(r->cli, cfg);
	assert_int_equal(r->changes, 1);
	assert_true(cfg_generation(running(r)) > generation);
	rig_type(r, "");
	rig_type(r, "autoconfirm");
	assert_string_equal(rig_prompt(r), "[local]other(config)# ");
	prints_as(r, running(r), "config\n  system hostname other\n  autoconfirm\nend\n");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(the_labs_files_are_in_normal_form),
	    T(show_configuration_srp_leaves_the_rest_out),
	    T(secrets_are_kept_and_printed_sealed),
	    T(no_and_default_remove_and_only_no_shutdown_is_kept),
	    T(getters_give_values_and_defaults),
	    T(dead_interval_below_three_hellos_is_refused_when_the_mode_is_left),
	    T(early_transition_needs_what_it_stands_on_as_long_as_it_is_there),
	    T(each_change_of_either_interval_is_held_against_the_other),
	    T(intervals_are_of_seconds_or_milliseconds_and_the_last_form_counts),
	    T(each_code_of_dscp_marking_is_its_value_of_the_rfcs),
	    T(the_numbers_of_the_redundancy_link_have_the_bounds_of_the_reference),
	    T(the_rule_holds_at_the_end_of_a_file_and_of_a_session),
	    T(a_refused_interval_in_a_file_takes_no_other_line_of_the_block_with_it),
	    T(a_block_removed_while_a_file_loads_into_it_is_left),
	    T(one_chassis_has_one_redundancy_link),
	    T(what_the_gateway_cannot_serve_any_more_is_refused),
	    T(refused_lines_are_told_with_their_number_and_change_nothing),
	    T(binary_rubbish_ends_in_errors_and_the_rest_still_loads),
	    T(a_full_tree_refuses_and_stays_as_it_is),
	    T(values_are_gathered_when_the_text_runs_out),
	    T(a_swapped_tree_is_in_force_and_sessions_stand_at_its_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
