/* license_file.h - a license key and an issuer's public key as they lie in files. Blocking reads of small files. */
#ifndef LICENSE_LICENSE_FILE_H
#define LICENSE_LICENSE_FILE_H

#include "base/err.h"
#include "license/license.h"

/*
 * license_file_key - the key in the file @path: its first line that is neither empty nor a remark. ERR_NOT_FOUND (no
 * file, no such line), ERR_RANGE (longer than LICENSE_KEY_MAX), ERR_FORMAT (a NUL in it).
 */
enum err license_file_key(const char *path, char key[LICENSE_KEY_MAX + 1]);

/* license_file_issuer - the Ed25519 public key in the PEM file @path; ERR_FORMAT: there is none that can be read. */
enum err license_file_issuer(const char *path, uint8_t out[LICENSE_PUBLIC_BYTES]);

#endif
