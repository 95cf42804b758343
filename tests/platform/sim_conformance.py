# sim_conformance.py - holds every answer of the simulator's faces to the platforms' official specifications.
# SPDX-License-Identifier: MIT
"""usage: sim_conformance.py BINNACLE-SIM SPECIFICATIONS   (results as TAP)

Stricter than the specifications: a member that they do not name is an error too, so that a face can't
drift. Laxer in one thing, because the real servers are: Go writes null for a time that is not set and for
an empty list, which the Argo specification does not say."""

import base64
import datetime
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import jsonschema

NIGHTS = [  # what is asked of every platform, in worlds where different things are true
    ("night", "2026-03-10T03:12:44Z"),
    ("night", "2026-03-10T04:07:31Z"),
    ("I1-bad-sql", "2026-03-10T03:09:20Z"),
    ("I5", "2026-03-10T03:58:00Z"),
    ("I4", "2026-03-10T03:48:10Z"),
    ("steady", "2026-03-12T12:00:40Z"),
]


# ---- specifications -----------------------------------------------------------------------------------

class Spec:
    def __init__(self, path, prefix="", lax=False):
        with open(path, encoding="utf-8") as f:
            self.doc = json.load(f)
        self.prefix = prefix
        self.lax = lax
        self.cache = {}

    def resolve(self, ref):
        node = self.doc
        for part in ref[2:].split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node

    def operation(self, method, path):
        """The operation a concrete path belongs to; literal segments win over placeholders."""
        want = path.split("/")
        best = None
        for template, methods in self.doc["paths"].items():
            have = (self.prefix + template).split("/")
            if len(have) != len(want) or method not in methods:
                continue
            if all(h == w or h.startswith("{") for h, w in zip(have, want)):
                score = sum(h == w for h, w in zip(have, want))
                if best is None or score > best[0]:
                    best = (score, methods[method])
        return best and best[1]

    def answer_schema(self, operation, status, kind):
        responses = operation["responses"]
        response = responses.get(str(status), responses.get("default"))
        if response is None:
            return None
        if "$ref" in response:
            response = self.resolve(response["$ref"])
        if "schema" in response:
            return response["schema"]
        content = response.get("content", {})
        return (content.get(kind) or content.get("application/json") or {}).get("schema")

    def convert(self, schema, inside=()):
        """OpenAPI's dialect as JSON Schema, closed against members that it does not name."""
        if "$ref" in schema:
            ref = schema["$ref"]
            if ref in inside and self.lax:
                return {}
            out = self.convert(self.resolve(ref), inside + (ref,))
            if self.lax and ref.endswith("meta.v1.Time"):
                out = {"type": ["string", "null"]}
        elif "allOf" in schema:
            out = {"type": "object", "properties": {}, "additionalProperties": False}
            for part in schema["allOf"]:
                part = self.convert(part, inside)
                out["properties"].update(part.get("properties", {}))
                out.setdefault("required", []).extend(part.get("required", []))
        else:
            out = self.convert_plain(schema, inside)
        if schema.get("nullable"):
            out = {"anyOf": [out, {"type": "null"}]}
        return out

    def convert_plain(self, schema, inside):
        out = {k: v for k, v in schema.items() if k in ("type", "enum", "required", "minItems", "maxItems",
                                                        "minimum")}
        for word in ("anyOf", "oneOf"):
            if word in schema:
                out[word] = [self.convert(s, inside) for s in schema[word]]
        if "items" in schema:
            out["items"] = self.convert(schema["items"], inside)
            if self.lax and out.get("type") == "array":
                out["type"] = ["array", "null"]
        if "properties" in schema:
            out["properties"] = {k: self.convert(v, inside) for k, v in schema["properties"].items()}
            if "additionalProperties" not in schema:
                out["additionalProperties"] = False
        more = schema.get("additionalProperties")
        if isinstance(more, bool):
            out["additionalProperties"] = more
        elif isinstance(more, dict):
            out["additionalProperties"] = self.convert(more, inside)
        return out

    def errors(self, method, path, status, kind, body, unlisted=None):
        if unlisted:  # answers that the real server gives and its specification forgets
            schema = jsonschema.Draft7Validator(self.convert({"$ref": unlisted}))
            return [e.message[:300] for e in schema.iter_errors(body)]
        operation = self.operation(method, path)
        if operation is None:
            return [f"the specification has no {method} {path}"]
        if str(status) not in operation["responses"] and "default" not in operation["responses"]:
            return [f"the specification has no answer {status} to {method} {path}"]
        schema = self.answer_schema(operation, status, kind)
        if schema is None:
            return []
        key = json.dumps(schema)
        if key not in self.cache:
            self.cache[key] = jsonschema.Draft7Validator(self.convert(schema))
        return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}"
                for e in list(self.cache[key].iter_errors(body))[:5]]


# ---- results ---------------------------------------------------------------------------------------------

class Tap:
    def __init__(self):
        self.number = self.failures = 0

    def result(self, name, errors):
        self.number += 1
        self.failures += bool(errors)
        print(f"{'not ok' if errors else 'ok'} {self.number} - {name}")
        for error in errors:
            print(f"# {error}")


# ---- the simulator ---------------------------------------------------------------------------------------

class Sim:
    def __init__(self, program, scenario, at):
        self.dir = tempfile.TemporaryDirectory(prefix="binnacle-sim-")
        self.record = os.path.join(self.dir.name, "requests")
        self.place = os.path.join(self.dir.name, "demo")
        self.process = subprocess.Popen(
            [program, "--scenario", scenario, "--at", at, "--speed", "0", "--record", self.record, self.place],
            stdout=subprocess.DEVNULL)
        while not os.path.exists(os.path.join(self.place, "pid")):
            if self.process.poll() is not None:
                raise SystemExit("Bail out! binnacle-sim does not start")
            time.sleep(0.05)
        with open(os.path.join(self.place, "facts.json"), encoding="utf-8") as f:
            self.facts = json.load(f)

    def url(self, key):
        return subprocess.run(["git", "config", "-f", os.path.join(self.place, "config"), key],
                              check=True, capture_output=True, text=True).stdout.strip()

    def secret(self, name):
        with open(os.path.join(self.place, "secrets", name), encoding="utf-8") as f:
            return f.read()

    def recorded(self):
        with open(self.record, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.dir.cleanup()


def ask(base, method, path, headers, body=None, kind="application/json"):
    request = urllib.request.Request(base + path, body, dict(headers), method=method.upper())
    if body is not None:
        request.add_header("Content-Type", kind)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.headers.get_content_type(), reply.read()
    except urllib.error.HTTPError as reply:
        return reply.code, reply.headers.get_content_type(), reply.read()


class Face:
    """One platform of one world: asks and validates."""

    def __init__(self, tap, sim, spec, source, headers):
        self.tap, self.sim, self.spec, self.headers = tap, sim, spec, headers
        self.base = sim.url(f"source.{source}.url")
        self.source = source
        self.where = f"{sim.facts['scenario']} {sim.facts['at'][11:19]} {source}"

    def get(self, path, status=200, method="get", body=None, kind="application/json", headers=None,
            unlisted=None):
        got, got_kind, text = ask(self.base, method, path, headers or self.headers, body, kind)
        errors = [] if got == status else [f"answered {got}, not {status}: {text[:300]}"]
        document = None
        plain = urllib.parse.urlsplit(path).path
        if got_kind.endswith("json") and got_kind != "application/x-ndjson" and not plain.endswith("/log"):
            document = json.loads(text)
            found = self.spec.errors(method, plain, got, got_kind, document, unlisted)
            if "fields=" in path:  # a mask leaves out what the specification requires
                found = [e for e in found if "is a required property" not in e]
            errors += found
        self.tap.result(f"{self.where}: {method.upper()} {path[:110]} {status}", errors)
        return document if document is not None else text


# ---- what is asked ---------------------------------------------------------------------------------------

def runs_of(sim, source):
    return [r for r in sim.facts["runs"] if r["source"] == source]


def check_argo(tap, sim, spec):
    face = Face(tap, sim, spec, "argo-prod", {"Authorization": "Bearer " + sim.secret("argo-prod")})
    for path in ("info", "version", "userinfo", "cron-workflows/orch", "cron-workflows/orch/transform-daily",
                 "workflow-templates/orch", "workflow-templates/orch/dbt-build",
                 "workflows/orch?listOptions.limit=25&fields=metadata,items.metadata,items.status.phase,items.spec",
                 "workflows/orch?listOptions.limit=5&listOptions.continue=3500",
                 "workflows/orch?listOptions.labelSelector=workflows.argoproj.io/phase%20in%20(Failed)",
                 "workflows/?listOptions.limit=2",
                 "archived-workflows?namespace=orch&listOptions.limit=3"):
        face.get("/api/v1/" + path)
    for run in runs_of(sim, "argo-prod")[:4]:
        face.get(f"/api/v1/workflows/orch/{run['key']}")
        lines = face.get(f"/api/v1/workflows/orch/{run['key']}/log?logOptions.container=main&logOptions.tailLines=2")
        # after six hours the pods are gone, and what they wrote is an artifact
        gone = run["finished"] and moment(sim.facts["at"]) - moment(run["finished"]) > 6 * 3600
        check_stream(tap, spec, face.where, lines, not gone)
    face.get("/api/v1/workflows/orch/nope", 404)
    face.get("/api/v1/workflows/orch?listOptions.continue=x", 400)
    face.get("/api/v1/workflows/orch", 401, headers={"Authorization": "Bearer no"})
    listed = face.get("/api/v1/workflows/orch?fields=metadata,items.metadata.name")
    wanted = sum(p["runs"] for p in sim.facts["pipelines"] if p["source"] == "argo-prod")
    count = len(listed["items"])
    tap.result(f"{face.where}: lists every run", [] if count == wanted else [f"{count} of {wanted}"])


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def check_stream(tap, spec, where, lines, some):
    """A log is a line an object; the specification describes one of them."""
    lines = [json.loads(line) for line in lines.splitlines()]
    errors = []
    for line in lines:
        errors += spec.errors("get", "/api/v1/workflows/orch/x/log", 200, "application/json", line)
    tap.result(f"{where}: {len(lines)} log lines", errors[:5] or ([] if bool(lines) == bool(some) else ["none, or of pods that are gone"]))


def check_airflow(tap, sim, spec, source, api, headers):
    face = Face(tap, sim, spec, source, headers)
    old = api == "/api/v1"
    quote = urllib.parse.quote
    for path in ("/health" if old else "/monitor/health", "/version", "/dags", "/importErrors", "/pools",
                 "/dags/~/dagRuns?limit=7&order_by=-start_date",
                 "/dags/~/dagRuns?state=running&state=queued",
                 "/dags/~/dagRuns?start_date_gte=2026-03-09T00%3A00%3A00%2B00%3A00&limit=3&offset=2"):
        face.get(api + path)
    body = json.dumps({"states": ["failed"], "order_by": "-start_date", "page_limit": 5}).encode()
    face.get(api + "/dags/~/dagRuns/list", method="post", body=body)
    face.get(api + "/dags/~/dagRuns/list", 400 if old else 422, method="post", body=b'{"foo": 1}')
    for run in runs_of(sim, source):
        dag, key = run["key"].split("/", 1)
        below = f"{api}/dags/{quote(dag)}/dagRuns/{quote(key, safe='')}"
        face.get(f"{api}/dags/{dag}")
        face.get(f"{api}/dags/{dag}/tasks")
        face.get(below)
        face.get(below + "/taskInstances")
        for task in run["tasks"]:
            check_task(face, below, task, old)
    # 2.x filters by the name and finds nothing, 3.x looks the DAG up first
    face.get(api + "/dags/nope/dagRuns", 200 if old else 404)
    face.get(api + "/dags/nope", 404)
    face.get(api + "/dags", 401, headers={"Authorization": "Bearer no"})
    if old:
        face.get(api + "/dags?foo=1", 400, unlisted="#/components/schemas/Error")
    else:
        face.get(api + "/dags/~/dagRuns?limit=x", 422)


def check_task(face, below, task, old):
    name, _, index = task["name"].rstrip("]").partition("[")
    one = f"{below}/taskInstances/{name}" + (f"/{index}" if index else "")
    face.get(one)
    if index == "0":
        face.get(f"{below}/taskInstances/{name}/listMapped")
    face.get(one + "/tries")
    if task["tries"] == 0:
        return
    log = f"{below}/taskInstances/{name}/logs/1" + (f"?map_index={index}" if index else "")
    face.get(log, headers=dict(face.headers, Accept="application/json"))
    kind = "text/plain" if old else "application/x-ndjson"
    face.get(log, headers=dict(face.headers, Accept=kind))


def check_prometheus(tap, sim, spec):
    face = Face(tap, sim, spec, "prom", {})
    for path in ("alerts", "rules", "rules?type=alert", "targets", "targets?state=active", "status/buildinfo",
                 "query?query=up", "query?query=1%2B1", "query?query=sum%20by%20(job)%20(up)",
                 "query_range?query=app:http_latency_seconds:p99&start=1773112000&end=1773112300&step=60",
                 "query_range?query=tx_window_count&start=1773113280&end=1773113700&step=60",
                 "query_range?query=last_over_time(tx_window_count[59s999ms])&start=1773113280&end=1773113700&step=60",
                 "query_range?query=sum(increase(orders_total[1m]))%20or%20label_replace((up),%22a%22,%22b%22,%22%22,"
                 "%22%22)&start=1773113280&end=1773113700&step=60&timeout=30s"):
        face.get("/api/v1/" + path)
    face.get("/api/v1/query", method="post", body=b"query=up%20%3D%3D%200",
             kind="application/x-www-form-urlencoded")
    face.get("/api/v1/query?query=up{", 400)
    face.get("/api/v1/query_range?query=up&start=0.5&end=1773112300&step=1", 400)
    face.get("/api/v1/query_range?query=up[1m]&start=1773113280&end=1773113700&step=60", 400)


def check_alertmanager(tap, sim, spec):
    face = Face(tap, sim, spec, "alerts", {})
    for path in ("alerts", "alerts?silenced=false", "alerts?filter=severity%3D%22critical%22",
                 "alerts?filter=alertname%3D~%22Target.*%22&filter=job!%3D%22x%22", "alerts?receiver=on-call",
                 "silences", "status", "receivers"):
        face.get("/api/v2/" + path)
    face.get("/api/v2/alerts?filter=bad", 400)


def check_probes(tap, sim):
    """The nine health pages, one of them over TLS, tell what facts.json tells."""
    trusted = ssl.create_default_context(cafile=os.path.join(sim.place, "ca.pem"))
    secure = 0
    for fact in sim.facts["endpoints"]:
        url = sim.url(f"endpoint.{fact['name']}.url")
        secure += url.startswith("https:")
        with urllib.request.urlopen(url, timeout=30, context=trusted) as reply:
            page = json.load(reply)
        tap.result(f"{sim.facts['scenario']} {sim.facts['at'][11:19]} probes: {fact['name']}",
                   [] if (reply.status, page["service"], page["generated_at"]) ==
                   (fact["http_status"], fact["name"], fact["generated_at"]) else [json.dumps(page)])
    tap.result(f"{sim.facts['scenario']} {sim.facts['at'][11:19]} probes: one is served over TLS",
               [] if secure == 1 else [f"{secure} are"])


def token_of(sim):
    base = sim.url("source.airflow-ml.url")
    body = json.dumps({"username": "binnacle", "password": sim.secret("airflow-ml")}).encode()
    status, _, text = ask(base, "post", "/auth/token", {}, body)
    return json.loads(text)["access_token"] if status == 201 else None


def check_world(tap, program, specs, scenario, at):
    sim = Sim(program, scenario, at)
    try:
        check_argo(tap, sim, specs["argo"])
        basic = base64.b64encode(("binnacle:" + sim.secret("airflow-legacy")).encode()).decode()
        check_airflow(tap, sim, specs["airflow2"], "airflow-legacy", "/api/v1",
                      {"Authorization": "Basic " + basic})
        check_airflow(tap, sim, specs["airflow3"], "airflow-ml", "/api/v2",
                      {"Authorization": f"Bearer {token_of(sim)}"})
        check_prometheus(tap, sim, specs["prometheus"])
        check_alertmanager(tap, sim, specs["alertmanager"])
        check_probes(tap, sim)
        marked = [r for r in sim.recorded() if r["violation"]]
        tap.result(f"{scenario} {at[11:19]}: nothing asked was outside the specifications",
                   [f"{r['method']} {r['path']}?{r['query']}: {r['violation']}" for r in marked][:5])
    finally:
        sim.stop()


def main():
    program, folder = sys.argv[1:3]
    specs = {
        "argo": Spec(os.path.join(folder, "argo-workflows/swagger-v4.1.2.trim.json"), lax=True),
        "airflow2": Spec(os.path.join(folder, "airflow/v1-2.10.0.trim.json"), "/api/v1"),
        "airflow3": Spec(os.path.join(folder, "airflow/v2-3.2.trim.json")),
        "prometheus": Spec(os.path.join(folder, "prometheus/api_v1.json"), "/api/v1"),
        "alertmanager": Spec(os.path.join(folder, "alertmanager/api_v2.json"), "/api/v2"),
    }
    tap = Tap()
    for scenario, at in NIGHTS:
        check_world(tap, program, specs, scenario, at)
    print(f"1..{tap.number}")
    sys.exit(tap.failures > 0)


main()
