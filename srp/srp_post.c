/*
 * srp_post.c - what follows a takeover, as a table. Read it from top to bottom: rows are tried in order, the first
 * whose guard holds is taken.
 */
#include "srp/srp_post.h"

#include <assert.h>

enum { ST_IDLE, ST_CONVERGENCE, ST_FLUSH_AND_AUDIT, ST_FLUSH, ST_AUDIT, ST_POST, ST_COUNT };

enum {
	G_NONE,
	G_FIRST,     /* nothing to flush or audit, and no audit is owed */
	G_PLANNED,   /* the old Active can still speak */
	G_OPTIMIZED, /* control-outage-optimization is agreed; of an OPTIONS event: from now on */
	G_SERVING,
	PG_COUNT
};

enum {
	DO_NONE,
	DO_BEGIN_CONVERGENCE,
	DO_END_CONVERGENCE,
	DO_CUT_CONVERGENCE,
	DO_BEGIN_FLUSH,
	DO_NO_FLUSH,
	DO_END_FLUSH,
	DO_CUT_FLUSH,
	DO_BEGIN_AUDIT,
	DO_END_AUDIT,
	DO_CUT_AUDIT,
	DO_OWE_AUDIT,
	DO_BEGIN_POST,
	DO_END_POST,
	DO_CUT_POST,
	DO_GATE_DROP,
	DO_GATE_REFUSE,
	DO_GATE_OPEN,
	DO_NOTE_OPTIONS,
	DO_SAY_OK,
	DO_SAY_NONE_RUNS,
	DO_SAY_NOT_ACTIVE,
	DO_SAY_NOT_YET,
	PDO_COUNT
};

/* clang-format off */
static const struct fsm_row rows[] = {
	/* state, event, guard, next, actions, reason */

	/* ---- at rest ------------------------------------------------------------------------------------- */
	{ST_IDLE, SRP_POST_EV_BEGIN, G_NONE, ST_CONVERGENCE, {DO_GATE_DROP, DO_BEGIN_CONVERGENCE},
	 "taking over; control packets are dropped until this chassis serves"},
	{ST_IDLE, SRP_POST_EV_TERMINATE, G_SERVING, FSM_SAME_STATE, {DO_SAY_NONE_RUNS}, "nothing runs that could be ended"},
	{ST_IDLE, SRP_POST_EV_TERMINATE, G_NONE, FSM_SAME_STATE, {DO_SAY_NOT_ACTIVE}, "only an Active has such processing"},
	{ST_IDLE, SRP_POST_EV_STOP, G_NONE, FSM_SAME_STATE, {0}, "nothing ran when this chassis gave way"},

	/* ---- the network follows ------------------------------------------------------------------------- */
	{ST_CONVERGENCE, SRP_POST_EV_CONVERGED, G_FIRST, ST_IDLE, {DO_END_CONVERGENCE, DO_GATE_OPEN},
	 "no predecessor: nothing to flush or to audit, new calls are taken at once"},
	{ST_CONVERGENCE, SRP_POST_EV_CONVERGED, G_PLANNED, ST_FLUSH_AND_AUDIT,
	 {DO_END_CONVERGENCE, DO_GATE_REFUSE, DO_BEGIN_FLUSH, DO_BEGIN_AUDIT},
	 "serving; the old Active sends its accounting while the calls are audited"},
	{ST_CONVERGENCE, SRP_POST_EV_CONVERGED, G_NONE, ST_AUDIT,
	 {DO_END_CONVERGENCE, DO_GATE_REFUSE, DO_NO_FLUSH, DO_BEGIN_AUDIT},
	 "serving; the old Active cannot send accounting any more, the calls are audited"},
	{ST_CONVERGENCE, SRP_POST_EV_TERMINATE, G_NONE, FSM_SAME_STATE, {DO_SAY_NOT_YET}, "this chassis does not serve yet"},
	{ST_CONVERGENCE, SRP_POST_EV_STOP, G_NONE, ST_IDLE, {DO_CUT_CONVERGENCE, DO_GATE_OPEN}, "the other chassis serves after all"},

	/* ---- accounting flush and internal audit side by side --------------------------------------------- */
	{ST_FLUSH_AND_AUDIT, SRP_POST_EV_FLUSH_DONE, G_NONE, ST_AUDIT, {DO_END_FLUSH}, "accounting has come; the audit goes on"},
	{ST_FLUSH_AND_AUDIT, SRP_POST_EV_TIMER_FLUSH, G_NONE, ST_AUDIT, {DO_CUT_FLUSH}, "accounting does not come in time"},
	{ST_FLUSH_AND_AUDIT, SRP_POST_EV_AUDIT_DONE, G_OPTIMIZED, ST_FLUSH, {DO_END_AUDIT, DO_GATE_OPEN},
	 "audited; with control-outage-optimization new calls are taken during the flush"},
	{ST_FLUSH_AND_AUDIT, SRP_POST_EV_AUDIT_DONE, G_NONE, ST_FLUSH, {DO_END_AUDIT}, "audited; accounting is still to come"},
	{ST_FLUSH_AND_AUDIT, SRP_POST_EV_TIMER_AUDIT, G_OPTIMIZED, ST_FLUSH, {DO_CUT_AUDIT, DO_GATE_OPEN},
	 "the audit takes too long and is cut; new calls are taken during the flush"},
	{ST_FLUSH_AND_AUDIT, SRP_POST_EV_TIMER_AUDIT, G_NONE, ST_FLUSH, {DO_CUT_AUDIT}, "the audit takes too long and is cut"},
	{ST_FLUSH_AND_AUDIT, SRP_POST_EV_TERMINATE, G_NONE, ST_IDLE, {DO_CUT_FLUSH, DO_CUT_AUDIT, DO_GATE_OPEN, DO_SAY_OK},
	 "an operator ends flush and audit; new calls are taken"},
	{ST_FLUSH_AND_AUDIT, SRP_POST_EV_STOP, G_NONE, ST_IDLE, {DO_CUT_FLUSH, DO_CUT_AUDIT, DO_OWE_AUDIT, DO_GATE_OPEN},
	 "this chassis gives way before flush and audit are over"},

	/* ---- audited, accounting still to come ------------------------------------------------------------ */
	{ST_FLUSH, SRP_POST_EV_FLUSH_DONE, G_NONE, ST_POST, {DO_END_FLUSH, DO_GATE_OPEN, DO_BEGIN_POST}, "flush and audit are over"},
	{ST_FLUSH, SRP_POST_EV_TIMER_FLUSH, G_NONE, ST_POST, {DO_CUT_FLUSH, DO_GATE_OPEN, DO_BEGIN_POST},
	 "accounting does not come in time; new calls are taken without it"},
	{ST_FLUSH, SRP_POST_EV_OPTIONS, G_OPTIMIZED, FSM_SAME_STATE, {DO_NOTE_OPTIONS, DO_GATE_OPEN},
	 "control-outage-optimization was agreed during the flush"},
	{ST_FLUSH, SRP_POST_EV_OPTIONS, G_NONE, FSM_SAME_STATE, {DO_NOTE_OPTIONS, DO_GATE_REFUSE},
	 "control-outage-optimization was withdrawn during the flush"},
	{ST_FLUSH, SRP_POST_EV_TERMINATE, G_NONE, ST_IDLE, {DO_CUT_FLUSH, DO_GATE_OPEN, DO_SAY_OK}, "an operator ends the flush"},
	{ST_FLUSH, SRP_POST_EV_STOP, G_NONE, ST_IDLE, {DO_CUT_FLUSH, DO_GATE_OPEN}, "this chassis gives way before the flush is over"},

	/* ---- accounting has come, the audit goes on -------------------------------------------------------- */
	{ST_AUDIT, SRP_POST_EV_AUDIT_DONE, G_NONE, ST_POST, {DO_END_AUDIT, DO_GATE_OPEN, DO_BEGIN_POST}, "flush and audit are over"},
	{ST_AUDIT, SRP_POST_EV_TIMER_AUDIT, G_NONE, ST_POST, {DO_CUT_AUDIT, DO_GATE_OPEN, DO_BEGIN_POST},
	 "the audit takes too long and is cut; new calls are taken"},
	{ST_AUDIT, SRP_POST_EV_TERMINATE, G_NONE, ST_IDLE, {DO_CUT_AUDIT, DO_GATE_OPEN, DO_SAY_OK}, "an operator ends the audit"},
	{ST_AUDIT, SRP_POST_EV_STOP, G_NONE, ST_IDLE, {DO_CUT_AUDIT, DO_OWE_AUDIT, DO_GATE_OPEN},
	 "this chassis gives way before the audit is over"},

	/* ---- in the background: a standby that holds everything ------------------------------------------- */
	{ST_POST, SRP_POST_EV_READY, G_NONE, ST_IDLE, {DO_END_POST}, "every session manager is Ready at the peer"},
	{ST_POST, SRP_POST_EV_TIMER_READY, G_NONE, ST_IDLE, {DO_CUT_POST}, "no standby has become ready; it is waited for no longer"},
	{ST_POST, SRP_POST_EV_TERMINATE, G_NONE, ST_IDLE, {DO_CUT_POST, DO_SAY_OK}, "an operator ends post-switchover processing"},
	{ST_POST, SRP_POST_EV_STOP, G_NONE, ST_IDLE, {DO_CUT_POST}, "this chassis gives way before the standby was ready"},

	/* ---- everything else ------------------------------------------------------------------------------ */
	{FSM_ANY_STATE, SRP_POST_EV_BEGIN, G_NONE, FSM_SAME_STATE, {0}, "taking over already"},
	{FSM_ANY_STATE, SRP_POST_EV_CONVERGED, G_NONE, FSM_SAME_STATE, {0}, "serving already"},
	{FSM_ANY_STATE, SRP_POST_EV_FLUSH_DONE, G_NONE, FSM_SAME_STATE, {0}, "no flush is waited for"},
	{FSM_ANY_STATE, SRP_POST_EV_AUDIT_DONE, G_NONE, FSM_SAME_STATE, {0}, "no audit is waited for"},
	{FSM_ANY_STATE, SRP_POST_EV_READY, G_NONE, FSM_SAME_STATE, {0}, "no standby is waited for"},
	{FSM_ANY_STATE, SRP_POST_EV_TIMER_FLUSH, G_NONE, FSM_SAME_STATE, {0}, "no flush is waited for"},
	{FSM_ANY_STATE, SRP_POST_EV_TIMER_AUDIT, G_NONE, FSM_SAME_STATE, {0}, "no audit is waited for"},
	{FSM_ANY_STATE, SRP_POST_EV_TIMER_READY, G_NONE, FSM_SAME_STATE, {0}, "no standby is waited for"},
	{FSM_ANY_STATE, SRP_POST_EV_OPTIONS, G_NONE, FSM_SAME_STATE, {DO_NOTE_OPTIONS}, "options noted for the end of the audit"},
};
/* clang-format on */

static const char *const states[] = {"Idle", "Convergence", "Flush and audit", "Flush", "Audit", "Post-switchover"};

static const char *const events[] = {
    [SRP_POST_EV_BEGIN] = "begin",
    [SRP_POST_EV_CONVERGED] = "converged",
    [SRP_POST_EV_FLUSH_DONE] = "flush done",
    [SRP_POST_EV_AUDIT_DONE] = "audit done",
    [SRP_POST_EV_READY] = "standby ready",
    [SRP_POST_EV_TIMER_FLUSH] = "flush timeout",
    [SRP_POST_EV_TIMER_AUDIT] = "audit timeout",
    [SRP_POST_EV_TIMER_READY] = "standby timeout",
    [SRP_POST_EV_TERMINATE] = "operator terminate",
    [SRP_POST_EV_OPTIONS] = "options",
    [SRP_POST_EV_STOP] = "stop",
};

static const char *const guards[] = {"", "no predecessor", "planned", "control-outage-optimization agreed", "serving"};

static const char *const actions[] = {
    [DO_NONE] = "",
    [DO_BEGIN_CONVERGENCE] = "begin network convergence",
    [DO_END_CONVERGENCE] = "end network convergence",
    [DO_CUT_CONVERGENCE] = "cut network convergence",
    [DO_BEGIN_FLUSH] = "begin accounting flush",
    [DO_NO_FLUSH] = "no accounting flush",
    [DO_END_FLUSH] = "end accounting flush",
    [DO_CUT_FLUSH] = "cut accounting flush",
    [DO_BEGIN_AUDIT] = "begin internal audit",
    [DO_END_AUDIT] = "end internal audit",
    [DO_CUT_AUDIT] = "cut internal audit",
    [DO_OWE_AUDIT] = "owe an audit",
    [DO_BEGIN_POST] = "begin post-switchover",
    [DO_END_POST] = "end post-switchover",
    [DO_CUT_POST] = "cut post-switchover",
    [DO_GATE_DROP] = "drop control packets",
    [DO_GATE_REFUSE] = "refuse new calls",
    [DO_GATE_OPEN] = "open",
    [DO_NOTE_OPTIONS] = "note options",
    [DO_SAY_OK] = "answer ok",
    [DO_SAY_NONE_RUNS] = "answer none runs",
    [DO_SAY_NOT_ACTIVE] = "answer not Active",
    [DO_SAY_NOT_YET] = "answer not yet",
};

_Static_assert(sizeof states / sizeof states[0] == ST_COUNT, "a state without a name");
_Static_assert(sizeof events / sizeof events[0] == SRP_POST_EV_COUNT, "an event without a name");
_Static_assert(sizeof guards / sizeof guards[0] == PG_COUNT, "a guard without a name");
_Static_assert(sizeof actions / sizeof actions[0] == PDO_COUNT, "an action without a name");

static const struct fsm_table table = FSM_TABLE("post");

const struct fsm_table *
srp_post_table(void)
{
	return &table;
}

const char *
srp_post_row_reason(size_t row)
{
	return row < table.count ? rows[row].reason : "?";
}

bool
srp_post_is_running(const struct srp_post *p)
{
	return p->state > ST_CONVERGENCE;
}

/* --- guards and actions ---------------------------------------------------------------------------------- */

struct step {
	struct srp_post *post;
	const struct srp_post_event *ev;
	struct srp_post_out *out;
};

static bool
holds(uint8_t guard, const void *arg)
{
	const struct step *s = arg;

	switch (guard) {
	case G_FIRST:
		return s->post->is_first && !s->post->is_audit_owed;
	case G_PLANNED:
		return s->post->is_planned;
	case G_OPTIMIZED:
		return s->ev->kind == SRP_POST_EV_OPTIONS ? s->ev->is_optimized : s->post->is_optimized;
	default:
		return s->post->is_serving;
	}
}

static struct srp_post_action *
emit(struct step *s, uint8_t kind, uint8_t phase)
{
	struct srp_post_action *a = &s->out->actions[s->out->count];

	assert(s->out->count < SRP_POST_OUT_MAX);
	s->out->count++;
	*a = (struct srp_post_action){.kind = kind, .phase = phase};
	return a;
}

/* Timer and bound of the phases that the shell works on; convergence has none: the redundancy engine bounds it. */
static const struct {
	uint8_t timer;
	uint32_t ms;
} bounds[SRP_PHASE_COUNT] = {
    [SRP_PHASE_ACCOUNTING_FLUSH] = {SRP_POST_TIMER_FLUSH, SRP_POST_FLUSH_MS},
    [SRP_PHASE_INTERNAL_AUDIT] = {SRP_POST_TIMER_AUDIT, SRP_POST_AUDIT_MS},
    [SRP_PHASE_POST_SWITCHOVER] = {SRP_POST_TIMER_READY, SRP_POST_READY_MS},
};

static void
phase_begin(struct step *s, uint8_t phase)
{
	struct srp_post_action *a;

	emit(s, SRP_POST_ACT_PHASE_BEGIN, phase);
	if (bounds[phase].ms == 0)
		return;
	a = emit(s, SRP_POST_ACT_TIMER_START, phase);
	a->timer = bounds[phase].timer;
	a->ms = bounds[phase].ms;
	emit(s, SRP_POST_ACT_START, phase);
}

static void
phase_leave(struct step *s, uint8_t phase, bool is_cut)
{
	if (bounds[phase].ms != 0)
		emit(s, SRP_POST_ACT_TIMER_STOP, phase)->timer = bounds[phase].timer;
	emit(s, SRP_POST_ACT_PHASE_END, phase)->is_cut = is_cut;
	if (is_cut && bounds[phase].ms != 0)
		emit(s, SRP_POST_ACT_CANCEL, phase);
}

static void
phase_end(struct step *s, uint8_t phase)
{
	phase_leave(s, phase, false);
	if (phase == SRP_PHASE_INTERNAL_AUDIT)
		s->post->is_audit_owed = false;
}

static void
phase_cut(struct step *s, uint8_t phase)
{
	phase_leave(s, phase, true);
}

static void
no_flush(struct step *s, uint8_t phase)
{
	emit(s, SRP_POST_ACT_PHASE_BEGIN, phase);
	emit(s, SRP_POST_ACT_NO_FLUSH, phase);
	emit(s, SRP_POST_ACT_PHASE_END, phase);
}

static void
owe_audit(struct step *s, uint8_t unused)
{
	(void)unused;
	s->post->is_audit_owed = true;
}

static void
set_gate(struct step *s, uint8_t gate)
{
	if (s->post->gate == gate)
		return;
	s->post->gate = gate;
	emit(s, SRP_POST_ACT_GATE, SRP_PHASE_NONE)->gate = gate;
}

static void
note_options(struct step *s, uint8_t unused)
{
	(void)unused;
	s->post->is_optimized = s->ev->is_optimized;
}

static void
say(struct step *s, uint8_t answer)
{
	struct srp_post_action *a = emit(s, SRP_POST_ACT_ANSWER, SRP_PHASE_NONE);

	a->answer = answer;
	a->asker = s->ev->asker;
}

static const struct {
	void (*run)(struct step *s, uint8_t arg);
	uint8_t arg;
} steps[PDO_COUNT] = {
    [DO_BEGIN_CONVERGENCE] = {phase_begin, SRP_PHASE_NETWORK_CONVERGENCE},
    [DO_END_CONVERGENCE] = {phase_end, SRP_PHASE_NETWORK_CONVERGENCE},
    [DO_CUT_CONVERGENCE] = {phase_cut, SRP_PHASE_NETWORK_CONVERGENCE},
    [DO_BEGIN_FLUSH] = {phase_begin, SRP_PHASE_ACCOUNTING_FLUSH},
    [DO_NO_FLUSH] = {no_flush, SRP_PHASE_ACCOUNTING_FLUSH},
    [DO_END_FLUSH] = {phase_end, SRP_PHASE_ACCOUNTING_FLUSH},
    [DO_CUT_FLUSH] = {phase_cut, SRP_PHASE_ACCOUNTING_FLUSH},
    [DO_BEGIN_AUDIT] = {phase_begin, SRP_PHASE_INTERNAL_AUDIT},
    [DO_END_AUDIT] = {phase_end, SRP_PHASE_INTERNAL_AUDIT},
    [DO_CUT_AUDIT] = {phase_cut, SRP_PHASE_INTERNAL_AUDIT},
    [DO_OWE_AUDIT] = {owe_audit, 0},
    [DO_BEGIN_POST] = {phase_begin, SRP_PHASE_POST_SWITCHOVER},
    [DO_END_POST] = {phase_end, SRP_PHASE_POST_SWITCHOVER},
    [DO_CUT_POST] = {phase_cut, SRP_PHASE_POST_SWITCHOVER},
    [DO_GATE_DROP] = {set_gate, SRP_GATE_DROP_CONTROL},
    [DO_GATE_REFUSE] = {set_gate, SRP_GATE_REFUSE_NEW},
    [DO_GATE_OPEN] = {set_gate, SRP_GATE_OPEN},
    [DO_NOTE_OPTIONS] = {note_options, 0},
    [DO_SAY_OK] = {say, SRP_POST_ANSWER_OK},
    [DO_SAY_NONE_RUNS] = {say, SRP_POST_ANSWER_NONE_RUNS},
    [DO_SAY_NOT_ACTIVE] = {say, SRP_POST_ANSWER_NOT_ACTIVE},
    [DO_SAY_NOT_YET] = {say, SRP_POST_ANSWER_NOT_YET},
};

/* What an event says is kept before the table is asked. */
static void
note_event(struct srp_post *p, const struct srp_post_event *ev)
{
	if (ev->kind == SRP_POST_EV_BEGIN && p->state == ST_IDLE) {
		p->is_first = ev->is_first;
		p->is_planned = ev->is_planned;
	}
	if (ev->kind == SRP_POST_EV_CONVERGED)
		p->is_serving = true;
	if (ev->kind == SRP_POST_EV_STOP)
		p->is_serving = false;
}

enum err
srp_post_input(struct srp_post *p, const struct srp_post_event *ev, struct srp_post_out *out)
{
	struct step s = {.post = p, .ev = ev, .out = out};
	const struct fsm_row *row;
	size_t i;

	out->count = 0;
	if (ev->kind >= SRP_POST_EV_COUNT)
		return ERR_RANGE;
	note_event(p, ev);
	if (fsm_find(&table, p->state, ev->kind, holds, &s, &i) != ERR_OK)
		return ERR_NO_ROW;
	out->row = i;
	row = fsm_row(&table, i);
	for (size_t k = 0; k < FSM_ACTIONS_MAX && row->actions[k] != DO_NONE; k++)
		steps[row->actions[k]].run(&s, steps[row->actions[k]].arg);
	if (row->next != FSM_SAME_STATE)
		p->state = row->next;
	return ERR_OK;
}
