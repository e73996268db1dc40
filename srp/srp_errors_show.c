/*
 * srp_errors_show.c - what show configuration errors says of the redundancy link: what no line alone can tell.
 *
 * Source: interchassis session recovery chapter, "Creating and Binding the SRP Context", "Configuring the SRP Context
 * for BGP"; the equal family of both ends is the reference's (section 2.2, bind).
 */
#include "srp/srp_errors_show.h"

#include "monitor/monitor_cmds.h"
#include "srp/srp_cmds.h"

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

/* priority_errors - the chapter: the two chassis must differ. */
static void
priority_errors(const struct cfg *cfg, const struct cfg_node *block, struct cfg_report *r, unsigned peer_priority)
{
	const struct cfg_node *line = cfg_first(cfg, block, SRP_ROW_PRIORITY);

	if (peer_priority != 0 && cfg_leaf_uint(cfg, block, SRP_ROW_PRIORITY) == peer_priority)
		cfg_report_error(r, cfg, line != NULL ? line : block, "the peer has priority %u as well",
		                 peer_priority);
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
srp_show_errors(const struct cfg *cfg, struct cfg_report *r, unsigned peer_priority)
{
	for (const struct cfg_node *c = cfg_first(cfg, cfg_root(cfg), CLI_ROW_CONTEXT); c; c = cfg_next(cfg, c)) {
		const struct cfg_node *block = cfg_first(cfg, c, SRP_ROW_BLOCK);

		if (!block)
			continue;
		link_errors(cfg, block, r);
		priority_errors(cfg, block, r, peer_priority);
		monitor_errors(cfg, block, r);
		warnings(cfg, block, r);
	}
}
