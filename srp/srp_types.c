/* srp_types.c - names of the numbers, defaults and bounds of the configuration. */
#include "srp/srp_types.h"

#include <string.h>

#include "srp/srp.h"

static const char *
name(const char *const *names, size_t count, uint8_t i)
{
	return i < count ? names[i] : "?";
}

const char *
srp_state_text(uint8_t state)
{
	static const char *const names[SRP_STATE_COUNT] = {
	    [SRP_INIT] = "Init",
	    [SRP_STANDBY] = "Standby",
	    [SRP_PENDING_ACTIVE] = "PendingActive",
	    [SRP_ACTIVE] = "Active",
	    [SRP_PENDING_STANDBY] = "ActivePendingStandby",
	};

	return name(names, SRP_STATE_COUNT, state);
}

const char *
srp_mode_text(uint8_t mode)
{
	static const char *const names[SRP_MODE_COUNT] = {[SRP_MODE_BACKUP] = "Backup", [SRP_MODE_PRIMARY] = "Primary"};

	return name(names, SRP_MODE_COUNT, mode);
}

enum srp_mode
srp_mode_of(const char *word)
{
	return word != NULL && strcmp(word, "primary") == 0 ? SRP_MODE_PRIMARY : SRP_MODE_BACKUP;
}

const char *
srp_reason_text(uint8_t reason)
{
	static const char *const names[SRP_REASON_COUNT] = {
	    [SRP_REASON_NOT_DEFINED] = "notDefined",
	    [SRP_REASON_AAA_FAILURE] = "aaaFailure",
	    [SRP_REASON_BGP_FAILURE] = "bgpFailure",
	    [SRP_REASON_BFD_FAILURE] = "bfdFailure",
	    [SRP_REASON_DIAMETER_FAILURE] = "diameterFailure",
	    [SRP_REASON_HSRP_SWITCHOVER] = "hsrpSwitchover",
	    [SRP_REASON_CHASSIS_BFD_FAILURE] = "chassisChassisBfdFailure",
	    [SRP_REASON_DUAL_ACTIVE] = "dualActive",
	    [SRP_REASON_DUAL_STANDBY] = "dualStandby",
	    [SRP_REASON_DEAD_TIMER_EXPIRY] = "deadTimerExpiry",
	    [SRP_REASON_FORCE_STATE_CHANGE] = "forceStateChange",
	    [SRP_REASON_MANUAL_SWITCHOVER] = "manualSwitchOver",
	    [SRP_REASON_EGQC_FAILURE] = "egqcFailure",
	};

	return name(names, SRP_REASON_COUNT, reason);
}

const char *
srp_answer_text(uint8_t answer)
{
	static const char *const names[SRP_ANSWER_COUNT] = {
	    [SRP_ANSWER_OK] = "switchover completed",
	    [SRP_ANSWER_NOT_ACTIVE] = "chassis is not Active",
	    [SRP_ANSWER_BUSY] = "a switchover is in progress",
	    [SRP_ANSWER_LINK_DOWN] = "no SRP connection to the peer",
	    [SRP_ANSWER_PEER_NOT_STANDBY] = "peer chassis is not Standby",
	    [SRP_ANSWER_NOT_CONNECTED] = "session managers are not connected to the peer chassis",
	    [SRP_ANSWER_PEER_REFUSED] = "peer chassis refused",
	    [SRP_ANSWER_NO_READY] = "peer chassis did not answer; nothing changed",
	    [SRP_ANSWER_RESUMED] = "hand-over did not complete; this chassis is Active again",
	    [SRP_ANSWER_CONFIG_DIFFERS] = "the configurations of the two chassis differ",
	    [SRP_ANSWER_DRY_RUN_OK] = "a switchover would begin",
	};

	return name(names, SRP_ANSWER_COUNT, answer);
}

const char *
srp_refuse_text(uint8_t refuse)
{
	static const char *const names[SRP_REFUSE_COUNT] = {
	    [SRP_REFUSE_NONE] = "none",
	    [SRP_REFUSE_NOT_STANDBY] = "chassis is not Standby",
	    [SRP_REFUSE_NOT_CONNECTED] = "session managers are not ready",
	    [SRP_REFUSE_STALE_EPOCH] = "lower epoch",
	    [SRP_REFUSE_NOT_PREPARED] = "chassis is not prepared for this hand-over",
	    [SRP_REFUSE_SAME_FAILURE] = "the same monitor has failed there",
	    [SRP_REFUSE_CONFIG_DIFFERS] = "the configurations differ",
	};

	return name(names, SRP_REFUSE_COUNT, refuse);
}

const char *
srp_alarm_text(uint8_t alarm)
{
	static const char *const names[SRP_ALARM_COUNT] = {
	    [SRP_ALARM_ADDRESS_BUSY] = "service address in use",
	    [SRP_ALARM_MAC_CONFLICT] = "mode, priority and MAC equal to the peer's",
	    [SRP_ALARM_PEER_LOST] = "peer lost",
	    [SRP_ALARM_DUAL_ACTIVE] = "dual active",
	    [SRP_ALARM_INTERNAL_SWITCHOVER] = "a monitor failure asks for a switchover, and the peer cannot take over",
	};

	return name(names, SRP_ALARM_COUNT, alarm);
}

const char *
srp_phase_text(uint8_t phase)
{
	static const char *const names[SRP_PHASE_COUNT] = {
	    [SRP_PHASE_NONE] = "none",
	    [SRP_PHASE_VALIDATE] = "validate",
	    [SRP_PHASE_CRITICAL_FLUSH] = "critical flush",
	    [SRP_PHASE_NETWORK_CONVERGENCE] = "network convergence",
	    [SRP_PHASE_ACCOUNTING_FLUSH] = "accounting flush",
	    [SRP_PHASE_INTERNAL_AUDIT] = "internal audit",
	    [SRP_PHASE_POST_SWITCHOVER] = "post-switchover",
	};

	return name(names, SRP_PHASE_COUNT, phase);
}

const char *
srp_gate_text(uint8_t gate)
{
	static const char *const names[SRP_GATE_COUNT] = {
	    [SRP_GATE_OPEN] = "all served",
	    [SRP_GATE_REFUSE_NEW] = "new calls refused",
	    [SRP_GATE_DROP_CONTROL] = "control packets dropped",
	};

	return name(names, SRP_GATE_COUNT, gate);
}

const char *
srp_post_answer_text(uint8_t answer)
{
	static const char *const names[SRP_POST_ANSWER_COUNT] = {
	    [SRP_POST_ANSWER_OK] = "post-switchover processing terminated",
	    [SRP_POST_ANSWER_NONE_RUNS] = "no post-switchover processing is running",
	    [SRP_POST_ANSWER_NOT_ACTIVE] = "chassis is not Active",
	    [SRP_POST_ANSWER_NOT_YET] = "chassis is taking over and not Active yet",
	};

	return name(names, SRP_POST_ANSWER_COUNT, answer);
}

void
srp_config_init(struct srp_config *c)
{
	*c = (struct srp_config){
	    .mode = SRP_MODE_BACKUP,
	    .priority = SRP_PRIORITY_DEFAULT,
	    .rm_threshold = SRP_RM_THRESHOLD_DEFAULT,
	    .hello_ms = SRP_HELLO_MS_DEFAULT,
	    .dead_ms = SRP_DEAD_MS_DEFAULT,
	    .retry_ms = SRP_RETRY_MS_DEFAULT,
	    .phase_ms = SRP_PHASE_MS_DEFAULT,
	    .rm_delta = SRP_RM_DELTA_DEFAULT,
	    .internal_retries = SRP_INTERNAL_RETRIES_DEFAULT,
	    .internal_retry_ms = SRP_INTERNAL_RETRY_MS_DEFAULT,
	};
}

uint8_t
srp_options_agreed(uint8_t self, uint8_t peer)
{
	uint8_t agreed = self & peer;
	bool is_accounting = ((self | peer) & SRP_OPT_VOLTE_ACCOUNTING) != 0;

	if (agreed & SRP_OPT_ALLOW_ALL)
		agreed &= (uint8_t) ~(SRP_OPT_ALLOW_VOLTE | SRP_OPT_VOLTE_ACCOUNTING);
	else if (!(agreed & SRP_OPT_ALLOW_VOLTE) || is_accounting)
		agreed &= (uint8_t)~SRP_OPT_EARLY;
	return agreed;
}

enum err
srp_config_check(const struct srp_config *c, const char **field)
{
	enum { RM_THRESHOLD_MIN = 2, RM_THRESHOLD_MAX = 32, DEAD_PER_HELLO = 3 };
	const char *bad = NULL;

	if (c->chassis_id == 0)
		bad = "chassis id";
	else if (c->incarnation == 0)
		bad = "incarnation";
	else if (c->mode >= SRP_MODE_COUNT)
		bad = "chassis-mode";
	else if (c->priority == 0)
		bad = "priority";
	else if (c->rm_threshold < RM_THRESHOLD_MIN || c->rm_threshold > RM_THRESHOLD_MAX)
		bad = "route-modifier threshold";
	else if (c->rm_initial > SRP_RM_MAX)
		bad = "initial route modifier";
	else if (c->rm_delta == 0 || c->rm_delta > SRP_RM_DELTA_MAX)
		bad = "delta-route-modifier";
	else if (c->internal_retries > SRP_INTERNAL_RETRIES_MAX)
		bad = "num-internal-switchover-retry";
	else if (c->internal_retry_ms < SRP_INTERNAL_RETRY_MS_MIN || c->internal_retry_ms > SRP_INTERNAL_RETRY_MS_MAX)
		bad = "internal-switchover-retry-interval";
	else if (c->options & ~SRP_OPT_ALL)
		bad = "switchover options";
	else if (c->hello_ms == 0)
		bad = "hello-interval";
	else if (c->dead_ms / DEAD_PER_HELLO < c->hello_ms)
		bad = "dead-interval";
	else if (c->retry_ms == 0)
		bad = "address retry interval";
	else if (c->phase_ms == 0)
		bad = "switchover phase bound";
	if (bad == NULL)
		return ERR_OK;
	*field = bad;
	return ERR_RANGE;
}
