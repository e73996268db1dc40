/*
 * store_secrets.c - any text as a sealed secret: it is refused or opened without harm, and what opens was sealed
 * here. Any bytes as the file of the key: taken only when they are a key.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/secrets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing is ever sealed with @stranger's key: libFuzzer sees the texts that the target itself seals and offers them
 * again, and those open rightly. */
static struct secrets *own, *stranger;
static char folder[64], path[96];

static void
remove_folder(void)
{
	unlink(path);
	rmdir(folder);
}

static struct secrets *
open_new(void)
{
	struct secrets *s = NULL;
	struct text_fixed f;
	struct text why;
	char said[300];

	text_fixed_init(&f, &why, said, sizeof said);
	return secrets_new(folder, &s, &why) == ERR_OK ? s : NULL;
}

/* @data as chassis.key: only 32 bytes that no other may read are a key. */
static void
key_file(const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct secrets *s;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	s = open_new();
	if ((s != NULL) != (size == 32))
		abort();
	secrets_free(s);
}

static void
sealed_text(const uint8_t *data, size_t size)
{
	char text[SECRETS_SEALED_MAX + 64], sealed[SECRETS_SEALED_MAX + 1], clear[SECRETS_CLEAR_MAX + 1];

	if (size >= sizeof text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (secrets_open(stranger, text, clear) == ERR_OK)
		abort(); /* nobody but the holder of the key can make one */
	if (secrets_seal(own, text, sealed) != ERR_OK)
		return;
	if (!secrets_is_sealed(sealed) || secrets_open(own, sealed, clear) != ERR_OK || strcmp(clear, text) != 0)
		abort();
	sealed[2 + data[0] % (strlen(sealed) - 2)] ^= 1 + data[size - 1] % 127;
	if (secrets_open(own, sealed, clear) == ERR_OK)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (own == NULL) {
		/* not on a disk, which may take its time to sync */
		strcpy(folder,
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm/starling-fuzz-XXXXXX" : "/tmp/starling-fuzz-XXXXXX");
		if (mkdtemp(folder) == NULL)
			abort();
		snprintf(path, sizeof path, "%s/chassis.key", folder);
		atexit(remove_folder);
		own = open_new();
		unlink(path);
		stranger = open_new();
		if (own == NULL || stranger == NULL)
			abort();
	}
	sealed_text(data, size);
	if (size > 0 && data[0] % 8 == 0)
		key_file(data + 1, size - 1);
	return 0;
}
