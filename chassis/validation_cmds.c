/* validation_cmds.c - srp validate-configuration, srp validate-switchover, and what an unforced switchover asks first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "chassis/config_errors.h"
#include "chassis/validation.h"
#include "srp/srp_ready.h"

/* A command that waits for a comparison; it outlives the operator's session. */
struct asking {
	struct chassis *chassis;
	struct cli_call *call; /* NULL: the operator has gone */
	bool is_switchover;    /* validate-switchover, else validate-configuration */
};

/* --- facts --------------------------------------------------------------------------------------------------- */

/* @finding holds SRP_FINDING_MAX + 1 octets, as long as the facts are used. */
static void
gather(const struct chassis *c, enum validation_result r, char *finding, struct srp_ready_facts *f)
{
	const struct validation *v = c->validation;
	const struct srp_msg *a = &v->answer;
	struct srp_view view;

	srp_link_view(c->srp, &view);
	*f = (struct srp_ready_facts){
	    .state = (uint8_t)srp_state(srp_link_engine(c->srp)),
	    .is_link_up = view.is_link_up && r != VALIDATION_NO_LINK,
	    .has_answer = v->has_answer,
	    .not_connected = tasks_not_connected(c),
	    .is_post_processing = srp_post_is_running(&c->post.engine),
	    .is_compared = r == VALIDATION_COMPARED,
	    .differs = v->found.is_valid ? v->found.count : 0,
	    .compare_error =
	        r == VALIDATION_BROKEN ? v->why : "the peer chassis did not send its configuration in time",
	    .finding = finding,
	    .peer_finding = "",
	};
	f->findings = config_findings((struct chassis *)c, finding, SRP_FINDING_MAX + 1);
	if (!v->has_answer)
		return;
	f->peer_state = a->hello.state;
	if (a->hello.sessmgrs > a->hello.sessmgrs_ready)
		f->peer_not_connected = (uint32_t)(a->hello.sessmgrs - a->hello.sessmgrs_ready);
	f->peer_is_post_processing = a->is_post_processing != 0;
	f->peer_findings = a->findings;
	f->peer_finding = a->finding;
}

/* --- srp validate-switchover ----------------------------------------------------------------------------- */

static void
keep_status(struct validation *v, enum srp_ready ready, const struct srp_ready_facts *f)
{
	v->status_us = clock_now_us();
	srp_ready_status(ready, f, v->status, sizeof v->status);
}

static void
fail_with(struct cli_call *call, enum srp_ready ready, const struct srp_ready_facts *f)
{
	char words[400];
	struct text_fixed fixed;
	struct text out;

	text_fixed_init(&fixed, &out, words, sizeof words);
	srp_ready_put(ready, f, &out);
	(void)cli_fail(call, "%s", words);
}

static bool
tell_switchover(struct validation *v, enum validation_result r, struct cli_call *call)
{
	char finding[SRP_FINDING_MAX + 1];
	struct srp_ready_facts f;
	enum srp_ready ready;

	gather(v->chassis, r, finding, &f);
	ready = srp_ready_decide(&f);
	keep_status(v, ready, &f);
	if (call == NULL)
		return false;
	if (ready == SRP_READY) {
		text_printf(call->out, "%s\n", v->status);
		return true;
	}
	if (ready == SRP_READY_CONFIG_DIFFERS)
		validation_print(v, VALIDATION_SCREEN, call->out);
	fail_with(call, ready, &f);
	return false;
}

/* --- srp validate-configuration -------------------------------------------------------------------------- */

static void
tell_findings(uint32_t n, const char *whose, const char *first, struct text *out)
{
	if (n == 0)
		return;
	text_printf(out, "error on %s chassis: ", whose);
	text_escaped(out, first, strlen(first));
	if (n > 1)
		text_printf(out, " (and %u more, see show configuration errors there)", n - 1);
	text_put(out, "\n");
}

static bool
tell_configuration(struct validation *v, enum validation_result r, struct cli_call *call)
{
	char finding[SRP_FINDING_MAX + 1];
	struct srp_ready_facts f;

	if (call == NULL)
		return false;
	gather(v->chassis, r, finding, &f);
	if (r != VALIDATION_COMPARED) {
		fail_with(call,
		          r == VALIDATION_NO_LINK                      ? SRP_READY_NO_LINK
		          : r == VALIDATION_NO_ANSWER && !f.has_answer ? SRP_READY_NO_ANSWER
		                                                       : SRP_READY_CONFIG_UNKNOWN,
		          &f);
		return false;
	}
	validation_print(v, VALIDATION_LINES_SHOWN, call->out);
	tell_findings(f.findings, "this", f.finding, call->out);
	tell_findings(f.peer_findings, "the peer", f.peer_finding, call->out);
	f.finding = f.peer_finding = ""; /* said */
	if (f.differs > 0)
		fail_with(call, SRP_READY_CONFIG_DIFFERS, &f);
	else if (f.findings > 0)
		fail_with(call, SRP_READY_FINDINGS, &f);
	else if (f.peer_findings > 0)
		fail_with(call, SRP_READY_PEER_FINDINGS, &f);
	else
		text_printf(call->out, "The configurations of both chassis are the same (%u lines compared)\n",
		            v->found.lines);
	return f.differs + f.findings + f.peer_findings == 0;
}

/* --- both ---------------------------------------------------------------------------------------------------- */

static void
validated(void *arg, enum validation_result r)
{
	struct asking *a = arg;
	struct cli_call *call = a->call;
	struct validation *v = a->chassis->validation;
	bool is_ok = a->is_switchover ? tell_switchover(v, r, call) : tell_configuration(v, r, call);

	free(a);
	if (call == NULL)
		return;
	call->data = NULL;
	cli_session_finish(call->session, is_ok);
}

static void
asking_ended(struct cli_call *call)
{
	struct asking *a = call->data;

	if (a != NULL)
		a->call = NULL;
}

/* The comparison may end at once: it is begun when the command is already waiting. */
static void
begin_asking(evutil_socket_t fd, short what, void *arg)
{
	struct asking *a = arg;
	struct chassis *c = a->chassis;

	(void)fd;
	(void)what;
	/* who is not Active need not bother the peer */
	if (a->is_switchover && srp_state(srp_link_engine(c->srp)) != SRP_ACTIVE) {
		c->validation->has_answer = false;
		validated(a, VALIDATION_NO_ANSWER);
	} else if (validation_run(c->validation, !a->is_switchover, validated, a) != ERR_OK) {
		snprintf(c->validation->why, sizeof c->validation->why, "too many validations wait already");
		validated(a, VALIDATION_BROKEN);
	}
}

static enum cli_answer
ask(struct cli_call *call, bool is_switchover)
{
	struct timeval zero = {0, 0};
	struct chassis *c = call->app;
	struct asking *a;

	if (!srp_link_is_started(c->srp))
		return cli_fail(call, "service-redundancy-protocol is not configured");
	a = calloc(1, sizeof *a);
	if (a == NULL || event_base_once(c->base, -1, EV_TIMEOUT, begin_asking, a, &zero) < 0) {
		free(a);
		return cli_fail(call, "no memory");
	}
	*a = (struct asking){.chassis = c, .call = call, .is_switchover = is_switchover};
	call->data = a;
	call->ended = asking_ended;
	return CLI_ANSWER_PENDING;
}

enum cli_answer
validation_run_configuration(struct cli_call *call)
{
	return ask(call, false);
}

enum cli_answer
validation_run_switchover(struct cli_call *call)
{
	return ask(call, true);
}

/* --- before srp initiate-switchover -------------------------------------------------------------------------- */

struct before {
	struct chassis *chassis;
	void (*go)(struct chassis *c, uint32_t differs);
};

/* What could not be compared does not hold the switchover up: the hand-over itself asks whether the peer is there. */
static void
before_done(void *arg, enum validation_result r)
{
	struct before *b = arg;
	struct before copy = *b;

	free(b);
	copy.go(copy.chassis, r == VALIDATION_COMPARED ? copy.chassis->validation->found.count : 0);
}

void
validation_before_switchover(struct chassis *c, void (*go)(struct chassis *c, uint32_t differs))
{
	struct before *b = malloc(sizeof *b);

	if (b == NULL) {
		go(c, validation_differs(c));
		return;
	}
	*b = (struct before){.chassis = c, .go = go};
	if (validation_run(c->validation, false, before_done, b) == ERR_OK)
		return;
	free(b);
	go(c, validation_differs(c));
}

void
validation_freshen(const struct chassis *c, struct srp_hello *h)
{
	const struct validation *v = c->validation;

	if (!v->has_answer)
		return;
	h->sessmgrs = v->answer.hello.sessmgrs;
	h->sessmgrs_ready = v->answer.hello.sessmgrs_ready;
}

void
validation_put_differences(const struct chassis *c, struct text *out)
{
	validation_print(c->validation, VALIDATION_SCREEN, out);
}
