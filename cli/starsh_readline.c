/* starsh_readline.c - loads readline (see the header for why). */
#include "cli/starsh_readline.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define X(member, name) {#name, offsetof(struct starsh_readline, member)},
static const struct {
	const char *name;
	size_t offset;
} symbols[] = {STARSH_READLINE(X)};
#undef X

bool
starsh_readline_load(struct starsh_readline *rl)
{
	void *library = dlopen("libreadline.so.8", RTLD_LAZY | RTLD_LOCAL);

	if (library == NULL) {
		fprintf(stderr, "starsh: a terminal needs readline (Debian package libreadline8): %s\n", dlerror());
		return false;
	}
	for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
		void *found = dlsym(library, symbols[i].name);

		if (found == NULL) {
			fprintf(stderr, "starsh: this readline is too old, it lacks %s\n", symbols[i].name);
			return false;
		}
		memcpy((char *)rl + symbols[i].offset, &found, sizeof found);
	}
	return true;
}
