/* srp_history.c - a transition as a peer or a disk may give it: refused, or sound and stable in its one form. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "srp/srp_history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lengths of words count, not their letters. */
static const char *
word(void *arg, const char *s)
{
	(void)arg;
	return s[0] == '\0' ? "" : "word";
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct srp_lost_call names[SRP_HISTORY_NAMES_MAX];
	const struct srp_history_keep keep = {.word = word, .names = names};
	struct srp_history_entry e, again;
	char *first, *second;

	if (srp_history_decode((const char *)data, size, &keep, &e) != ERR_OK)
		return 0;
	assert(e.step_count <= SRP_HISTORY_STEPS_MAX && e.named <= SRP_HISTORY_NAMES_MAX && e.from < SRP_STATE_COUNT);
	(void)srp_history_why(&e);
	(void)srp_history_same(&e, &e);
	first = srp_history_encode(&e, SRP_HISTORY_NAMES_MAX);
	assert(first != NULL && strlen(first) <= SRP_HISTORY_BODY_MAX);
	assert(srp_history_decode(first, strlen(first), &keep, &again) == ERR_OK);
	second = srp_history_encode(&again, SRP_HISTORY_NAMES_MAX);
	assert(strcmp(first, second) == 0);
	free(first);
	free(second);
	return 0;
}
