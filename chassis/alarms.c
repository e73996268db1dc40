/* alarms.c - outstanding alarms: raised once, shown until cleared. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "chassis/chassis.h"

void
alarm_set(struct chassis *c, const char *object, bool is_raised, const char *text)
{
	struct alarm *free_slot = NULL;

	for (unsigned i = 0; i < ALARMS_MAX; i++) {
		struct alarm *a = &c->alarms[i];

		if (a->is_raised && strcmp(a->object, object) == 0) {
			a->is_raised = is_raised;
			if (!is_raised)
				log_event(LOG_ALARM_CLEARED, object, a->text);
			snprintf(a->text, sizeof a->text, "%s", text);
			return;
		}
		if (!a->is_raised && free_slot == NULL)
			free_slot = a;
	}
	if (!is_raised || free_slot == NULL)
		return;
	*free_slot = (struct alarm){.is_raised = true};
	snprintf(free_slot->object, sizeof free_slot->object, "%s", object);
	snprintf(free_slot->text, sizeof free_slot->text, "%s", text);
	log_event(LOG_ALARM_RAISED, object, text);
}
