/* sessmgr_main.h - entry of the session manager role (chassisd --role sessmgr). */
#ifndef SESSION_SESSMGR_MAIN_H
#define SESSION_SESSMGR_MAIN_H

/*
 * sessmgr_main - serve as @instance until chassisd goes; returns the exit status. Descriptors: 3 IPC, 4 the arena's
 * memfd (laid out by chassisd for SESSMGR_SLOTS).
 */
int sessmgr_main(unsigned instance);

#endif
