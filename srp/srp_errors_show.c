/*
 * srp_errors_show.c - what show configuration errors says of the redundancy link: what no line alone can tell.
 *
 * Source: interchassis session recovery chapter, "Creating and Binding the SRP Context", "Configuring the SRP Context
 * for BGP"; the equal family of both ends is the reference's (section 2.2, bind).
 */
#include "srp/srp_errors_show.h"

#include "monitor/monitor_cmds.h"
#include "srp/srp_cmds.h"
#include "srp/srp_types.h"

/* link_errors - both ends of the link. */
static void
link_errors(const struct cfg *cfg, const struct cfg_node *block, struct cfg_report *r)
{
	struct addr bind, peer;
	bool has_bind = cfg_leaf_addr(cfg, block, SRP_ROW_BIND, &bind);
	bool has_peer = cfg_leaf_addr(cfg, block, SRP_ROW_PEER, &peer);

	if (!has_bind)
		cfg_report_error(r, cfg, block, "has no bind address");
	if (!has_peer)
		cfg_report_error(r, cfg, block, "has no peer-ip-address");
	if (!has_bind || !has_peer)
		return;
	if (bind.family != peer.family)
		cfg_report_error(r, cfg, block, "bind address and peer-ip-address are of different families");
	else if (addr_equal(&bind, &peer))
		cfg_report_error(r, cfg, block, "bind address and peer-ip-address are the same");
}

/* election_errors - the chapter: the two chassis must differ in priority; it decides where the modes are the same by
 * mistake. */
static void
election_errors(const struct cfg *cfg, const struct cfg_node *block, struct cfg_report *r, const struct srp_hello *peer)
{
	const struct cfg_node *priority = cfg_first(cfg, block, SRP_ROW_PRIORITY);
	const struct cfg_node *mode = cfg_first(cfg, block, SRP_ROW_CHASSIS_MODE);

	if (cfg_leaf_uint(cfg, block, SRP_ROW_PRIORITY) == peer->priority)
		cfg_report_error(r, cfg, priority != NULL ? priority : block, "the peer has priority %u as well",
		                 (unsigned)peer->priority);
	if (srp_mode_of(cfg_leaf_str(cfg, block, SRP_ROW_CHASSIS_MODE)) == peer->mode)
		cfg_report_warning(r, cfg, mode != NULL ? mode : block, "the peer is the %s as well",
		                   srp_mode_text(peer->mode));
}

/* monitor_errors - what is watched in a context that is not there. */
static void
monitor_errors(const struct cfg *cfg, const struct cfg_node *block, struct cfg_report *r)
{
	static const uint16_t rows[] = {MONITOR_ROW_BGP, MONITOR_ROW_BFD, MONITOR_ROW_PROBE, MONITOR_ROW_DIAMETER};

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (const struct cfg_node *n = cfg_first(cfg, block, rows[i]); n; n = cfg_next(cfg, n))
			if (!cfg_find(cfg, cfg_root(cfg), CLI_ROW_CONTEXT, cfg_str(cfg, n, "name")))
				cfg_report_error(r, cfg, n, "the context does not exist");
}

static void
warnings(const struct cfg *cfg, const struct cfg_node *block, struct cfg_report *r)
{
	const struct cfg_node *volte = cfg_first(cfg, block, SRP_ROW_ALLOW_VOLTE);

	if (volte && cfg_first(cfg, block, SRP_ROW_ALLOW_ALL))
		cfg_report_warning(r, cfg, volte, "does not count beside switchover allow-all-data-traffic");
}

void
srp_show_errors(const struct cfg *cfg, struct cfg_report *r, const struct srp_hello *peer)
{
	for (const struct cfg_node *c = cfg_first(cfg, cfg_root(cfg), CLI_ROW_CONTEXT); c; c = cfg_next(cfg, c)) {
		const struct cfg_node *block = cfg_first(cfg, c, SRP_ROW_BLOCK);

		if (!block)
			continue;
		link_errors(cfg, block, r);
		if (peer != NULL)
			election_errors(cfg, block, r, peer);
		monitor_errors(cfg, block, r);
		warnings(cfg, block, r);
	}
}
