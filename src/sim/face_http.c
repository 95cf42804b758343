/* face_http.c - the health pages of Harbourline's nine APIs. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/face.h"

void
bn_face_http_refuse(struct bn_web_request *request, void *payload)
{
	(void)payload;
	bn_web_json(request, 401, json_pack("{s:s}", "detail", "Not authenticated"));
}

void
bn_face_http(struct bn_web_request *request, void *payload)
{
	const struct bn_w_api *api;
	struct bn_w_health health;
	size_t i;

	(void)payload;
	for (i = 0; (api = bn_world_api(i)) != NULL && strcmp(api->path, request->path) != 0; i++)
		;
	if (api == NULL) {
		bn_web_violation(request, "no API has this path");
		bn_web_json(request, 404, json_pack("{s:s}", "detail", "Not Found"));
		return;
	}
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
		bn_web_violation(request, "health pages are read with GET");
		bn_web_json(request, 405, json_pack("{s:s}", "detail", "Method Not Allowed"));
		return;
	}
	bn_world_health(request->world, api, request->now, &health);
	if (!bn_web_wait(request, health.latency)) {
		request->status = 0;
		return;
	}
	bn_web_json(
	    request, health.status,
	    json_pack("{s:s, s:s, s:s, s:o, s:i}", "status", health.status == 200 ? "ok" : "error",
		      "service", api->name, "version", api->image, "generated_at",
		      bn_face_time(health.generated_at, "Z", 0), "replicas", api->replicas));
}
