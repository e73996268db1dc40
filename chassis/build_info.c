/* build_info.c - values the Makefile hands in. */
#include "chassis/build_info.h"

const char build_version[] = BUILD_VERSION;
const char build_commit[] = BUILD_COMMIT;
const char build_date[] = __DATE__ " " __TIME__;
#ifdef STARLING_TEST
const char build_description[] = "NonDeployment_Build";
#else
const char build_description[] = "Deployment_Build";
#endif
