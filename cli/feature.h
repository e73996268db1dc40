/*
 * feature.h - what a licence can open. A row that needs one carries it; without it the row's words are in no tree, so
 * neither help nor completion nor matching knows them. Who grants them is the application's affair (license/license.h).
 */
#ifndef CLI_FEATURE_H
#define CLI_FEATURE_H

enum cli_feature {
	CLI_FEATURE_ICSR = 1,              /* Inter-Chassis Session Recovery: the redundancy link */
	CLI_FEATURE_SESSION_RECOVERY = 2,  /* Session Recovery inside the chassis */
	CLI_FEATURE_ICSR_OPTIMIZATION = 4, /* nack, periodic-interval, compression, switchover options */
	CLI_FEATURES_ALL = 7
};

#endif
