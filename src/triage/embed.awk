# embed.awk - turns src/triage/*.sql into the C table of built-in rules.
# SPDX-License-Identifier: MIT
function quote(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	return s
}
function finish() {
	if (name == "")
		return
	if (doc == "" || severity == "") {
		print FILENAME ": a rule needs \"-- severity:\" and \"-- doc:\"" > "/dev/stderr"
		failed = 1
		exit 1
	}
	printf "\t{\"%s\", BN_%s,\n%s\t    , \"%s\"},\n", name, toupper(severity), sql, quote(doc)
}
BEGIN {
	print "/* Made from src/triage/NAME.sql by src/triage/embed.awk; edit those. */"
	print "#include \"triage/triage.h\"\n"
	print "const struct bn_rule bn_builtin_rules[] = {"
}
FNR == 1 {
	finish()
	n = split(FILENAME, part, "/")
	name = part[n]
	sub(/\.sql$/, "", name)
	severity = doc = sql = ""
}
/^-- severity: / { severity = substr($0, 14); next }
/^-- doc: / { doc = substr($0, 9); next }
/^-- SPDX/ { next }
{ sql = sql "\t    \"" quote($0) "\\n\"\n" }
END {
	if (failed)
		exit 1
	finish()
	print "\t{0},\n};"
}
