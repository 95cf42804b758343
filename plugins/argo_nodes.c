/* argo_nodes.c - the nodes of an Argo run as a tree of tasks with tries. */
/* SPDX-License-Identifier: MIT
 *
 * status.nodes is a flat map. `boundaryID` names the template node a node was made by, and
 * `children` means two things: what a container node holds (Retry: its attempts; TaskGroup,
 * StepGroup: their items), and else what comes next. Both are told apart here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "argo.h"

#define NODES_AT_MOST	50000
#define DEPENDS_AT_MOST 64
#define DETAIL_FIELDS                                                                              \
	"metadata,status.phase,status.startedAt,status.finishedAt,status.progress,"                \
	"status.message,status.nodes,spec.suspend,spec.shutdown"

struct node {
	struct bn_json json;
	const char *id, *name, *type, *phase;
	enum bn_status status;
	bn_time started, finished;
	int parent;   /* the node that holds it, -1: none */
	int up;	      /* the task it is drawn under, -1: none */
	int retry;    /* the Retry node whose attempt it is, -1: none */
	bool tried;   /* a Retry node that has attempts */
	int attempt;  /* its number there, from 1 */
	int boundary; /* -1: none */
	int order;
	int depend_count;
	const char **depends;
};

struct nodes {
	struct bn_source *s;
	const char *workflow, *namespace;
	bool pods_named_by_id; /* pod name format v1 */
	struct node *list;
	int count;
	int *index; /* hash of id -> position + 1 */
	size_t index_size;
};

static int
find(const struct nodes *n, const char *id)
{
	if (id == NULL || n->index_size == 0)
		return -1;
	for (size_t i = argo_hash(id) % n->index_size;; i = (i + 1) % n->index_size) {
		int at = n->index[i] - 1;

		if (at < 0 || strcmp(n->list[at].id, id) == 0)
			return at;
	}
}

static bool
is_type(const struct node *node, const char *type)
{
	return strcmp(node->type, type) == 0;
}

/* Nodes that do something or were left out; the others only hold them. */
static bool
is_leaf(const struct node *node)
{
	static const char *const types[] = {"Pod",    "Container", "HTTP",
					    "Plugin", "Suspend",   "Skipped"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (is_type(node, types[i]))
			return true;
	return false;
}

static enum bn_status
node_status(const char *phase, const char *type)
{
	static const struct {
		const char *phase;
		enum bn_status status;
	} words[] = {{"Pending", BN_QUEUED}, {"Running", BN_RUNNING}, {"Succeeded", BN_SUCCEEDED},
		     {"Failed", BN_FAILED},  {"Error", BN_FAILED},    {"Skipped", BN_SKIPPED},
		     {"Omitted", BN_SKIPPED}};

	if (strcmp(phase, "Running") == 0 && strcmp(type, "Suspend") == 0)
		return BN_PAUSED;
	if (phase[0] == '\0')
		return BN_QUEUED;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(phase, words[i].phase) == 0)
			return words[i].status;
	return BN_UNKNOWN;
}

static const char *
text_or(struct bn_json j, const char *path, const char *fallback)
{
	const char *text = bn_json_string(j, path);

	return text != NULL ? text : fallback;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Without a batch (a plan) the steps that are counted miss it; argo_detail has said so before. */
static void
skip(struct bn_batch *batch, const char *what, const char *why)
{
	if (batch != NULL)
		bn_add_skip(batch, what, why);
}

static void
read_nodes(struct nodes *n, struct bn_json workflow, struct bn_batch *batch)
{
	size_t size = bn_json_size(workflow, "status/nodes");
	struct bn_json_iter it = bn_json_walk(workflow, "status/nodes");

	if (size > NODES_AT_MOST) {
		skip(batch, n->workflow, "more than 50000 nodes; only the first are shown");
		size = NODES_AT_MOST;
	}
	n->list = bn_alloc(n->s, (size + 1) * sizeof(*n->list));
	n->index_size = 2 * size + 1;
	n->index = bn_alloc(n->s, n->index_size * sizeof(*n->index));
	while ((size_t)n->count < size && bn_json_next(&it)) {
		struct node *node = &n->list[n->count];
		const char *id = bn_json_string(it.value, "id");
		size_t slot;

		if (id == NULL || find(n, id) >= 0) {
			skip(batch, n->workflow, "a node without an id of its own");
			continue;
		}
		*node = (struct node){.json = it.value,
				      .id = id,
				      .name = text_or(it.value, "name", id),
				      .type = text_or(it.value, "type", ""),
				      .phase = text_or(it.value, "phase", ""),
				      .started = bn_json_time(it.value, "startedAt"),
				      .finished = bn_json_time(it.value, "finishedAt"),
				      .parent = -1,
				      .retry = -1,
				      .boundary = -1};
		node->status = node_status(node->phase, node->type);
		for (slot = argo_hash(id) % n->index_size; n->index[slot] != 0;
		     slot = (slot + 1) % n->index_size)
			;
		n->index[slot] = ++n->count;
	}
}

/* An attempt of a Retry node is called NAME(0), NAME(1) …; its other children are hooks. */
static int
attempt_number(const struct node *retry, const struct node *child)
{
	size_t size = strlen(retry->name);
	int number, end = 0;

	if (strncmp(child->name, retry->name, size) != 0 ||
	    sscanf(child->name + size, "(%6d)%n", &number, &end) != 1 || end == 0 ||
	    child->name[size + (size_t)end] != '\0')
		return 0;
	return number >= 0 ? number + 1 : 0;
}

static bool
holds_children(const struct node *node)
{
	return is_type(node, "Retry") || is_type(node, "TaskGroup") || is_type(node, "StepGroup");
}

static void
find_parents(struct nodes *n)
{
	for (int i = 0; i < n->count; i++)
		n->list[i].boundary = find(n, bn_json_string(n->list[i].json, "boundaryID"));
	for (int i = 0; i < n->count; i++) {
		struct node *node = &n->list[i];
		struct bn_json_iter it = bn_json_walk(node->json, "children");

		if (node->boundary != i && node->parent < 0)
			node->parent = node->boundary;
		while (holds_children(node) && bn_json_next(&it)) {
			int child = find(n, bn_json_string(it.value, NULL));
			int number;

			/* What a node holds is called after it; a group without items is followed
			 * by its sequel. */
			if (child < 0 || child == i ||
			    strncmp(n->list[child].name, node->name, strlen(node->name)) != 0)
				continue;
			number = is_type(node, "Retry") ? attempt_number(node, &n->list[child]) : 0;
			if (number > 0) {
				n->list[child].retry = i;
				n->list[child].attempt = number;
				node->tried = true;
			}
			n->list[child].parent = i;
		}
	}
}

/* The task a node is shown as: an attempt is a try of its Retry node. */
static int
shown_as(const struct nodes *n, int i)
{
	return i >= 0 && n->list[i].retry >= 0 ? n->list[i].retry : i;
}

/* Broken answers may hold circles, so the way up is bounded. */
static void
find_places(struct nodes *n)
{
	for (int i = 0; i < n->count; i++) {
		int parent = shown_as(n, n->list[shown_as(n, i)].parent), up = parent;

		for (int steps = 0; up >= 0 && up != i && steps < 64; steps++)
			up = shown_as(n, n->list[up].parent);
		n->list[i].up = up >= 0 ? -1 : parent;
	}
}

static void
add_depend(struct nodes *n, int to, int from)
{
	struct node *node = &n->list[to];

	for (int i = 0; i < node->depend_count; i++)
		if (node->depends[i] == n->list[from].id)
			return;
	if (node->depends == NULL)
		node->depends = bn_alloc(n->s, (DEPENDS_AT_MOST + 1) * sizeof(*node->depends));
	if (node->depend_count < DEPENDS_AT_MOST)
		node->depends[node->depend_count++] = n->list[from].id;
}

/* What comes next hangs on the innermost node that ended; the dependency is meant between the tasks
 * that lie beside each other. */
static void
find_depends(struct nodes *n)
{
	for (int i = 0; i < n->count; i++) {
		struct bn_json_iter it = bn_json_walk(n->list[i].json, "children");

		while (bn_json_next(&it)) {
			int child = find(n, bn_json_string(it.value, NULL)),
			    to = shown_as(n, child);
			int from = shown_as(n, i);

			if (to < 0 || to == from || n->list[child].parent == i ||
			    n->list[child].retry == i)
				continue;
			for (int steps = 0;
			     steps < 64 && from >= 0 && n->list[from].up != n->list[to].up; steps++)
				from = n->list[from].up;
			if (from >= 0 && from != to && n->list[from].up == n->list[to].up)
				add_depend(n, to, from);
		}
	}
}

static int
by_start(const void *a, const void *b)
{
	const struct node *x = *(const struct node *const *)a, *y = *(const struct node *const *)b;

	if (x->started != y->started) {
		if (x->started == 0 || y->started == 0)
			return x->started == 0 ? 1 : -1;
		return x->started < y->started ? -1 : 1;
	}
	return strcmp(x->name, y->name);
}

static void
find_order(struct nodes *n)
{
	struct node **sorted = bn_alloc(n->s, ((size_t)n->count + 1) * sizeof(struct node *));

	for (int i = 0; i < n->count; i++)
		sorted[i] = &n->list[i];
	qsort(sorted, (size_t)n->count, sizeof(struct node *), by_start);
	for (int i = 0; i < n->count; i++)
		sorted[i]->order = i;
}

/* ---- telling --------------------------------------------------------------------------------- */

/* Pods are called WORKFLOW-TEMPLATE-HASH, the hash being FNV-1a over the node's name (pod name
 * format v2, the default since v3.4; workflow/util/pod_name.go), or by the node's id (v1). */
static const char *
pod_name(const struct nodes *n, const struct node *node)
{
	const char *template =
	    text_or(node->json, "templateName", text_or(node->json, "templateRef/template", ""));
	enum { PREFIX = 253 - 10 - 1 };
	const char *prefix;

	if (n->pods_named_by_id)
		return node->id;
	if (strcmp(node->name, n->workflow) == 0)
		return n->workflow;
	if (template[0] == '\0' || strstr(node->name, ".inline") != NULL)
		prefix = n->workflow;
	else
		prefix = bn_format(n->s, "%s-%s", n->workflow, template);
	return bn_format(n->s, "%.*s-%u", PREFIX, prefix, (unsigned)argo_hash(node->name));
}

/* "POD NODE-ID CONTAINER" for argo_logs, or NULL where nothing can have been written. */
static const char *
log_handle(const struct nodes *n, const struct node *node)
{
	if (node->started == 0 || node->status == BN_SKIPPED || node->status == BN_QUEUED)
		return NULL;
	if (is_type(node, "Pod"))
		return bn_format(n->s, "%s %s main", pod_name(n, node), node->id);
	/* a container of a container set: the pod is its boundary's */
	if (is_type(node, "Container") && node->boundary >= 0)
		return bn_format(n->s, "%s %s %s", pod_name(n, &n->list[node->boundary]), node->id,
				 text_or(node->json, "displayName", "main"));
	return NULL;
}

static void
add_node(const struct nodes *n, struct bn_batch *batch, const char *run, int i)
{
	const struct node *node = &n->list[i], *shown = &n->list[shown_as(n, i)];

	bn_add_task(batch, &(struct bn_task){
			       .e = {.key = shown->id,
				     .name = text_or(shown->json, "displayName", shown->name),
				     .status = node->status,
				     .raw_status = node->phase,
				     .since = node->finished > 0 ? node->finished : node->started,
				     .message = bn_json_string(node->json, "message")},
			       .run = run,
			       .try_number = node->attempt > 0 ? node->attempt : 1,
			       .parent = shown->up >= 0 ? n->list[shown->up].id : NULL,
			       .depends = shown->depends,
			       .type = node->type,
			       .order = shown->order,
			       .started_at = node->started,
			       .finished_at = node->finished,
			       .log = log_handle(n, node),
			   });
}

/* Numbers for the run, and the message of the node that failed first: the cause, where the workflow
 * itself only says which child failed. */
static void
summarise(const struct nodes *n, struct bn_run *run)
{
	const struct node *first = NULL;
	int total = 0, failed = 0, skipped = 0, done = 0;

	for (int i = 0; i < n->count; i++) {
		const struct node *node = &n->list[i];
		const struct node *shown = &n->list[shown_as(n, i)];

		if (!is_leaf(node))
			continue;
		if (node->status == BN_FAILED && shown->status == BN_FAILED &&
		    (first == NULL || (node->finished != 0 && node->finished < first->finished)))
			first = node;
		if (node->attempt > 1)
			continue;
		total++;
		failed += shown->status == BN_FAILED;
		skipped += shown->status == BN_SKIPPED;
		done += shown->status == BN_SUCCEEDED;
	}
	if (total > 0) {
		run->tasks_total = total;
		run->tasks_failed = failed;
		run->tasks_skipped = skipped;
		run->tasks_done = done;
	}
	if (first != NULL && run->e.status == BN_FAILED) {
		const char *name = text_or(first->json, "displayName", first->name);
		const char *why = bn_json_string(first->json, "message");

		run->e.message = why != NULL ? bn_format(n->s, "%s: %s", name, why)
					     : bn_format(n->s, "%s failed", name);
	}
}

int
argo_detail(struct bn_source *s, const struct bn_ref *ref, struct bn_batch *batch,
	    struct bn_error *err)
{
	struct nodes n = {.s = s};
	struct bn_json workflow;
	struct bn_run run;
	const char *format;
	int rc;

	if (ref->kind != BN_RUN)
		return bn_fail_at(s, err, BN_EUNSUPPORTED, "only runs have more to tell");
	argo_split_key(s, ref->key, &n.namespace, &n.workflow);
	rc = bn_get(
	    s, ARGO_RUN,
	    BN_PARAMS({"namespace", n.namespace}, {"name", n.workflow}, {"fields", DETAIL_FIELDS}),
	    &workflow, err);
	if (rc == BN_OK)
		rc = argo_read_run(s, workflow, &run, err);
	if (rc != BN_OK)
		return rc;
	format =
	    bn_json_string(workflow, "metadata/annotations/workflows.argoproj.io~1pod-name-format");
	n.pods_named_by_id = format != NULL && strcmp(format, "v1") == 0;
	read_nodes(&n, workflow, batch);
	find_parents(&n);
	find_places(&n);
	find_depends(&n);
	find_order(&n);
	summarise(&n, &run);
	bn_add_run(batch, &run);
	/* A Retry node is told as its attempts; before the first one it is a task that waits. */
	for (int i = 0; i < n.count; i++)
		if (!n.list[i].tried)
			add_node(&n, batch, run.e.key, i);
	return bn_page(batch, err);
}

/* ---- what a retry runs again ------------------------------------------------------------------- */

/* Kept apart from those that a condition left out: those stay left out. */
static bool
runs_again(const struct nodes *n, int i)
{
	const struct node *node = &n->list[i];

	return node->retry < 0 && (is_leaf(node) || is_type(node, "Retry")) &&
	       (node->status == BN_FAILED || strcmp(node->phase, "Omitted") == 0);
}

/* Those of a wave wait for the wave before. Broken answers may hold circles, so the passes are bounded. */
static void
find_waves(const struct nodes *n, int *wave)
{
	bool changed = true;

	for (int i = 0; i < n->count; i++)
		wave[i] = runs_again(n, i);
	for (int pass = 0; changed && pass < 256; pass++) {
		changed = false;
		for (int i = 0; i < n->count; i++)
			for (int k = 0; wave[i] > 0 && k < n->list[i].depend_count; k++) {
				int from = find(n, n->list[i].depends[k]);

				if (from >= 0 && from != i && wave[from] >= wave[i] &&
				    wave[from] < 256) {
					wave[i] = wave[from] + 1;
					changed = true;
				}
			}
	}
}

static int
by_wave(const void *a, const void *b)
{
	const struct bn_plan_step *x = a, *y = b;

	if (x->wave != y->wave)
		return x->wave < y->wave ? -1 : 1;
	return strcmp(x->name, y->name);
}

void
argo_steps(struct bn_source *s, struct bn_json workflow, struct bn_plan *plan)
{
	struct nodes n = {.s = s, .workflow = ""};
	struct bn_plan_step *steps;
	int *wave;

	read_nodes(&n, workflow, NULL);
	find_parents(&n);
	find_places(&n);
	find_depends(&n);
	wave = bn_alloc(s, ((size_t)n.count + 1) * sizeof(*wave));
	steps = bn_alloc(s, ((size_t)n.count + 1) * sizeof(*steps));
	find_waves(&n, wave);
	plan->failed = plan->skipped = plan->kept = 0;
	for (int i = 0; i < n.count; i++) {
		const struct node *node = &n.list[i];

		if (wave[i] > 0) {
			plan->failed += node->status == BN_FAILED;
			plan->skipped += node->status != BN_FAILED;
			steps[plan->step_count++] = (struct bn_plan_step){
			    .name = text_or(node->json, "displayName", node->name),
			    .group = bn_json_string(node->json, "templateName"),
			    .wave = wave[i],
			    .failed = node->status == BN_FAILED};
		} else if (node->retry < 0 && node->status == BN_SUCCEEDED &&
			   (is_leaf(node) || is_type(node, "Retry")))
			plan->kept++;
	}
	qsort(steps, plan->step_count, sizeof(*steps), by_wave);
	plan->steps = steps;
}
