"""export.py - a strict reader of Prometheus' text format 0.0.4 over what export.sh made; results as TAP."""
# SPDX-License-Identifier: MIT
import json
import math
import os
import re
import shutil
import subprocess
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
VALUE = r'"((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
SAMPLE = re.compile(rf"^({NAME})(?:\{{({LABEL}={VALUE}(?:,{LABEL}={VALUE})*)\}})? (\S+)$")


def unescape(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), text)


def read(text):
    """{(name, labels): value}; anything the format does not allow is an exception."""
    assert text.endswith("\n"), "the last line has no end"
    samples, family, told, types = {}, None, set(), {}
    for line in text[:-1].split("\n"):
        head = re.match(rf"^# (HELP|TYPE) ({NAME}) (.+)$", line)
        if head and head.group(1) == "HELP":
            family = head.group(2)
            assert family not in told, f"{family} comes twice"
            told.add(family)
            continue
        if head:
            assert head.group(2) == family and head.group(3) in ("gauge", "counter"), line
            types[family] = head.group(3)
            continue
        found = SAMPLE.match(line)
        assert found, f"no sample: {line!r}"
        assert found.group(1) == family, f"{line!r} under {family}"
        assert family in types, f"{family} has no type"
        pairs = re.findall(rf"({LABEL})={VALUE}", found.group(2) or "")
        labels = tuple(sorted((name, unescape(value)) for name, value in pairs))
        assert len({name for name, _ in labels}) == len(labels), f"a label twice: {line!r}"
        key = (family, labels)
        assert key not in samples, f"twice: {line!r}"
        samples[key] = float(found.groups()[-1])
        assert math.isfinite(samples[key]), line
        assert types[family] != "counter" or family.endswith("_total"), f"{family} is a counter"
    return samples


class Tap:
    def __init__(self):
        self.number = self.failures = 0

    def result(self, name, ok, detail=""):
        self.number += 1
        self.failures += not ok
        print(f"{'ok' if ok else 'not ok'} {self.number} - export_{name}")
        if not ok and detail:
            print("# " + str(detail).replace("\n", "\n# ")[:2000])


def load(tap, place, name):
    with open(os.path.join(place, name), encoding="utf-8") as file:
        text = file.read()
    try:
        return text, read(text)
    except AssertionError as wrong:
        tap.result(f"{name}_is_the_format", False, wrong)
        return text, {}


def code(place, name):
    with open(os.path.join(place, name), encoding="ascii") as file:
        return int(file.read())


def one(samples, name, **labels):
    return samples.get((name, tuple(sorted(labels.items()))))


def total(samples, name, **labels):
    return sum(v for (n, have), v in samples.items() if n == name and set(labels.items()) <= set(have))


def check_facts(tap, samples, facts):
    counters = facts["counters"]
    for severity in ("crit", "warn"):
        roots = total(samples, "binnacle_findings", severity=severity)
        folded = one(samples, "binnacle_findings_folded", severity=severity)
        tap.result(f"{severity}_findings_are_those_of_the_facts",
                   roots + (folded or 0) >= counters[severity] > 0, (roots, folded, counters))
    tap.result("silenced_findings_have_a_state_of_their_own",
               total(samples, "binnacle_findings", state="silenced") == counters["silenced"])
    wrong = [s["name"] for s in facts["sources"] if one(samples, "binnacle_source_up", source=s["name"],
                                                        type=s["type"]) != 1]
    tap.result("every_source_is_up", not wrong, wrong)
    pipelines = total(samples, "binnacle_entities", kind="pipeline")
    tap.result("every_pipeline_is_counted_once", pipelines == len(facts["pipelines"]), pipelines)
    keys = {k["name"]: k for k in facts["keys"]}
    tap.result("keys_have_their_rows", all(one(samples, "binnacle_dataset_rows", source="recs", dataset=n) ==
                                           k["rows"] for n, k in keys.items()), keys)
    wrong = [e["name"] for e in facts["endpoints"]
             if one(samples, "binnacle_endpoint_http_status_code", source="probes", endpoint=e["name"]) !=
             e["http_status"]]
    tap.result("endpoints_have_their_status", not wrong, wrong)
    tap.result("phases_that_did_not_happen_have_no_sample",
               one(samples, "binnacle_endpoint_phase_seconds", source="probes", endpoint="api-stock",
                   phase="tls") is None and
               one(samples, "binnacle_endpoint_phase_seconds", source="probes", endpoint="api-stock",
                   phase="processing") > 0)


def check_version(samples, model, version):
    """What is exported of one version that has an alias, against the facts."""
    labels = {"source": "mlflow", "model": model["key"], "version": version["version"]}
    wanted = {"version_live": int(version["live"]), "quality": version["quality"], "drift_psi": version["psi"],
              "traffic_ratio": version["traffic"], "monthly_predictions": version["predictions"]}
    wrong = {n: (one(samples, "binnacle_model_" + n, **labels), w) for n, w in wanted.items()
             if not same(one(samples, "binnacle_model_" + n, **labels), w)}
    labelled = [("latency_seconds", {"percentile": "95"}, version["p95"]),
                ("utilization_ratio", {"resource": "cpu"}, version["cpu"]),
                ("utilization_ratio", {"resource": "memory"}, version["memory"]),
                ("monthly_cost", {"currency": "USD"}, version["cost"]),
                ("eval", {"metric": model["metric"]}, version["eval"])]
    wrong.update({n + str(more): (one(samples, "binnacle_model_" + n, **labels, **more), w)
                  for n, more, w in labelled
                  if not same(one(samples, "binnacle_model_" + n, **labels, **more), w)})
    since = one(samples, "binnacle_model_version_live_since_timestamp_seconds", **labels)
    if (since is not None) != version["live"] or one(samples, "binnacle_model_version_age_seconds", **labels) is None:
        wrong["since"] = since
    return wrong


def same(number, fact):
    return number is None if fact is None else number is not None and abs(number - fact) < 1e-6 * max(1, abs(fact))


def check_models(tap, samples, facts):
    wrong = {}
    for model in facts["models"]:
        for version in model["versions"]:
            if version["aliases"]:
                found = check_version(samples, model, version)
                wrong.update({f"{model['key']}@{version['version']}": found} if found else {})
    tap.result("models_are_as_the_facts_say", not wrong, wrong)
    recs = next(m for m in facts["models"] if m["key"] == "product-recs")
    clicks = next(v["click_through"] for v in recs["versions"] if v["live"])
    labels = {"kpi": "click-through", "unit": "%"}
    tap.result("kpi_comes_with_its_target_for_model_and_product",
               same(one(samples, "binnacle_model_kpi", source="mlflow", model="product-recs", **labels), 100 * clicks) and
               one(samples, "binnacle_model_kpi_target", source="mlflow", model="product-recs", **labels) == 3 and
               same(one(samples, "binnacle_product_kpi", source="products", product="product-recs", **labels),
                    100 * clicks))


def check_streams(tap, samples, facts):
    wrong = {}
    for stream in facts["streams"]:
        labels = {"source": "prom", "stream": stream["name"]}
        value = one(samples, "binnacle_stream_value", unit=stream["unit"], **labels)
        last = [m["value"] for m in stream["minutes"] if m["value"] is not None][-1]
        lag, gaps = (one(samples, f"binnacle_stream_{n}", **labels) for n in ("lag_seconds", "gaps"))
        if not same(value, last) or lag is None or gaps is None:
            wrong[stream["name"]] = (value, last, lag, gaps)
    tap.result("streams_have_value_lag_and_gaps", not wrong, wrong)


def promtool(tap, text):
    if shutil.which("promtool") is None:
        print(f"ok {tap.number + 1} - export_promtool_has_no_complaint # SKIP promtool is not here")
        tap.number += 1
        return
    said = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False)
    tap.result("promtool_has_no_complaint", said.returncode == 0 and not said.stderr, said.stderr.decode())


def main():
    place, tap = sys.argv[1], Tap()
    text, samples = load(tap, place, "prom")
    with open(os.path.join(place, "demo/facts.json"), encoding="utf-8") as file:
        facts = json.load(file)
    tap.result("exit_status_says_that_all_was_read",
               code(place, "prom.code") == 0 and one(samples, "binnacle_export_complete") == 1)
    check_facts(tap, samples, facts)
    check_models(tap, samples, facts)
    check_streams(tap, samples, facts)
    promtool(tap, text)
    with open(os.path.join(place, "json"), encoding="utf-8") as file:
        items = json.load(file)["items"]
    names = {(i["name"], tuple(sorted(i["labels"].items()))) for i in items}
    frame = {"binnacle_build_info", "binnacle_export_complete", "binnacle_export_timestamp_seconds"}
    tap.result("json_has_the_same_numbers", names == {k for k in samples if k[0] not in frame},
               names ^ {k for k in samples if k[0] not in frame})
    _, hostile = load(tap, place, "hostile")
    name = 'a"b\\c{x=1} 2'
    tap.result("label_values_can_not_break_out",
               one(hostile, "binnacle_endpoint_up", source="none", endpoint=name) == 0, hostile)
    print(f"1..{tap.number}")
    sys.exit(tap.failures > 0)


main()
