/*
 * store_worker.c - the writer thread.
 *
 * Two lists under one lock: jobs waiting, jobs done. The thread holds the lock only to move a job from one to the
 * other, so the loop never waits for the disk.
 */
#include "store/store_worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store_sql.h"

struct job_list {
	struct store_job *first, *last;
};

struct store_worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job_list waiting, finished;
	unsigned count; /* waiting, running and finished ones */
	bool is_ending;
	int fd;      /* eventfd, counts finished jobs */
	sqlite3 *db; /* the thread's, between its start and its end */
};

static void
list_add(struct job_list *l, struct store_job *job)
{
	job->next = NULL;
	if (l->last != NULL)
		l->last->next = job;
	else
		l->first = job;
	l->last = job;
}

static struct store_job *
list_take(struct job_list *l)
{
	struct store_job *job = l->first;

	if (job == NULL)
		return NULL;
	l->first = job->next;
	if (l->first == NULL)
		l->last = NULL;
	return job;
}

/* ---- on the writer thread ---- */

static void
run_job(sqlite3 *db, struct store_job *job)
{
	int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = job->run(db, job);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	job->result = store_sql_error(rc);
	if (rc == SQLITE_OK)
		return;
	snprintf(job->why, sizeof job->why, "%s", sqlite3_errmsg(db));
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

static void
tell_loop(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof one) < 0)
		return; /* the counter is full: the descriptor is readable anyway */
}

static void *
thread_main(void *arg)
{
	struct store_worker *w = arg;
	struct store_job *job;

	(void)setpriority(PRIO_PROCESS, 0, 0); /* of this thread: compressing must not take the core of the loop */
	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (w->waiting.first == NULL && !w->is_ending)
			pthread_cond_wait(&w->wake, &w->lock);
		job = list_take(&w->waiting);
		if (job == NULL)
			break;
		pthread_mutex_unlock(&w->lock);
		run_job(w->db, job);
		pthread_mutex_lock(&w->lock);
		list_add(&w->finished, job);
		tell_loop(w->fd);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- on the loop's thread ---- */

/* Signals are the loop's: the writer must never be the thread that takes one. */
static int
start_thread(struct store_worker *w)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, NULL, thread_main, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

enum err
store_worker_new(const char *path, struct store_worker **out, struct text *why)
{
	struct store_worker *w = calloc(1, sizeof *w);
	enum err e;

	if (w == NULL) {
		text_put(why, "Out of memory");
		return ERR_SYSTEM;
	}
	e = store_sql_open(path, &w->db, why);
	if (e != ERR_OK) {
		free(w);
		return e;
	}
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->fd < 0 || start_thread(w) != 0) {
		text_put(why, "The writer thread of the store cannot be started");
		if (w->fd >= 0)
			close(w->fd);
		sqlite3_close(w->db);
		free(w);
		return ERR_SYSTEM;
	}
	*out = w;
	return ERR_OK;
}

void
store_worker_free(struct store_worker *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->is_ending = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	store_worker_run_done(w);
	sqlite3_close(w->db);
	close(w->fd);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* Queue @job, or free it. */
static enum err
enqueue(struct store_worker *w, struct store_job *job)
{
	enum err e = ERR_OK;

	pthread_mutex_lock(&w->lock);
	if (w->count >= STORE_QUEUE_MAX || w->is_ending) {
		e = ERR_FULL;
	} else {
		w->count++;
		list_add(&w->waiting, job);
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&w->lock);
	if (e != ERR_OK)
		free(job);
	return e;
}

enum err
store_worker_write(struct store_worker *w, int (*run)(sqlite3 *, const struct store_job *), const char *what,
                   const void *data, size_t len, store_done_fn *done, void *arg)
{
	struct store_job *job = malloc(sizeof *job + len);

	if (job == NULL)
		return ERR_SYSTEM;
	*job = (struct store_job){.run = run, .what = what, .done = done, .arg = arg, .bytes = job->copy, .len = len};
	if (len > 0)
		memcpy(job->copy, data, len);
	return enqueue(w, job);
}

enum err
store_worker_take(struct store_worker *w, int (*run)(sqlite3 *, const struct store_job *), const char *what, void *heap,
                  size_t len, store_done_fn *done, void *arg)
{
	struct store_job *job = malloc(sizeof *job);

	if (job == NULL)
		return ERR_SYSTEM;
	*job = (struct store_job){
	    .run = run, .what = what, .done = done, .arg = arg, .bytes = heap, .len = len, .taken = heap};
	return enqueue(w, job);
}

int
store_worker_fd(const struct store_worker *w)
{
	return w->fd;
}

void
store_worker_run_done(struct store_worker *w)
{
	struct job_list done;
	struct store_job *job;
	uint64_t n;

	if (read(w->fd, &n, sizeof n) < 0)
		n = 0; /* nothing was told: the list is looked at all the same */
	pthread_mutex_lock(&w->lock);
	done = w->finished;
	w->finished = (struct job_list){0};
	for (job = done.first; job != NULL; job = job->next)
		w->count--;
	pthread_mutex_unlock(&w->lock);
	while ((job = list_take(&done)) != NULL) {
		if (job->result != ERR_OK)
			log_event(LOG_STORE_ERROR, job->what, job->why);
		if (job->done != NULL)
			job->done(job->arg, job->result, job->why);
		free(job->taken);
		free(job);
	}
}
