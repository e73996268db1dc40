/* starsh_keys.c - the terminal as bytes. */
#include "cli/starsh_keys.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

bool
starsh_keys_open(struct starsh_keys *k)
{
	struct termios raw;
	sigset_t set;

	if (tcgetattr(STDIN_FILENO, &k->before) != 0) {
		fprintf(stderr, "starsh: the terminal cannot be asked: %s\n", strerror(errno));
		return false;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGTSTP, SIG_IGN);
	k->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k->signal_fd < 0) {
		fprintf(stderr, "starsh: no signal descriptor: %s\n", strerror(errno));
		return false;
	}
	raw = k->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	raw.c_cc[VSUSP] = _POSIX_VDISABLE; /* Ctrl-Z is a key of ours */
	raw.c_cc[VQUIT] = _POSIX_VDISABLE;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) {
		fprintf(stderr, "starsh: the terminal cannot be set: %s\n", strerror(errno));
		return false;
	}
	return true;
}

void
starsh_keys_close(struct starsh_keys *k)
{
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &k->before);
}

void
starsh_keys_read(struct starsh_keys *k)
{
	unsigned char more[sizeof k->bytes];
	ssize_t n;

	memmove(k->bytes, k->bytes + k->start, k->end - k->start);
	k->end -= k->start;
	k->start = 0;
	n = read(STDIN_FILENO, more, sizeof k->bytes - k->end);
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		k->is_over = true;
	for (ssize_t i = 0; i < n; i++) {
		if (!(k->is_after_cr && more[i] == '\n'))
			k->bytes[k->end++] = more[i];
		k->is_after_cr = more[i] == '\r';
	}
}

int
starsh_keys_take(struct starsh_keys *k)
{
	return k->start < k->end ? k->bytes[k->start++] : -1;
}

void
starsh_keys_drop(struct starsh_keys *k)
{
	k->start = k->end = 0;
}

int
starsh_keys_signal(struct starsh_keys *k)
{
	struct signalfd_siginfo info;

	return read(k->signal_fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}
