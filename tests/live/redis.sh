# redis.sh - a real Redis behind TLS and ACLs: what is read, and what is said of a wrong password or a missing right.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run

about "redis"
cat >"$dir/redis.conf" <<-EOF
	[source "recs"]
	    type = redis
	    url = $REDIS_URL
	    user = binnacle
	    password-file = $REDIS_PASSWORD_FILE
	    ca-file = $REDIS_CA_FILE
	[key "recs:prod"]
	    timestamp = field written
	    unit = products
	    assert = age < 24h
	    assert = rows >= 3
	[key "recs:nl"]
	    timestamp = key recs:nl:written
	    assert = age < 24h
	[key "events"]
	    assert = age < 1h
	[key "recs:gone"]
EOF
redis_bn() {
	bn --config "$dir/redis.conf" --cache none "$@"
}

redis_bn sql "SELECT key, status, message FROM dataset ORDER BY key" -o json
is "all keys are read" "$status" 0
json "a fresh and full hash is healthy" "$dir/out" '[.items[] | select(.key == "recs:prod") | .status] == ["healthy"]'
json "an old one is degraded, with its age" "$dir/out" \
	'[.items[] | select(.key == "recs:nl")] | .[0].status == "degraded" and (.[0].message | contains("ago"))'
json "a stream is dated by its last entry" "$dir/out" '[.items[] | select(.key == "events") | .status] == ["healthy"]'
json "a key that is not there is down" "$dir/out" '[.items[] | select(.key == "recs:gone") | .status] == ["down"]'
redis_bn sql "SELECT m.name, m.value FROM measure m WHERE m.entity = 'dataset/recs/recs:prod'" -o json
json "fields are counted" "$dir/out" '[.items[] | select(.name == "rows") | .value] == [3]'
json "the age is that of the field" "$dir/out" '[.items[] | select(.name == "age") | .value] | .[0] >= 600 and .[0] <= now - $written' --argjson written "$REDIS_WRITTEN"
redis_bn endpoint show recs -o json
json "the server is an endpoint with the phases of its connection" "$dir/out" \
	'.items[0] | .type == "redis" and .status == "healthy" and .tls > 0 and .first_byte > 0'
redis_bn doctor recs
holds "doctor tells the version" "$(cat "$dir/out")" "server version"

about "redis: a wrong password"
sed "s|$REDIS_PASSWORD_FILE|$REDIS_WRONG_FILE|" "$dir/redis.conf" >"$dir/redis.wrong"
bn --config "$dir/redis.wrong" --cache none sources -o json
is "the answer is incomplete" "$status" 3
json "the source wants a login" "$dir/out" '[.sources[] | select(.name == "recs") | .state] == ["auth"]'
bn --config "$dir/redis.wrong" --cache none doctor recs
holds "the message is Redis' own" "$(cat "$dir/out")" "WRONGPASS"
lacks "and holds no password" "$(cat "$dir/out" "$dir/err")" "$(cat "$REDIS_WRONG_FILE")"

about "redis: a missing right"
sed "s|user = binnacle|user = narrow|" "$dir/redis.conf" >"$dir/redis.narrow"
bn --config "$dir/redis.narrow" --cache none sql "SELECT key, status, message FROM dataset ORDER BY key" -o json
json "the key is not known, with the command that is not allowed" "$dir/out" \
	'[.items[] | select(.key == "recs:prod")] | .[0].status == "unknown" and (.[0].message | contains("NOPERM") and contains("hlen"))'
json "a key outside the user's pattern neither" "$dir/out" '[.items[] | select(.key == "events") | .status] == ["unknown"]'

about "redis: encryption"
sed "/ca-file/d" "$dir/redis.conf" >"$dir/redis.stranger"
bn --config "$dir/redis.stranger" --cache none doctor recs
holds "a certificate nobody vouches for is refused" "$(cat "$dir/out")" "self-signed"
printf '[source "far"]\n    type = redis\n    url = redis://redis.example.com\n' >"$dir/redis.plain"
bn --config "$dir/redis.plain" config check
is "plain redis:// to another machine is refused" "$status" 78
