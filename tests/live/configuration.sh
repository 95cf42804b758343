# configuration.sh - the README's configuration is valid, and doctor finds every real server reachable.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run

about "configuration"
readme_config >"$dir/readme.gitconfig"
if [ -s "$dir/readme.gitconfig" ]; then
	pass "the README's section has a configuration"
else
	fail "the README's section has a configuration"
fi
place_secrets
make_repo "$HOME/src/dags"
adapt_config <"$dir/readme.gitconfig" >"$config"
lacks "every address of it was replaced" "$(grep 'url = ' "$config")" example.com
more_config >"$HOME/.config/binnacle/more.gitconfig"
printf '[include]\n    path = more.gitconfig\n' >>"$config"
chmod 600 "$config"

bn config check
is "config check accepts it" "$status" 0

bn poll
bn sources -o json --offline
for name in airflow airflow-ml prom registry probes; do
	json "source $name is healthy" "$dir/out" \
		'[.items[] | select(.source == $name) | .status] == ["healthy"]' --arg name "$name"
done

# The secrets reach nothing that is written or shown.
bn doctor
cat "$dir/out" "$dir/err" >"$dir/shown"
for file in "${AIRFLOW2_PASSWORD_FILE-}" "${AIRFLOW3_PASSWORD_FILE-}"; do
	[ -n "$file" ] || continue
	if grep -rqF "$(cat "$file")" "$dir/shown" "$XDG_STATE_HOME"; then
		fail "the password of ${file%/password} is stored and shown nowhere" "$(grep -rlF "$(cat "$file")" "$dir/shown" "$XDG_STATE_HOME")"
	else
		pass "the password of $(basename "${file%/password}") is stored and shown nowhere"
	fi
done
holds "doctor names Airflow 2" "$(cat "$dir/shown")" "2.10.5"
holds "doctor names Airflow 3" "$(cat "$dir/shown")" "3.3.2"
