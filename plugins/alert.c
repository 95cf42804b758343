/* alert.c - what Prometheus and Alertmanager say of an alert in the same way: labels, how bad it is. */
/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "alert.h"

const char *
alert_page_url(struct bn_source *s, const char *page)
{
	const char *base = bn_option(s, "url");
	size_t size = base != NULL ? strlen(base) : 0;

	while (size > 0 && base[size - 1] == '/')
		size--;
	return size > 0 ? bn_format(s, "%.*s%s", (int)size, base, page) : NULL;
}

bool
alert_matches(const struct bn_source *s, const char *option, const char *text)
{
	const char *glob;

	for (size_t i = 0; (glob = bn_option_at(s, option, i)) != NULL; i++)
		if (fnmatch(glob, text, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

/* Labels in the order they come in, which is sorted: "a=1,b=2". */
const char *
alert_label_text(struct bn_source *s, struct bn_json labels, const char *leave_out)
{
	struct bn_json_iter it = bn_json_walk(labels, NULL);
	char text[1024] = "";
	size_t n = 0;

	while (bn_json_next(&it)) {
		const char *value = bn_json_string(it.value, NULL);

		if (it.key == NULL || value == NULL || strcmp(it.key, leave_out) == 0)
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s=%s", n > 0 ? "," : "",
				      it.key, value);
		if (n >= sizeof(text))
			break;
	}
	return bn_format(s, "%s", text);
}

const char *const *
alert_label_list(struct bn_source *s, struct bn_json labels)
{
	enum { AT_MOST = 24 };
	const char **list = bn_alloc(s, (2 * AT_MOST + 1) * sizeof(*list));
	struct bn_json_iter it = bn_json_walk(labels, NULL);
	size_t n = 0;

	while (n < AT_MOST && bn_json_next(&it)) {
		const char *value = bn_json_string(it.value, NULL);

		if (it.key == NULL || value == NULL)
			continue;
		list[2 * n] = it.key;
		list[2 * n + 1] = value;
		n++;
	}
	return n > 0 ? list : NULL;
}

enum bn_severity
alert_severity(const struct bn_source *s, struct bn_json labels)
{
	const char *name = bn_option(s, "severity-label");
	const char *word = name != NULL ? bn_json_string(labels, name) : NULL;

	if (word == NULL)
		return BN_WARN;
	if (strcasecmp(word, "page") == 0 || alert_matches(s, "critical", word))
		return BN_CRIT;
	return alert_matches(s, "info", word) ? BN_INFO : BN_WARN;
}

static const char *
first_of(struct bn_json j, const char *a, const char *b)
{
	const char *text = bn_json_string(j, a);

	return text != NULL && text[0] != '\0' ? text : bn_json_string(j, b);
}

const char *
alert_key(struct bn_source *s, const char *name, struct bn_json labels)
{
	const char *others = alert_label_text(s, labels, "alertname");

	return others[0] != '\0' ? bn_format(s, "%s{%s}", name, others) : name;
}

struct bn_finding
alert_finding(struct bn_source *s, struct bn_batch *batch, const char *name, struct bn_json labels,
	      struct bn_json annotations)
{
	const char *summary = first_of(annotations, "summary", "title"),
		   *about = bn_json_string(annotations, "binnacle_for");
	struct bn_finding finding = {
	    .key = alert_key(s, name, labels),
	    .rule = "alert",
	    .severity = alert_severity(s, labels),
	    .title = summary != NULL
			 ? bn_format(s, "%s: %s", name, summary)
			 : bn_format(s, "%s %s", name, alert_label_text(s, labels, "alertname")),
	    .message = first_of(annotations, "description", "message"),
	    .labels = alert_label_list(s, labels),
	};
	struct bn_error unclear;

	if (about != NULL && bn_parse_ref(s, about, &finding.about, &unclear) != BN_OK)
		bn_add_skip(batch, bn_format(s, "binnacle_for of %s", name), unclear.message);
	return finding;
}
