/* Claims about licensed rows: without the feature their words are nowhere, with it they are everywhere at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/cli_rig.h"

/* A key is the word all, icsr or base; any other is refused. */
static enum err
rig_license(void *app, const char *key, uint32_t *features, struct text *why)
{
	(void)app;
	if (key == NULL || strcmp(key, "base") == 0) {
		*features = 0;
	} else if (strcmp(key, "icsr") == 0) {
		*features = CLI_FEATURE_ICSR;
	} else if (strcmp(key, "all") == 0) {
		*features = CLI_FEATURES_ALL;
	} else {
		if (why != NULL)
			text_put(why, "this is not a license key");
		return ERR_REFUSED;
	}
	return ERR_OK;
}

static int
setup(void **state)
{
	struct rig *r = rig_new(CLI_ADMINISTRATOR);

	r->cli->setup.hooks.license = rig_license;
	cli_features_settle(r->cli, cli_running(r->cli));
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static void
enter_context(struct rig *r)
{
	rig_type(r, "configure");
	rig_type(r, "context srp -noconfirm");
}

static void
without_the_license_the_words_are_unknown(void **state)
{
	struct rig *r = *state;

	assert_string_equal(rig_type(r, "show srp info"), "Unknown command - \"srp\", unrecognized keyword\n");
	assert_string_equal(rig_tab(r, "show sr"), "");
	assert_null(strstr(rig_help(r, ""), "srp"));
	assert_null(strstr(rig_help(r, "show "), "srp "));
	enter_context(r);
	assert_string_equal(rig_type(r, "service-redundancy-protocol"),
	                    "Unknown command - \"service-redundancy-protocol\", unrecognized keyword\n");
	assert_string_equal(rig_tab(r, "service-"), "");
	assert_string_equal(rig_tab(r, "no service-"), "");
}

static void
session_recovery_is_a_feature_of_its_own(void **state)
{
	struct rig *r = *state;
	char *printed;

	rig_type(r, "configure");
	assert_string_equal(rig_type(r, "require session recovery"),
	                    "Unknown command - \"require\", unrecognized keyword\n");
	rig_type(r, "license key icsr");
	assert_string_equal(rig_tab(r, "no requ"), "");
	assert_null(strstr(rig_help(r, ""), "require"));
	rig_type(r, "license key all");
	assert_non_null(strstr(rig_help(r, "require session "), "recovery"));
	assert_string_equal(rig_tab(r, "no require sess"), "session\n");
	assert_string_equal(rig_type(r, "require session recovery"), "");
	/* what is configured stays when the key goes, and is printed */
	rig_type(r, "no license key");
	printed = rig_print(cli_running(r->cli));
	assert_non_null(strstr(printed, "require session recovery"));
	free(printed);
}

static void
a_key_opens_its_features_before_the_next_line(void **state)
{
	static const char text[] = "config\n"
	                           "  license key icsr\n"
	                           "  context srp\n"
	                           "    service-redundancy-protocol\n"
	                           "      priority 9\n"
	                           "    #exit\n"
	                           "  #exit\n"
	                           "end\n";
	struct rig *r = *state;
	char *printed;

	assert_int_equal(rig_load(r, cli_running(r->cli), text, sizeof text - 1), 0);
	printed = rig_print(cli_running(r->cli));
	assert_string_equal(printed, text);
	free(printed);
	rig_type(r, "configure");
	rig_type(r, "context srp");
	assert_string_equal(rig_type(r, "service-redundancy-protocol"), "");
	assert_string_equal(rig_tab(r, "switchover "), ""); /* another feature */
	rig_type(r, "exit");
	rig_type(r, "exit");
	assert_string_equal(rig_type(r, "license key all"), "");
	rig_type(r, "context srp");
	rig_type(r, "service-redundancy-protocol");
	assert_non_null(strstr(rig_tab(r, "switchover "), "allow-all-data-traffic\n"));
}

static void
a_bad_key_changes_nothing(void **state)
{
	struct rig *r = *state;

	rig_type(r, "configure");
	rig_type(r, "license key all");
	assert_string_equal(rig_type(r, "license key rubbish"), "Failure: this is not a license key\n");
	assert_string_equal(cfg_leaf_str(cli_running(r->cli), cfg_root(cli_running(r->cli)), CLI_ROW_LICENSE), "all");
	rig_type(r, "context srp -noconfirm");
	assert_string_equal(rig_tab(r, "service-"), "service-redundancy-protocol\n");
}

static void
what_is_configured_stays_when_the_key_goes(void **state)
{
	struct rig *r = *state;
	char *printed;

	rig_type(r, "configure");
	rig_type(r, "license key all");
	rig_type(r, "context srp -noconfirm");
	rig_type(r, "service-redundancy-protocol");
	rig_type(r, "end");
	rig_type(r, "configure");
	assert_string_equal(rig_type(r, "no license key"), "");
	rig_type(r, "context srp");
	assert_string_equal(rig_tab(r, "service-"), "");
	printed = rig_print(cli_running(r->cli));
	assert_non_null(strstr(printed, "    service-redundancy-protocol\n"));
	assert_null(strstr(printed, "license"));
	free(printed);
}

static void
a_swapped_tree_brings_its_own_key(void **state)
{
	static const char text[] = "license key all\n";
	struct rig *r = *state;
	struct cfg *fresh = cfg_new(r->cli, 100, 10000);

	assert_int_equal(rig_load(r, fresh, text, sizeof text - 1), 0);
	cli_features_settle(r->cli, cli_running(r->cli)); /* as if it were thrown away */
	assert_string_equal(rig_tab(r, "show sr"), "");
	cli_swap(r->cli, fresh);
	assert_string_equal(rig_tab(r, "show sr"), "srp\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(without_the_license_the_words_are_unknown),     T(session_recovery_is_a_feature_of_its_own),
	    T(a_key_opens_its_features_before_the_next_line), T(a_bad_key_changes_nothing),
	    T(what_is_configured_stays_when_the_key_goes),    T(a_swapped_tree_brings_its_own_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
