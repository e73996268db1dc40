/*
 * call_services.h - how many calls each service has, kept beside the calls: by the identity that a call carries
 * (gateway_service_id), so that it is right whatever happens to the services of the configuration.
 *
 * Pure; memory is taken in _new only. Caller: the session manager role.
 */
#ifndef SESSION_CALL_SERVICES_H
#define SESSION_CALL_SERVICES_H

#include <stdint.h>

enum { CALL_SERVICES_MAX = 255 }; /* services that have calls at one time; those of further ones are not counted */

struct call_services;

/* call_services_new - for slots 0..@slots-1, all without a call; NULL: no memory. */
struct call_services *call_services_new(uint32_t slots);
void call_services_free(struct call_services *s);

/* call_services_set - the call in @slot is one of service @id; 0: there is none, or it names none. */
void call_services_set(struct call_services *s, uint32_t slot, uint32_t id);

/* call_services_count - calls of service @id. */
uint32_t call_services_count(const struct call_services *s, uint32_t id);

#endif
