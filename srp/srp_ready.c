/* srp_ready.c - is the pair ready for a planned switchover? */
#include "srp/srp_ready.h"

#include <stdio.h>
#include <string.h>

#include "srp/srp_types.h"

enum srp_ready
srp_ready_decide(const struct srp_ready_facts *f)
{
	const struct {
		bool is_against;
		enum srp_ready ready;
	} rows[] = {
	    {f->state != SRP_ACTIVE, SRP_READY_NOT_ACTIVE},
	    {!f->is_link_up, SRP_READY_NO_LINK},
	    {!f->has_answer, SRP_READY_NO_ANSWER},
	    {f->peer_state != SRP_STANDBY, SRP_READY_PEER_NOT_STANDBY},
	    {f->not_connected > 0, SRP_READY_NOT_CONNECTED},
	    {f->peer_not_connected > 0, SRP_READY_PEER_NOT_CONNECTED},
	    {f->is_post_processing || f->peer_is_post_processing, SRP_READY_POST_PROCESSING},
	    {!f->is_compared, SRP_READY_CONFIG_UNKNOWN},
	    {f->differs > 0, SRP_READY_CONFIG_DIFFERS},
	    {f->findings > 0, SRP_READY_FINDINGS},
	    {f->peer_findings > 0, SRP_READY_PEER_FINDINGS},
	};

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].is_against)
			return rows[i].ready;
	return SRP_READY;
}

/* "2 session managers of this chassis are" */
static void
put_sessmgrs(uint32_t n, const char *whose, struct text *out)
{
	text_printf(out, "%u session manager%s of %s chassis %s not connected", n, n == 1 ? "" : "s", whose,
	            n == 1 ? "is" : "are");
}

static void
put_findings(uint32_t n, const char *whose, const char *first, struct text *out)
{
	text_printf(out, "%u error%s in the configuration of %s chassis", n, n == 1 ? "" : "s", whose);
	if (first[0] == '\0')
		return;
	text_put(out, n == 1 ? " (" : " (first: ");
	text_escaped(out, first, strlen(first));
	text_put(out, ")");
}

void
srp_ready_put(enum srp_ready ready, const struct srp_ready_facts *f, struct text *out)
{
	switch (ready) {
	case SRP_READY_NOT_ACTIVE:
		text_put(out, srp_answer_text(SRP_ANSWER_NOT_ACTIVE));
		break;
	case SRP_READY_NO_LINK:
		text_put(out, srp_answer_text(SRP_ANSWER_LINK_DOWN));
		break;
	case SRP_READY_NO_ANSWER:
		text_put(out, "the peer chassis did not answer in time");
		break;
	case SRP_READY_PEER_NOT_STANDBY:
		text_printf(out, "the peer chassis is not Standby but %s", srp_state_text(f->peer_state));
		break;
	case SRP_READY_NOT_CONNECTED:
		put_sessmgrs(f->not_connected, "this", out);
		break;
	case SRP_READY_PEER_NOT_CONNECTED:
		put_sessmgrs(f->peer_not_connected, "the peer", out);
		break;
	case SRP_READY_POST_PROCESSING:
		text_printf(out, "post-switchover processing runs on %s chassis",
		            f->is_post_processing ? "this" : "the peer");
		break;
	case SRP_READY_CONFIG_UNKNOWN:
		text_put(out, f->compare_error);
		break;
	case SRP_READY_CONFIG_DIFFERS:
		text_printf(out, "%u line%s of the configuration differ%s from the peer's", f->differs,
		            f->differs == 1 ? "" : "s", f->differs == 1 ? "s" : "");
		break;
	case SRP_READY_FINDINGS:
		put_findings(f->findings, "this", f->finding, out);
		break;
	case SRP_READY_PEER_FINDINGS:
		put_findings(f->peer_findings, "the peer", f->peer_finding, out);
		break;
	case SRP_READY:
	case SRP_READY_COUNT:
		text_put(out, "Ready for Switchover");
	}
}

void
srp_ready_status(enum srp_ready ready, const struct srp_ready_facts *f, char *buf, size_t cap)
{
	bool is_here = ready == SRP_READY_FINDINGS;
	struct text_fixed fixed;
	struct text out;

	text_fixed_init(&fixed, &out, buf, cap);
	text_put(&out, "Remote Chassis - ");
	if (ready != SRP_READY)
		text_put(&out, "Not Ready for Switchover, ");
	if (ready == SRP_READY_FINDINGS ||
	    ready == SRP_READY_PEER_FINDINGS) { /* a line of configuration has no room here */
		put_findings(is_here ? f->findings : f->peer_findings, is_here ? "this" : "the peer", "", &out);
		text_put(&out, is_here ? ", see show configuration errors" : ", see show configuration errors there");
	} else {
		srp_ready_put(ready, f, &out);
	}
	for (char *p = buf; (p = strchr(p, ':')) != NULL;)
		*p = '-';
}
