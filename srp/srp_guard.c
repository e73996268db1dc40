/*
 * srp_guard.c - the guards of the redundancy table: pure questions about the engine and the event at hand.
 *
 * Four comparisons decide everything: the election (mode, priority, MAC), preference between two that both want
 * to serve (route modifier, priority, MAC, chassis id: total, so that a dual active always ends), epochs, and who has
 * fewer failures (a hand-over because of a monitor always lessens them, so that no failure is handed to and fro).
 */
#include "srp/srp_fsm.h"

#include <string.h>

enum { MAC_VENDOR_LEN = 3 };

int
srp_mac_compare(const uint8_t a[MAC_LEN], const uint8_t b[MAC_LEN])
{
	int d = memcmp(a + MAC_VENDOR_LEN, b + MAC_VENDOR_LEN, MAC_LEN - MAC_VENDOR_LEN);

	return d != 0 ? d : memcmp(a, b, MAC_LEN);
}

/* > 0 when this chassis is elected, < 0 when the peer is, 0 when nothing tells them apart. */
static int
elect(const struct srp_config *self, const struct srp_hello *peer)
{
	if (self->mode != peer->mode)
		return self->mode == SRP_MODE_PRIMARY ? 1 : -1;
	if (self->priority != peer->priority)
		return self->priority < peer->priority ? 1 : -1;
	return srp_mac_compare(self->mac, peer->mac);
}

/* Does this chassis go on when both serve, or both begin to? Never the same answer on both sides. */
static bool
is_preferred(const struct srp *srp, const struct srp_hello *peer)
{
	int mac = srp_mac_compare(srp->config.mac, peer->mac);

	if (srp->route_modifier != peer->route_modifier)
		return srp->route_modifier < peer->route_modifier;
	if (srp->config.priority != peer->priority)
		return srp->config.priority < peer->priority;
	if (mac != 0)
		return mac > 0;
	return srp->config.chassis_id > peer->chassis_id;
}

/*
 * Within one incarnation a chassis never speaks of a lower epoch than before, and never is Active again in an epoch
 * that it has handed over. Our own hello, mirrored by a relay, is refused as well.
 */
static bool
is_stale(const struct srp *srp, const struct srp_hello *h)
{
	if (h->chassis_id == srp->config.chassis_id)
		return true;
	if (h->incarnation != srp->peer.incarnation)
		return false;
	return h->epoch < srp->peer.epoch ||
	       (h->state == SRP_ACTIVE && srp->given_epoch != 0 && h->epoch <= srp->given_epoch);
}

uint64_t
srp_epoch_free(const struct srp *srp, uint64_t *left)
{
	uint64_t above = (srp->epoch_known >> SRP_EPOCH_TAG_BITS) + 1;
	uint64_t next = srp->epoch_next > above ? srp->epoch_next : above;

	*left = next < srp->epoch_end ? srp->epoch_end - next - 1 : 0;
	return next < srp->epoch_end ? next : 0;
}

/* --- monitor failures ----------------------------------------------------------------------------------- */

bool
srp_is_revertible(uint8_t reason)
{
	return reason != SRP_REASON_AAA_FAILURE && reason != SRP_REASON_DIAMETER_FAILURE;
}

/* Non-revertible: the other chassis handed over because of @reason, so it is not given back for it. */
static bool
is_kept(const struct srp *srp, uint8_t reason)
{
	return !srp_is_revertible(reason) && srp->won_by == reason;
}

static unsigned
failures(uint16_t bits)
{
	return (unsigned)__builtin_popcount(bits);
}

/* The failures that count: those not kept, and with a peer that is heard, those that it does not share or outnumber. */
uint8_t
srp_due(const struct srp *srp)
{
	uint16_t shared = srp->is_peer_heard ? srp->peer.failed : 0;

	if (failures(srp->failed) <= failures(shared))
		return SRP_REASON_NOT_DEFINED;
	for (uint8_t r = 1; r < SRP_REASON_COUNT; r++)
		if ((srp->failed & ~shared & 1u << r) && !is_kept(srp, r))
			return r;
	return SRP_REASON_NOT_DEFINED;
}

/* Can the peer take over, as it was heard last? */
static bool
has_taker(const struct srp *srp)
{
	return srp->is_link_up && srp->is_peer_heard && srp->peer.state == SRP_STANDBY &&
	       srp->peer.lineage == srp->epoch;
}

/* What the rows' actions will note of @ev, as far as the questions about failures look at it. */
static struct srp
after(const struct srp *srp, const struct srp_event *ev)
{
	struct srp next = *srp;

	switch (ev->kind) {
	case SRP_EV_HELLO:
		next.peer = *ev->hello;
		next.is_peer_heard = true;
		break;
	case SRP_EV_LINK_UP:
		next.is_link_up = true;
		break;
	case SRP_EV_MONITOR_FAILED:
		next.failed |= (uint16_t)(1u << ev->reason);
		break;
	case SRP_EV_MONITOR_RECOVERED:
		next.failed &= (uint16_t) ~(1u << ev->reason);
		break;
	case SRP_EV_RESET_FAIL:
		next.won_by = next.won_by == ev->reason ? SRP_REASON_NOT_DEFINED : next.won_by;
		break;
	default:
		break;
	}
	return next;
}

static bool
is_handover_possible(const struct srp *srp)
{
	return has_taker(srp) && srp_due(srp) != SRP_REASON_NOT_DEFINED;
}

/* A hello of another life of the peer counts as news even when it says the same. */
static bool
taker_appears(const struct srp *srp, const struct srp_event *ev)
{
	struct srp next = after(srp, ev);

	return is_handover_possible(&next) &&
	       (!is_handover_possible(srp) || srp->peer.incarnation != ev->hello->incarnation);
}

static bool
failure_holds(uint8_t guard, const struct srp *srp, const struct srp_event *ev)
{
	struct srp next = after(srp, ev);

	switch (guard) {
	case G_FAILED_TOO:
		return (srp->failed & 1u << ev->reason) != 0;
	case G_KEPT:
		return is_kept(srp, ev->reason);
	case G_NO_TAKER:
		return !has_taker(srp);
	case G_PEER_NO_BETTER:
	case G_NOTHING_DUE:
		return srp_due(&next) == SRP_REASON_NOT_DEFINED;
	case G_TAKER_THERE:
		return is_handover_possible(&next);
	case G_TAKER_APPEARS:
		return taker_appears(srp, ev);
	case G_RETRIES_OVER:
		return srp->tries >= srp->config.internal_retries;
	default: /* G_ATTEMPT_OVER */
		return srp->attempt == ev->reason;
	}
}

/* --- hellos ----------------------------------------------------------------------------------------------- */

/* Questions about a hello. */
static bool
hello_holds(uint8_t guard, const struct srp *srp, const struct srp_hello *h)
{
	switch (guard) {
	case G_STALE:
		return is_stale(srp, h);
	case G_TIE:
		return elect(&srp->config, h) == 0;
	case G_PEER_ACTIVE:
		return h->state == SRP_ACTIVE;
	case G_PEER_PENDING:
		return h->state == SRP_PENDING_ACTIVE || h->state == SRP_PENDING_STANDBY;
	case G_PEER_HOLDS_CALLS:
		return h->state == SRP_STANDBY && h->lineage != 0;
	case G_PEER_STANDBY:
		return h->state == SRP_STANDBY;
	case G_PEER_NOT_STANDBY:
		return h->state != SRP_STANDBY;
	case G_PEER_RESTARTED:
		return h->state == SRP_INIT || h->incarnation != srp->peer.incarnation;
	case G_PEER_CAME_BACK:
		return h->state == SRP_INIT && srp->lineage != 0;
	case G_ELECTED:
		return elect(&srp->config, h) > 0;
	case G_STANDBY_TIE:
		return (h->state == SRP_STANDBY || h->state == SRP_INIT) && srp->lineage == h->lineage &&
		       elect(&srp->config, h) == 0;
	case G_STANDBY_ELECTED:
		return h->state == SRP_STANDBY &&
		       (srp->lineage > h->lineage || (srp->lineage == h->lineage && elect(&srp->config, h) > 0));
	case G_PENDING_LOST:
		return h->state == SRP_PENDING_ACTIVE && !is_preferred(srp, h);
	case G_DUAL_LOST:
		return h->state == SRP_ACTIVE && !is_preferred(srp, h);
	case G_DUAL_EPOCH:
		return h->state == SRP_ACTIVE && h->epoch >= srp->epoch;
	case G_BEHIND:
		return h->epoch > srp->epoch;
	case G_GIVER_GONE:
		return srp->given_epoch == 0 || h->state == SRP_INIT || h->incarnation != srp->peer.incarnation;
	case G_BOTH_PENDING_STANDBY:
		return h->state == SRP_PENDING_STANDBY && is_preferred(srp, h);
	default:
		return false;
	}
}

/* Does this TAKE hand over what READY was said for? */
static bool
is_prepared(const struct srp *srp, const struct srp_event *ev)
{
	return srp->prepared_epoch != 0 && ev->epoch == srp->prepared_epoch;
}

bool
srp_guard_holds(uint8_t guard, const void *arg)
{
	const struct srp_guard_arg *a = arg;
	const struct srp *srp = a->srp;
	const struct srp_event *ev = a->ev;
	uint64_t left;

	switch (guard) {
	case G_HAS_DELAY:
		return srp->config.delay_ms > 0;
	case G_TOKEN_OLD:
		return ev->token != srp->token;
	case G_REQUEST_OLD:
		return ev->request != srp->request;
	case G_RM_DUE:
		return srp->route_modifier >= srp->config.rm_threshold;
	case G_LINK_IS_DOWN:
		return !srp->is_link_up;
	case G_KNOWN_NOT_STANDBY:
		return !srp->is_peer_heard || srp->peer.state != SRP_STANDBY;
	case G_NOT_CONNECTED:
		return ev->not_connected > 0 && !ev->is_forced;
	case G_NO_EPOCH:
		return srp_epoch_free(srp, &left) == 0;
	case G_UNREADY_SINCE:
		return is_prepared(srp, ev) && ev->not_connected > 0 && !srp->is_prepared_forced;
	case G_PREPARED:
		return is_prepared(srp, ev);
	case G_NOT_FOLLOWED:
		return ev->epoch != srp->lineage;
	case G_EPOCH_OLD:
		return ev->epoch < srp->peer.epoch;
	case G_DRY_RUN:
		return ev->is_dry_run;
	case G_CONFIG_DIFFERS:
		return ev->config_differs > 0 && !ev->is_forced;
	case G_PREPARED_RESET:
		return is_prepared(srp, ev) && ev->is_rm_reset;
	case G_EARLY_AGREED:
		return (srp_options_agreed(srp->config.options, srp->peer.options) & SRP_OPT_EARLY) != 0;
	case G_FLUSH_AWAITED:
		return srp->is_flush_awaited;
	case G_FLUSH_TOLD:
		return srp->is_flush_awaited && !ev->is_early && ev->epoch == srp->given_epoch;
	case G_NOT_GIVEN:
		return ev->epoch != srp->given_epoch;
	case G_FAILED_TOO:
	case G_KEPT:
	case G_PEER_NO_BETTER:
	case G_NO_TAKER:
	case G_TAKER_THERE:
	case G_TAKER_APPEARS:
	case G_NOTHING_DUE:
	case G_RETRIES_OVER:
	case G_ATTEMPT_OVER:
		return failure_holds(guard, srp, ev);
	default:
		return hello_holds(guard, srp, ev->hello);
	}
}
