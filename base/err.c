/* err.c - texts of the error values. */
#include "base/err.h"

static const char *const texts[ERR_COUNT] = {
    [ERR_OK] = "success",
    [ERR_SHORT] = "too short",
    [ERR_TRAILING] = "trailing bytes",
    [ERR_RANGE] = "out of range",
    [ERR_FORMAT] = "bad format",
    [ERR_FULL] = "limit reached",
    [ERR_NOT_FOUND] = "not found",
    [ERR_EXISTS] = "exists already",
    [ERR_REFUSED] = "refused",
    [ERR_CORRUPT] = "checksum mismatch",
    [ERR_VERSION] = "unknown version",
    [ERR_NO_ROW] = "no row for this state and event",
    [ERR_SYSTEM] = "system call failed",
};

const char *
err_text(enum err e)
{
	return (unsigned)e < ERR_COUNT ? texts[e] : "unknown error";
}
