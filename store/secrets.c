/* secrets.c - sealing of configuration secrets with the chassis' key, and the key's file. */
#include "store/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_BYTES = 32, NONCE_BYTES = 12, TAG_BYTES = 16, VERSION = 1 };
enum {
	BLOB_HEAD = 1 + NONCE_BYTES,
	BLOB_MIN = BLOB_HEAD + 1 + TAG_BYTES,
	BLOB_MAX = BLOB_HEAD + SECRETS_CLEAR_MAX + TAG_BYTES
};

static const char prefix[] = "+B";

struct secrets {
	uint8_t key[KEY_BYTES];
};

/* ---- the key file ---- */

static enum err
random_bytes(uint8_t *out, size_t n)
{
	return getrandom(out, n, 0) == (ssize_t)n ? ERR_OK : ERR_SYSTEM;
}

static enum err
read_key(int fd, uint8_t key[KEY_BYTES], const char *path, struct text *why)
{
	uint8_t more[KEY_BYTES + 1];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) != 0 || (n = read(fd, more, sizeof more)) < 0) {
		text_printf(why, "The key %s cannot be read: %s", path, strerror(errno));
		return ERR_SYSTEM;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		text_printf(why, "The key %s may be read by others (mode %04o), chmod 600 it", path,
		            (unsigned)(st.st_mode & 07777));
		return ERR_REFUSED;
	}
	if (n != KEY_BYTES) {
		text_printf(why, "The key %s is damaged: it is not %d bytes long", path, KEY_BYTES);
		return ERR_CORRUPT;
	}
	memcpy(key, more, KEY_BYTES);
	OPENSSL_cleanse(more, sizeof more);
	return ERR_OK;
}

/* Written under a name of its own and linked into place: whoever is killed leaves no half key, and of two makers one
 * wins. */
static enum err
make_key(const char *root, const char *path)
{
	uint8_t key[KEY_BYTES];
	char temporary[PATH_MAX];
	int fd, dir;
	enum err e = ERR_SYSTEM;

	if (random_bytes(key, sizeof key) != ERR_OK)
		return ERR_SYSTEM;
	if (snprintf(temporary, sizeof temporary, "%s/.chassis.key.XXXXXX", root) >= (int)sizeof temporary)
		return ERR_SYSTEM;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return ERR_SYSTEM;
	if (fchmod(fd, 0600) == 0 && write(fd, key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0 &&
	    (link(temporary, path) == 0 || errno == EEXIST))
		e = ERR_OK;
	OPENSSL_cleanse(key, sizeof key);
	close(fd);
	unlink(temporary);
	dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0) {
		if (fsync(dir) != 0)
			e = ERR_SYSTEM;
		close(dir);
	}
	return e;
}

enum err
secrets_new(const char *root, struct secrets **out, struct text *why)
{
	char path[PATH_MAX];
	struct secrets *s;
	enum err e;
	int fd;

	if (snprintf(path, sizeof path, "%s/chassis.key", root) >= (int)sizeof path) {
		text_put(why, "The chassis root's name is too long");
		return ERR_SYSTEM;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make_key(root, path) == ERR_OK)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		text_printf(why, "The key %s cannot be opened or made: %s", path, strerror(errno));
		return ERR_SYSTEM;
	}
	s = malloc(sizeof *s);
	if (s == NULL) {
		text_put(why, "Out of memory");
		close(fd);
		return ERR_SYSTEM;
	}
	e = read_key(fd, s->key, path, why);
	close(fd);
	if (e == ERR_OK)
		*out = s;
	else
		free(s);
	return e;
}

void
secrets_free(struct secrets *s)
{
	if (s == NULL)
		return;
	OPENSSL_cleanse(s, sizeof *s);
	free(s);
}

/* ---- seal and open ---- */

bool
secrets_is_sealed(const char *text)
{
	return strncmp(text, prefix, sizeof prefix - 1) == 0;
}

/* blob: version, nonce, ciphertext, tag. The version is authenticated too. */
static enum err
seal_blob(const struct secrets *s, const uint8_t *clear, int n, uint8_t *blob)
{
	uint8_t *nonce = blob + 1, *cipher = blob + BLOB_HEAD, *tag = cipher + n;
	EVP_CIPHER_CTX *c;
	int len, is_ok;

	blob[0] = VERSION;
	if (random_bytes(nonce, NONCE_BYTES) != ERR_OK)
		return ERR_SYSTEM;
	c = EVP_CIPHER_CTX_new();
	is_ok = c != NULL && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, s->key, nonce) == 1 &&
	        EVP_EncryptUpdate(c, NULL, &len, blob, 1) == 1 && EVP_EncryptUpdate(c, cipher, &len, clear, n) == 1 &&
	        len == n && EVP_EncryptFinal_ex(c, tag, &len) == 1 &&
	        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) == 1;
	EVP_CIPHER_CTX_free(c);
	return is_ok ? ERR_OK : ERR_SYSTEM;
}

static enum err
open_blob(const struct secrets *s, const uint8_t *blob, int blob_len, uint8_t *clear, int *n)
{
	const uint8_t *nonce = blob + 1, *cipher = blob + BLOB_HEAD;
	int cipher_len = blob_len - BLOB_HEAD - TAG_BYTES, len, is_ok;
	uint8_t tag[TAG_BYTES];
	EVP_CIPHER_CTX *c;

	if (blob[0] != VERSION)
		return ERR_VERSION;
	memcpy(tag, cipher + cipher_len, TAG_BYTES);
	c = EVP_CIPHER_CTX_new();
	is_ok = c != NULL && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, s->key, nonce) == 1 &&
	        EVP_DecryptUpdate(c, NULL, &len, blob, 1) == 1 &&
	        EVP_DecryptUpdate(c, clear, &len, cipher, cipher_len) == 1 &&
	        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
	        EVP_DecryptFinal_ex(c, clear + len, &len) == 1;
	EVP_CIPHER_CTX_free(c);
	if (!is_ok)
		return ERR_CORRUPT;
	*n = cipher_len;
	return ERR_OK;
}

enum err
secrets_seal(const struct secrets *s, const char *clear, char out[SECRETS_SEALED_MAX + 1])
{
	size_t n = strlen(clear);
	uint8_t blob[BLOB_MAX];
	enum err e;

	if (n < 1 || n > SECRETS_CLEAR_MAX)
		return ERR_RANGE;
	e = seal_blob(s, (const uint8_t *)clear, (int)n, blob);
	if (e != ERR_OK)
		return e;
	memcpy(out, prefix, sizeof prefix - 1);
	EVP_EncodeBlock((uint8_t *)out + sizeof prefix - 1, blob, BLOB_HEAD + (int)n + TAG_BYTES);
	return ERR_OK;
}

/*
 * EVP_DecodeBlock forgives blanks around the text and ignores the bits no byte uses, so several texts would stand for
 * one secret: the decoded bytes are encoded again and must give the text back.
 */
static enum err
decode_base64(const char *text, uint8_t blob[BLOB_MAX + 2], int *blob_len)
{
	size_t len = strlen(text);
	char again[SECRETS_SEALED_MAX + 1];
	int n;

	if (len == 0 || len % 4 != 0 || len > SECRETS_SEALED_MAX - (sizeof prefix - 1))
		return ERR_FORMAT;
	n = EVP_DecodeBlock(blob, (const uint8_t *)text, (int)len);
	if (n < 0)
		return ERR_FORMAT;
	n -= (text[len - 1] == '=') + (text[len - 2] == '=');
	if (n < BLOB_MIN || n > BLOB_MAX)
		return ERR_FORMAT;
	EVP_EncodeBlock((uint8_t *)again, blob, n);
	if (strcmp(again, text) != 0)
		return ERR_FORMAT;
	*blob_len = n;
	return ERR_OK;
}

enum err
secrets_open(const struct secrets *s, const char *sealed, char clear[SECRETS_CLEAR_MAX + 1])
{
	uint8_t blob[BLOB_MAX + 2], plain[SECRETS_CLEAR_MAX];
	int blob_len = 0, n = 0;
	enum err e;

	if (!secrets_is_sealed(sealed))
		return ERR_FORMAT;
	e = decode_base64(sealed + sizeof prefix - 1, blob, &blob_len);
	if (e == ERR_OK)
		e = open_blob(s, blob, blob_len, plain, &n);
	if (e == ERR_OK && memchr(plain, 0, (size_t)n) != NULL)
		e = ERR_CORRUPT;
	if (e == ERR_OK) {
		memcpy(clear, plain, (size_t)n);
		clear[n] = '\0';
	}
	OPENSSL_cleanse(plain, sizeof plain);
	return e;
}
