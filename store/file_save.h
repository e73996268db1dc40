/*
 * file_save.h - write a whole file durably without holding the loop: temporary name, fsync, rename, fsync of the
 * folder, done by a thread of its own. The old file or the new one is there afterwards, never a part.
 */
#ifndef STORE_FILE_SAVE_H
#define STORE_FILE_SAVE_H

#include <event2/event.h>
#include <stddef.h>

#include "base/err.h"

/*
 * file_save - save @len bytes of @take_data (heap) as @path.
 *
 * @done  called once on the loop's thread; @why is NULL on success, otherwise the reason (errno's text). The data comes
 * back:
 *        @done takes it
 *
 * Returns ERR_SYSTEM (errno says why) when it could not even begin; the data is freed and @done is not called then.
 */
typedef void file_save_done(void *arg, const char *why, char *take_data, size_t len);
enum err file_save(struct event_base *base, const char *path, char *take_data, size_t len, file_save_done *done,
                   void *arg);

#endif
