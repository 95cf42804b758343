# tap.sh - what the live tests share: results as TAP, JSON assertions, and running binnacle as a user would.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034  # sourced by tests/live/run

number=0
failures=0
describing=

# about TEXT: the heading of the results that follow.
about() {
	describing=$1
}

pass() {
	number=$((number + 1))
	printf 'ok %s - %s: %s\n' "$number" "$describing" "$1"
}

# fail NAME [DETAIL]: DETAIL, of any length, is printed as comments.
fail() {
	number=$((number + 1))
	failures=$((failures + 1))
	printf 'not ok %s - %s: %s\n' "$number" "$describing" "$1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | head -n 60 | sed 's/^/# /'
}

# is NAME GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got:    $2
wanted: $3"
	fi
}

# holds NAME TEXT WANTED: WANTED occurs in TEXT.
holds() {
	case $2 in
	*"$3"*) pass "$1" ;;
	*) fail "$1" "did not hold: $3
$2" ;;
	esac
}

# lacks NAME TEXT UNWANTED: UNWANTED does not occur in TEXT.
lacks() {
	case $2 in
	*"$3"*) fail "$1" "held: $3
$2" ;;
	*) pass "$1" ;;
	esac
}

# json NAME FILE FILTER [JQ ARGUMENT...]: the jq filter is true of the file.
json() {
	local name=$1 file=$2 filter=$3 out
	shift 3
	if out=$(jq -e "$@" "$filter" "$file" 2>&1) && [ "$out" = true ]; then
		pass "$name"
	else
		fail "$name" "not true: $filter
$out
$(jq -c '(.items // [])[:12][] // .' "$file" 2>/dev/null || head -c 2000 "$file")"
	fi
}

# miss WHAT: something that is not ours is not to be had; never a pass.
miss() {
	printf '# MISS %s\n' "$1"
	fail "$1 is missing"
}

# bn ARGUMENT...: binnacle with the live configuration. Output to $dir/out, messages to $dir/err, status to $status.
# It is stopped after `limit` seconds, 90 if nobody says otherwise.
bn() {
	status=0
	timeout "${limit:-90}" "$binnacle" "$@" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
}

# until_true SECONDS COMMAND...: polls until the command succeeds.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

# adopt FILE: the results of a part that ran in a process of its own, numbered anew.
adopt() {
	local line
	while IFS= read -r line; do
		case $line in
		"ok "*)
			number=$((number + 1))
			printf 'ok %s - %s\n' "$number" "${line#ok * - }"
			;;
		"not ok "*)
			number=$((number + 1))
			failures=$((failures + 1))
			printf 'not ok %s - %s\n' "$number" "${line#not ok * - }"
			;;
		*) printf '%s\n' "$line" ;;
		esac
	done <"$1"
}

finish() {
	printf '1..%s\n' "$number"
	[ "$failures" = 0 ]
}
