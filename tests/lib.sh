# shellcheck shell=bash disable=SC2034
# lib.sh - what ./run, ./check and tests/bench/run share: messages, packages, the build, the
# processes of a chassis. Sourced by bash, with the top of the tree as working directory.

BUILD_PACKAGES=(build-essential libcli-dev libreadline-dev libevent-dev zlib1g-dev liblz4-dev libisal-dev libsqlite3-dev libssl-dev libjansson-dev)
TEST_PACKAGES=(git clang libcmocka-dev python3-pytest python3-pexpect python3-scapy tshark osmo-ggsn iproute2 nftables
	util-linux procps spin openssh-server openssh-client groff-base)
BENCH_PACKAGES=(libzstd-dev redis-server bird2 keepalived python3-matplotlib)

say() { printf '%s\n' "$*"; }
die() {
	printf '%s\n' "$*" >&2
	exit 1
}

# packages_missing PACKAGE... - prints those that are not installed.
packages_missing() {
	local p
	for p; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || printf '%s\n' "$p"
	done
}

# packages_install PACKAGE... - installs what is missing and says so first. No daemon is started:
# the tests start their own. Ends the script with a sentence when that is not possible.
packages_install() {
	local missing sudo=() guard=/usr/sbin/policy-rc.d made=''
	command -v dpkg-query >/dev/null || die "This needs Debian 12 or a relative of it: dpkg-query is not here. Packages: $*"
	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	say "To be installed with apt: ${missing[*]}"
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "Not root and no sudo: please install these packages first: ${missing[*]}"
		sudo=(sudo)
	fi
	if [ ! -e $guard ]; then
		printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" install -m 755 /dev/stdin $guard && made=1
	fi
	packages_apt || { "${sudo[@]}" apt-get -qq update && packages_apt; }
	local rc=$?
	[ -z "$made" ] || "${sudo[@]}" rm -f $guard
	[ $rc = 0 ] || die "apt could not install: ${missing[*]}. Its own words stand above."
}
# Uses sudo and missing of its caller.
packages_apt() {
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
		-o Dpkg::Use-Pty=0 install "${missing[@]}" </dev/null >/dev/null
}

# build TARGET... - make, quiet when all is well.
build() {
	mkdir -p build
	if ! make -s -j2 "$@" >build/make.log 2>&1; then
		tail -n 40 build/make.log >&2
		die "The build failed; the whole output is in build/make.log."
	fi
}

# chassis_pid ROOT - the pid of the chassisd that runs on this root, or nothing. A pid file that
# a killed chassis left behind counts only when its process really is that chassisd.
chassis_pid() {
	local pid root
	pid=$(cat "$1/run/chassisd.pid" 2>/dev/null) || return 1
	root=$(realpath "$1")
	[[ $pid =~ ^[0-9]+$ ]] && [ -r "/proc/$pid/cmdline" ] || return 1
	tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -e "$root" -e "$1" || return 1
	[ "$(pid_state "$pid")" != Z ] && printf '%s\n' "$pid"
}

pid_state() { sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null; }

# descendants PID... - these pids and all below them, found by the parent field of /proc.
descendants() {
	local stat line pid ppid all=" $* " grew=1
	while [ $grew = 1 ]; do
		grew=0
		for stat in /proc/[0-9]*/stat; do
			{ read -r line <"$stat"; } 2>/dev/null || continue
			pid=${line%% *}
			line=${line##*) }
			line=${line#* }
			ppid=${line%% *}
			if [[ $all == *" $ppid "* && $all != *" $pid "* ]]; then
				all+="$pid "
				grew=1
			fi
		done
	done
	tr -s ' ' '\n' <<<"$all" | grep .
}

# wait_until SECONDS COMMAND... - polls a command until it succeeds; fails after SECONDS.
wait_until() {
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/[.,]/}" -lt $end ] || return 1
		sleep 0.05
	done
}
