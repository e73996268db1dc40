/* starsh_history.c - the history file. */
#include "cli/starsh_history.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, LINE_BYTES = 8192 };

const char *
starsh_history_file(void)
{
	static char path[PATH_BYTES];
	const char *given = getenv("STARSH_HISTORY"), *home = getenv("HOME");

	if (given != NULL)
		snprintf(path, sizeof path, "%s", given);
	else if (home != NULL && *home != '\0')
		snprintf(path, sizeof path, "%s/.starsh_history", home);
	return *path != '\0' ? path : NULL;
}

/* Words before which or in which a secret stands; abbreviations count, so a few harmless lines are left out as well. */
static bool
starsh_history_has_secret(const char *line)
{
	static const char *const words[] = {"pass", "secret", "key", "community"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasestr(line, words[i]) != NULL)
			return true;
	return false;
}

void
starsh_history_add(const char *file, const char *line)
{
	char bytes[LINE_BYTES];
	size_t n = strlen(line);
	ssize_t written;
	int fd;

	if (file == NULL || n + 1 > sizeof bytes || starsh_history_has_secret(line))
		return;
	fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	memcpy(bytes, line, n);
	bytes[n] = '\n';
	written = write(fd, bytes, n + 1);
	(void)written;
	close(fd);
}
