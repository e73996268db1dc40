/* license_file.c - a key and an issuer as they lie in files. */
#include "license/license_file.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

/* no_password - a PEM file that is encrypted is refused; OpenSSL would ask the terminal. */
static int
no_password(char *buf, int size, int is_writing, void *arg)
{
	(void)buf, (void)size, (void)is_writing, (void)arg;
	return -1;
}

enum err
license_file_issuer(const char *path, uint8_t out[LICENSE_PUBLIC_BYTES])
{
	size_t n = LICENSE_PUBLIC_BYTES;
	FILE *f = fopen(path, "re");
	EVP_PKEY *pkey = f == NULL ? NULL : PEM_read_PUBKEY(f, NULL, no_password, NULL);
	bool is_good = pkey != NULL && EVP_PKEY_get_raw_public_key(pkey, out, &n) == 1 && n == LICENSE_PUBLIC_BYTES;

	if (f != NULL)
		fclose(f);
	EVP_PKEY_free(pkey);
	return is_good ? ERR_OK : ERR_FORMAT;
}

enum err
license_file_key(const char *path, char key[LICENSE_KEY_MAX + 1])
{
	char line[LICENSE_KEY_MAX + 2];
	FILE *file = fopen(path, "re");
	enum err e = ERR_NOT_FOUND;
	size_t n = 0;
	int ch = file == NULL ? EOF : 0;

	while (ch != EOF && e == ERR_NOT_FOUND) {
		ch = fgetc(file);
		if (ch != EOF && ch != '\n' && ch != '\r') {
			n += n < sizeof line; /* one more than a key may have says that there were more */
			line[n - 1] = (char)ch;
			continue;
		}
		if (n > 0 && line[0] != '#')
			e = n > LICENSE_KEY_MAX ? ERR_RANGE : memchr(line, '\0', n) != NULL ? ERR_FORMAT : ERR_OK;
		if (e == ERR_OK)
			snprintf(key, LICENSE_KEY_MAX + 1, "%.*s", (int)n, line);
		n = 0;
	}
	if (file != NULL)
		fclose(file);
	return e;
}
