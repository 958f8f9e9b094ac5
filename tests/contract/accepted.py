"""Tells which share of the cases that are meant to be accepted was answered 2xx, operation by operation."""

import collections
import json
import sys

answers = collections.defaultdict(collections.Counter)
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as events:
        for line in events:
            recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
            for name, case in recorder.get("cases", {}).items():
                mode = (case["value"].get("meta") or {}).get("generation", {}).get("mode")
                answer = recorder["interactions"].get(name, {}).get("response")
                if mode == "positive" and answer:
                    label = case.get("label") or recorder["label"]
                    answers[label][answer["status_code"]] += 1
for label, statuses in sorted(answers.items()):
    total = statuses.total()
    accepted = sum(count for status, count in statuses.items() if status < 300)
    others = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()) if status >= 300)
    print(f"{100 * accepted // total:4} % of {total:5}  {label}  {others}")
