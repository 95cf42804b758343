# lib.sh - what the scripts for servers and clients share: the cache folder, fetching, starting, waiting, stopping.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Every server script is called as `NAME.sh VERB DIR`. DIR holds one server's files and is made when missing:
#   install   fetch what the server needs into the cache folder (needs a registry; nothing else does)
#   start     write the configuration and start in the background, without waiting
#   ready     wait until it answers and its fixtures are in place, then write DIR/env (NAME=value lines)
#   stop      end it; harmless when it does not run
# Exit status: 0 done, 1 failed, 77 something it needs cannot be had here (said on standard error).

readonly BN_MISSING=77

cache_dir=${BINNACLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/binnacle-tests}
# shellcheck disable=SC2034  # used by the scripts that source this file
live_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# pip and uv bring certificates of their own; what this machine trusts is what its administrator chose.
if [ -r /etc/ssl/certs/ca-certificates.crt ]; then
	export PIP_CERT=${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}
	export SSL_CERT_FILE=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
fi

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# missing WHAT: something that is not ours to provide is not there; the caller reports it by name.
missing() {
	say "missing: $*"
	exit "$BN_MISSING"
}

need_command() {
	command -v "$1" >/dev/null 2>&1 || missing "$1 (Debian package $2)"
}

# debian_program PROGRAM PACKAGE: finds a server's program, or unpacks its Debian package into the cache folder.
# Installing the package would start the service where there is an init; unpacking starts nothing and needs no root.
debian_program() {
	local program=$1 package=$2 tree=$cache_dir/debian/$2
	PATH=$PATH:/usr/sbin:$tree/usr/bin:$tree/usr/sbin
	command -v "$program" >/dev/null 2>&1 && return 0
	command -v apt-get >/dev/null 2>&1 || missing "$program (Debian package $package)"
	under_lock "debian-$package" unpack_package "$package" "$tree"
	hash -r
	command -v "$program" >/dev/null 2>&1 || missing "$program (not in Debian's package $package)"
}

unpack_package() {
	local package=$1 tree=$2
	[ ! -e "$tree/.complete" ] || return 0
	rm -rf "$tree"
	mkdir -p "$tree"
	if ! (cd "$tree" && apt-get -q download "$package") >&2; then
		# A fresh image has no package lists yet.
		if [ "$(id -u)" != 0 ] || ! { apt-get -q update && cd "$tree" && apt-get -q download "$package"; } >&2; then
			missing "Debian's archive (registry): $package could not be fetched"
		fi
	fi
	dpkg-deb -x "$tree/$package"_*.deb "$tree" || die "$package could not be unpacked"
	touch "$tree/.complete"
}

# ---- Python packages, from pins ----------------------------------------------------------------------

readonly uv_version=0.13.8

# venv_of PINS: where the environment with exactly these packages is, or will be.
venv_of() {
	printf '%s/%s-%s\n' "$cache_dir" "$(basename "$1" .txt)" "$(sha256sum <"$1" | cut -c1-12)"
}

# The pins are for Python 3.11, which Debian 12 has; Airflow 2.10 runs on 3.8 to 3.12.
find_python() {
	local p
	for p in python3.11 python3 python3.12 python3.10; do
		command -v "$p" >/dev/null 2>&1 || continue
		if "$p" -c 'import sys, ensurepip; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null; then
			command -v "$p"
			return
		fi
	done
	missing "a Python from 3.10 to 3.12 with its venv module (Debian packages python3, python3-venv)"
}

install_uv() {
	local uv=$cache_dir/uv-$uv_version python
	[ ! -e "$uv/.complete" ] || return 0
	python=$(find_python)
	rm -rf "$uv"
	"$python" -m venv "$uv" || die "no virtual environment could be made with $python"
	"$uv/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$uv_version" ||
		missing "PyPI (registry): uv $uv_version could not be installed"
	touch "$uv/.complete"
}

# install_pins PINS: into the environment venv_of names, if it is not there yet.
install_pins() {
	local pins=$1 venv uv=$cache_dir/uv-$uv_version/bin/uv
	venv=$(venv_of "$pins")
	[ ! -e "$venv/.complete" ] || return 0
	under_lock uv install_uv
	rm -rf "$venv"
	"$uv" venv --quiet --python "$(find_python)" "$venv" || die "no virtual environment in $venv"
	UV_CACHE_DIR=$cache_dir/uv-cache "$uv" pip sync --quiet --compile-bytecode --python "$venv/bin/python" "$pins" ||
		missing "PyPI (registry): the packages of ${pins##*/} could not be installed"
	touch "$venv/.complete"
}

# ---- running ---------------------------------------------------------------------------------------

# free_port: prints a loopback port nobody listens on. The kernel picks it; that another process takes it
# before the server does is possible and then shows as a failed start.
free_port() {
	perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 0, Listen => 1) or die "$!\n";
		print $s->sockport, "\n"'
}

# background LOG PIDFILE COMMAND...: starts COMMAND in a session of its own, so that stop reaches its children.
background() {
	local log=$1 pidfile=$2
	shift 2
	setsid "$@" >"$log" 2>&1 </dev/null &
	echo $! >"$pidfile"
}

alive() {
	[ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null
}

# end_group PIDFILE [SECONDS]: asks the process group to end, then makes it.
end_group() {
	local pidfile=$1 limit=${2:-10} pid i
	[ -s "$pidfile" ] || return 0
	pid=$(cat "$pidfile")
	kill -CONT -- "-$pid" 2>/dev/null || true
	kill -TERM -- "-$pid" 2>/dev/null || true
	for ((i = 0; i < limit * 10; i++)); do
		kill -0 -- "-$pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL -- "-$pid" 2>/dev/null || true
	rm -f "$pidfile"
}

# wait_for SECONDS WHAT PIDFILE LOG COMMAND...: polls COMMAND until it succeeds; fails early when the server died.
wait_for() {
	local limit=$1 what=$2 pidfile=$3 log=$4 end
	shift 4
	end=$(($(date +%s) + limit))
	until "$@"; do
		if ! alive "$pidfile"; then
			tail -n 30 "$log" >&2
			die "$what: the server ended while being waited for"
		fi
		if [ "$(date +%s)" -ge "$end" ]; then
			tail -n 30 "$log" >&2
			die "$what: not within $limit s"
		fi
		sleep 0.3
	done
}

# answers URL [CURL OPTION...]: is there a 2xx?
answers() {
	local url=$1
	shift
	curl -fsS -m 5 -o /dev/null "$@" "$url" 2>/dev/null
}

# secret FILE: a random password in a file that only its owner can read.
secret() {
	(
		umask 077
		openssl rand -hex 16 >"$1"
	)
}

# under_lock NAME COMMAND...: two suites on one machine share the cache folder but never fill it together.
under_lock() {
	local name=$1
	shift
	mkdir -p "$cache_dir"
	(
		flock 9
		"$@"
	) 9>"$cache_dir/$name.lock"
}
