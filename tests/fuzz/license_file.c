/*
 * license_file.c - any bytes as /flash/license.lic and as the issuer's PEM file: a key that is found is a whole
 * line of the file that is no remark; an issuer that is believed has a key of the right length.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "license/license_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_end(const uint8_t *data, size_t size, size_t at)
{
	return at == size || data[at] == '\n' || data[at] == '\r';
}

/* Does @key stand in @data from the beginning of a line to its end? */
static bool
is_line_of(const uint8_t *data, size_t size, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i + n <= size; i++)
		if ((i == 0 || is_end(data, size, i - 1)) && memcmp(data + i, key, n) == 0 && is_end(data, size, i + n))
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[40];
	char key[LICENSE_KEY_MAX + 1];
	uint8_t issuer[LICENSE_PUBLIC_BYTES];
	struct license l;

	if (fd < 0) {
		fd = memfd_create("license", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	if (fd < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	if (license_file_key(path, key) == ERR_OK) {
		if (key[0] == '\0' || key[0] == '#' || !is_line_of(data, size, key))
			abort();
		(void)license_read(key, license_issuer, NULL, &l, NULL);
	}
	(void)license_file_issuer(path, issuer);
	return 0;
}
