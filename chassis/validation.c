/* validation.c - this chassis' lines and their digest, drift from the peer's, the alarm, what show srp info says. */
#include "chassis/validation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "srp/srp_cmds.h"

enum { LINES_PER_SLICE = 200 };

static void
arm(struct event *ev, unsigned ms)
{
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	event_add(ev, &tv);
}

/* --- drift --------------------------------------------------------------------------------------------------- */

static void
tell_alarm(struct validation *v)
{
	const struct validation_found *f = &v->found;
	char text[sizeof v->error_text + 40];
	bool is_differing = f->is_valid && f->count > 0;

	snprintf(text, sizeof text, "configuration differs from the peer's: %s", v->error_text);
	alarm_set(v->chassis, "srp/config", is_differing, text);
	if (is_differing)
		log_event(LOG_SRP_CONFIG_DIFFERS, f->count, v->error_text);
	else if (v->is_differing)
		log_event(LOG_SRP_CONFIG_SAME);
	v->is_differing = is_differing;
}

static void
tell_error(struct validation *v)
{
	struct validation_found *f = &v->found;
	struct text_fixed fixed;
	struct text out;

	text_fixed_init(&fixed, &out, v->error_text, sizeof v->error_text);
	if (f->count == 0) {
		text_put(&out, "None");
		return;
	}
	if (f->diff == NULL) {
		text_put(&out, "the lines differ, and are too many to be compared one by one");
		return;
	}
	text_printf(&out, "%u line%s differ%s (first: ", f->count, f->count == 1 ? "" : "s", f->count == 1 ? "s" : "");
	srp_diff_put(srp_diff_at(f->diff, 0), &out);
	text_put(&out, ")");
}

void
validation_found_set(struct validation *v, uint64_t peer_digest, uint32_t count, struct srp_diff *take_diff,
                     uint32_t lines)
{
	struct validation_found *f = &v->found;
	bool is_new =
	    !f->is_valid || f->count != count || f->peer_digest != peer_digest || f->own_digest != v->own->digest;

	srp_diff_free(f->diff);
	*f = (struct validation_found){.is_valid = true,
	                               .own_digest = v->own->digest,
	                               .peer_digest = peer_digest,
	                               .count = count,
	                               .diff = take_diff,
	                               .lines = lines};
	v->event_wall_ms = clock_wall_ms();
	tell_error(v);
	if (is_new)
		tell_alarm(v);
}

void
validation_look(struct validation *v)
{
	event_del(v->settle_ev);
	if (v->own == NULL || v->peer_digest == 0 || v->own_peer_id != v->peer_id)
		return;
	if (v->own->digest == v->peer_digest)
		validation_found_set(v, v->peer_digest, 0, NULL, srp_lines_count(v->own->lines));
	else
		arm(v->settle_ev, VALIDATION_SETTLE_MS);
}

static void
on_settled(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)validation_run(arg, false, NULL, NULL);
}

static void
on_interval(evutil_socket_t fd, short what, void *arg)
{
	struct validation *v = arg;

	(void)fd;
	(void)what;
	if (srp_link_is_started(v->chassis->srp))
		(void)validation_run(v, false, NULL, NULL);
	arm(v->interval_ev, v->interval_s * 1000);
}

/* --- our own lines ------------------------------------------------------------------------------------------- */

bool
validation_is_current(const struct validation *v)
{
	return v->own != NULL && v->next_own == NULL && v->own_peer_id == v->peer_id && v->peer_id != 0 &&
	       v->own_generation == cfg_generation(cli_running(v->chassis->cli));
}

void
validation_take_own(struct validation *v, struct pair_lines *take)
{
	bool is_same = v->own != NULL && v->own->digest == take->digest;

	pair_lines_free(v->own);
	v->own = take;
	if (!is_same || !v->found.is_valid)
		validation_look(v);
	if (validation_is_current(v))
		validation_collected(v, true);
	else
		validation_collect(v);
}

static void
make_lines(void *arg)
{
	struct validation_making *m = arg;

	m->made = pair_lines_new(m->validation->chassis->secrets, m->own_id, m->peer_id, m->text, m->len, &m->secrets);
}

/* Back on the loop. A comparison that runs keeps the lines it was begun with. */
static void
lines_made(void *arg)
{
	struct validation_making *m = arg;
	struct validation *v = m->validation;

	v->maker = NULL;
	v->secrets = m->secrets;
	free(m->text);
	if (m->made == NULL) {
		validation_collected(v, false);
		return;
	}
	v->own_peer_id = m->peer_id;
	v->own_generation = m->generation;
	if (v->stage == VALIDATION_COMPARING) {
		pair_lines_free(v->next_own);
		v->next_own = m->made;
	} else {
		validation_take_own(v, m->made);
	}
}

static void
collected(struct validation *v)
{
	struct chassis *c = v->chassis;

	v->is_collecting = false;
	v->making = (struct validation_making){.validation = v,
	                                       .own_id = store_chassis_id(c->store),
	                                       .peer_id = v->peer_id,
	                                       .generation = cfg_generation(cli_running(c->cli)),
	                                       .text = v->raw.data,
	                                       .len = v->raw.len,
	                                       .secrets = v->secrets};
	text_grown_init(&v->raw, &v->raw_out);
	v->secrets = NULL;
	v->maker = offload_new(c->base, make_lines, lines_made, &v->making);
	if (v->maker == NULL) {
		v->secrets = v->making.secrets;
		free(v->making.text);
		validation_collected(v, false);
	}
}

static void
on_collect(evutil_socket_t fd, short what, void *arg)
{
	struct validation *v = arg;
	enum err e = cfg_pair_step(&v->walk, &v->raw_out, LINES_PER_SLICE);

	(void)fd;
	(void)what;
	if (e == ERR_REFUSED) { /* it was changed meanwhile: from the start */
		v->raw.len = 0;
		cfg_pair_init(&v->walk, cli_running(v->chassis->cli));
	}
	if (v->raw.is_cut) {
		v->is_collecting = false;
		free(v->raw.data);
		text_grown_init(&v->raw, &v->raw_out);
		validation_collected(v, false);
	} else if (e == ERR_OK) {
		collected(v);
	} else {
		arm(v->collect_ev, 0);
	}
}

void
validation_collect(struct validation *v)
{
	if (v->is_collecting || v->maker != NULL || v->peer_id == 0)
		return; /* what is made is looked at when it is done */
	v->is_collecting = true;
	v->raw.len = 0;
	cfg_pair_init(&v->walk, cli_running(v->chassis->cli));
	arm(v->collect_ev, 0);
}

/* --- called by the rest of the chassis ----------------------------------------------------------------------- */

static void
forget(struct validation *v)
{
	srp_diff_free(v->found.diff);
	v->found = (struct validation_found){0};
	v->peer_digest = 0;
	v->status[0] = '\0';
	event_del(v->settle_ev);
	tell_alarm(v);
}

void
validation_config_changed(struct chassis *c)
{
	struct validation *v = c->validation;
	const struct cfg *cfg = cli_running(c->cli);
	const struct cfg_node *context = cfg_find(cfg, cfg_root(cfg), CLI_ROW_CONTEXT, c->srp_context);
	const struct cfg_node *block = context == NULL ? NULL : cfg_first(cfg, context, SRP_ROW_BLOCK);
	uint32_t interval_s;

	if (block == NULL) {
		v->interval_s = 0;
		event_del(v->interval_ev);
		forget(v);
		return;
	}
	interval_s = (uint32_t)cfg_leaf_uint(cfg, block, SRP_ROW_CONFIGURATION_INTERVAL);
	if (interval_s != v->interval_s) {
		v->interval_s = interval_s;
		arm(v->interval_ev, interval_s * 1000);
	}
	if (!validation_is_current(v))
		validation_collect(v);
}

void
validation_heard(struct chassis *c, const struct srp_hello *h)
{
	struct validation *v = c->validation;

	if (h->chassis_id != v->peer_id) {
		forget(v);
		v->peer_id = h->chassis_id;
		validation_collect(v);
	}
	if (h->config_digest == v->peer_digest)
		return;
	v->peer_digest = h->config_digest;
	validation_look(v);
}

uint64_t
validation_digest(const struct chassis *c)
{
	const struct validation *v = c->validation;

	return v->own == NULL || v->own_peer_id != v->peer_id ? 0 : v->own->digest;
}

uint32_t
validation_differs(const struct chassis *c)
{
	const struct validation *v = c->validation;
	const struct validation_found *f = &v->found;

	if (v->own == NULL || !f->is_valid || f->own_digest != v->own->digest || f->peer_digest != v->peer_digest)
		return 0;
	return f->count;
}

void
validation_view(const struct chassis *c, struct srp_view *out)
{
	struct validation *v = c->validation;

	out->config_validation = v->stage != VALIDATION_IDLE ? "In Progress"
	                         : v->found.is_valid         ? "Complete"
	                                                     : "Initial";
	/* one colon a line, and room on it: the alarm names the first line, the command all of them */
	snprintf(v->error_short, sizeof v->error_short, "%u line%s differ%s, srp validate-configuration names %s",
	         v->found.count, v->found.count == 1 ? "" : "s", v->found.count == 1 ? "s" : "",
	         v->found.count == 1 ? "it" : "them");
	out->config_error = !v->found.is_valid                             ? "None"
	                    : v->found.count == 0 || v->found.diff == NULL ? v->error_text
	                                                                   : v->error_short;
	out->config_event_wall_ms = v->event_wall_ms;
	if (v->status[0] == '\0')
		return;
	snprintf(v->status_text, sizeof v->status_text, "%s (%llu seconds ago)", v->status,
	         (unsigned long long)((clock_now_us() - v->status_us) / 1000000));
	out->validate_switchover = v->status_text;
}

/* --- life ---------------------------------------------------------------------------------------------------- */

enum err
validation_new(struct chassis *c)
{
	struct validation *v = calloc(1, sizeof *v);

	if (v == NULL)
		return ERR_SYSTEM;
	c->validation = v;
	v->chassis = c;
	text_grown_init(&v->raw, &v->raw_out);
	v->collect_ev = evtimer_new(c->base, on_collect, v);
	v->settle_ev = evtimer_new(c->base, on_settled, v);
	v->interval_ev = evtimer_new(c->base, on_interval, v);
	if (v->collect_ev == NULL || v->settle_ev == NULL || v->interval_ev == NULL)
		return ERR_SYSTEM;
	return validation_run_new(v);
}

void
validation_free(struct chassis *c)
{
	struct validation *v = c->validation;
	struct event *evs[4];

	if (v == NULL)
		return;
	memcpy(evs, (struct event *[]){v->collect_ev, v->settle_ev, v->interval_ev, v->limit_ev}, sizeof evs);
	for (unsigned i = 0; i < sizeof evs / sizeof evs[0]; i++)
		if (evs[i] != NULL)
			event_free(evs[i]);
	if (v->maker != NULL) {
		offload_wait(v->maker);
		free(v->making.text);
		pair_secrets_free(v->making.secrets);
		pair_lines_free(v->making.made);
	}
	validation_run_free(v);
	free(v->raw.data);
	pair_lines_free(v->own);
	pair_lines_free(v->next_own);
	pair_secrets_free(v->secrets);
	srp_diff_free(v->found.diff);
	free(v);
	c->validation = NULL;
}
