/*
 * err.h - the error values every Starling function returns.
 *
 * Not a log and not a message: the text an operator reads comes from the row or the engine that
 * refused. 0 is success; out-parameters are written only then.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
	ERR_OK = 0,
	ERR_SHORT,     /* input ends before the value does */
	ERR_TRAILING,  /* bytes are left over after the last value */
	ERR_RANGE,     /* a number or a length is outside its declared bounds */
	ERR_FORMAT,    /* the bytes are not of the declared shape */
	ERR_FULL,      /* a declared maximum is reached */
	ERR_NOT_FOUND, /* no such object */
	ERR_EXISTS,    /* the object is there already */
	ERR_REFUSED,   /* the state of things does not allow it now */
	ERR_CORRUPT,   /* a checksum does not match */
	ERR_VERSION,   /* the other side speaks a version we do not */
	ERR_NO_ROW,    /* an FSM table has no row: our bug */
	ERR_SYSTEM,    /* a system call failed; errno says why */
	ERR_COUNT
};

/* err_text - a short constant text for @e, for logs; never NULL. */
const char *err_text(enum err e);

#endif
