/* store_internal.h - what store.c and store_config.c share. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "store/store.h"
#include "store/store_sql.h"
#include "store/store_worker.h"

struct store {
	sqlite3 *db; /* the loop thread's connection: reads at start, the few durable writes before a return */
	struct store_worker *worker;
	uint64_t chassis_id;
	uint8_t mac[MAC_LEN];
	size_t boot_count;
	struct store_boot boot[STORE_BOOT_MAX]; /* by ascending priority */
	size_t generation_count;
	struct store_generation generations[STORE_GENERATIONS_MAX]; /* the oldest first */
};

/* store_copy_column - a text column into @out, cut to @max bytes with its NUL. */
void store_copy_column(sqlite3_stmt *st, int column, char *out, size_t max);

/* store_config_list - read what is known of each generation, not their lines; an SQLite result. For store_open. */
int store_config_list(struct store *s);

#endif
