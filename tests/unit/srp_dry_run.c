/* srp_dry_run.c - claims about the switchover that is only tried out. */
#include "srp/srp_dry_run.h"
#include "tests/unit/srp_engine.h"

static struct srp_dry_run
dry(const struct srp *live, struct srp_event ev)
{
	struct srp before = *live;
	struct srp_dry_run got;

	srp_dry_run(live, &ev, &got);
	assert_memory_equal(&before, live, sizeof before);
	return got;
}

/* The steps of one side as "Active>Preparing>...". */
static const char *
path(const struct srp_dry_run *d, bool is_peer)
{
	static char text[256];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < d->step_count; i++) {
		const struct srp_dry_step *s = &d->steps[i];

		if (s->is_peer != is_peer)
			continue;
		assert_string_not_equal(srp_row_reason(s->row), "?");
		if (n == 0)
			n = (size_t)snprintf(text, sizeof text, "%s", srp_inner_text(s->from_inner));
		n += (size_t)snprintf(text + n, sizeof text - n, ">%s", srp_inner_text(s->to_inner));
	}
	return text;
}

static void
healthy_pair_would_switch_through_every_state(void **state)
{
	struct srp e = active();
	struct srp_dry_run d = dry(&e, (struct srp_event){.is_dry_run = true});

	(void)state;
	assert_true(d.would_switch);
	assert_int_equal(d.answer, SRP_ANSWER_OK);
	assert_string_equal(path(&d, false), "Active>Preparing>Giving>Flushing>Handing>Standby");
	assert_string_equal(path(&d, true), "Standby>Taking>Active");
}

static void
agreed_early_transition_is_seen(void **state)
{
	struct srp e = active();
	struct srp_dry_run d;

	(void)state;
	e.config.options = e.peer.options = SRP_OPT_ALLOW_ALL | SRP_OPT_EARLY;
	d = dry(&e, (struct srp_event){0});
	assert_true(d.would_switch);
	assert_string_equal(path(&d, false), "Active>Preparing>Giving>HandingFlush>Handing>Standby");
}

static void
refusals_of_this_chassis_are_those_of_the_switchover(void **state)
{
	struct srp e = active();
	struct srp_dry_run d = dry(&e, (struct srp_event){.not_connected = 3});

	(void)state;
	assert_false(d.would_switch);
	assert_int_equal(d.answer, SRP_ANSWER_NOT_CONNECTED);
	assert_int_equal(d.count, 3);
	assert_int_equal(d.step_count, 0);
	assert_true(dry(&e, (struct srp_event){.not_connected = 3, .is_forced = true}).would_switch);
	d = dry(&e, (struct srp_event){.config_differs = 2});
	assert_int_equal(d.answer, SRP_ANSWER_CONFIG_DIFFERS);
	assert_int_equal(d.count, 2);
	feed_kind(&e, SRP_EV_LINK_DOWN);
	assert_int_equal(dry(&e, (struct srp_event){0}).answer, SRP_ANSWER_LINK_DOWN);
	e = standby();
	assert_int_equal(dry(&e, (struct srp_event){0}).answer, SRP_ANSWER_NOT_ACTIVE);
	e = active();
	operate(&e, 0, false);
	assert_int_equal(dry(&e, (struct srp_event){0}).answer, SRP_ANSWER_BUSY);
}

static void
refusals_of_the_peer_are_told_by_its_last_hello(void **state)
{
	struct srp e = active();
	struct srp_dry_run d;

	(void)state;
	e.peer.sessmgrs = 4;
	e.peer.sessmgrs_ready = 3;
	d = dry(&e, (struct srp_event){0});
	assert_false(d.would_switch);
	assert_int_equal(d.answer, SRP_ANSWER_PEER_REFUSED);
	assert_int_equal(d.refuse, SRP_REFUSE_NOT_CONNECTED);
	assert_int_equal(d.count, 1);
	assert_string_equal(path(&d, false), "Active>Preparing>Active");
	assert_string_equal(path(&d, true), "");
	e = active();
	e.peer.lineage = 0; /* holds no calls of this incarnation */
	d = dry(&e, (struct srp_event){0});
	assert_int_equal(d.answer, SRP_ANSWER_PEER_REFUSED);
	assert_int_equal(d.refuse, SRP_REFUSE_NOT_PREPARED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(healthy_pair_would_switch_through_every_state),
	    cmocka_unit_test(agreed_early_transition_is_seen),
	    cmocka_unit_test(refusals_of_this_chassis_are_those_of_the_switchover),
	    cmocka_unit_test(refusals_of_the_peer_are_told_by_its_last_hello),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
