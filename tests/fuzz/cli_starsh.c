/*
 * cli_starsh.c - the operator's shell with a script of any bytes and a chassis that sends any bytes: it ends, with 0 or
 * 1. The first octet is the number of octets of script (times 4), the second says whether the script has a name.
 */
#include <stdio.h>
#include <sys/mman.h>

/* Its words go nowhere: standard output and error are the fuzzer's. */
static FILE *nobody;
static int nowhere;
#undef stderr
#define stderr nobody
#undef STDOUT_FILENO
#define STDOUT_FILENO nowhere
#define main          starsh_main
int starsh_main(int argc, char **argv);
#include "cli/starsh.c"
#include "cli/starsh_link.c"
#undef main
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Terminals are cli/starsh_line.c's, which is not here. */
int
starsh_terminal(struct starsh_link *l)
{
	(void)l;
	return EXIT_FAILURE;
}

static int
script_of(const uint8_t *data, size_t n)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("script", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, data, n, 0) != (ssize_t)n || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct starsh_link link;
	static struct feed feed;
	int fds[2], status;
	size_t n;

	if (size < 2 || size > 60000)
		return 0;
	if (nobody == NULL) {
		nobody = fopen("/dev/null", "we");
		nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (nobody == NULL || nowhere < 0)
			abort();
	}
	n = (size_t)data[0] * 4 < size - 2 ? (size_t)data[0] * 4 : size - 2;
	feed = (struct feed){.fd = script_of(data + 2, n), .name = data[1] & 1 ? "script" : NULL};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 ||
	    send(fds[1], data + 2 + n, size - 2 - n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)(size - 2 - n) ||
	    shutdown(fds[1], SHUT_WR) < 0)
		abort();
	memset(&link, 0, sizeof link);
	link.fd = fds[0];
	status = run_lines(&link, &feed);
	if (status != EXIT_SUCCESS && status != EXIT_FAILURE)
		abort();
	close(fds[0]);
	close(fds[1]);
	return 0;
}
