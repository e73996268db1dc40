/*
 * store_worker.h - the writer thread of the store: jobs in, one transaction each, completions out.
 *
 * It has its own connection and touches nothing but its queue and the job it runs. Internal to store/store*.c.
 */
#ifndef STORE_STORE_WORKER_H
#define STORE_STORE_WORKER_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "store/store.h"

struct store_worker;

struct store_job {
	struct store_job *next;
	/* Runs between BEGIN and COMMIT on the writer thread; returns SQLite's result, anything but SQLITE_OK rolls
	 * back. */
	int (*run)(sqlite3 *db, const struct store_job *job);
	const char *what; /* for the log, a constant */
	store_done_fn *done;
	void *arg;
	enum err result;
	char why[160];
	const void *bytes; /* what is to be written, len of them: in copy, or taken */
	size_t len;
	void *taken; /* heap memory of which bytes are, freed with the job; NULL for a copy */
	_Alignas(8) uint8_t copy[];
};

/* store_worker_new - start the thread with a connection to @path. */
enum err store_worker_new(const char *path, struct store_worker **out, struct text *why);

/* store_worker_free - write what is queued, end the thread, run the completions, free. NULL is fine. */
void store_worker_free(struct store_worker *w);

/*
 * store_worker_write - a copy of @data (@len bytes) is to be written by @run. ERR_FULL when STORE_QUEUE_MAX jobs are
 * neither written nor collected, ERR_SYSTEM without memory; nothing is called then.
 * store_worker_take - the same without the copy: @heap is the worker's on success, and still the caller's on an error.
 */
enum err store_worker_write(struct store_worker *w, int (*run)(sqlite3 *, const struct store_job *), const char *what,
                            const void *data, size_t len, store_done_fn *done, void *arg);
enum err store_worker_take(struct store_worker *w, int (*run)(sqlite3 *, const struct store_job *), const char *what,
                           void *heap, size_t len, store_done_fn *done, void *arg);

int store_worker_fd(const struct store_worker *w);

/* store_worker_run_done - on the loop's thread: completions of the jobs written so far; a failure is logged here. */
void store_worker_run_done(struct store_worker *w);

#endif
