"""Times the ten queries of docs/queries.md, two that count the whole register, and a walk to the last page, through HTTP on
one connection.

    measure.py HOST:PORT RECORDS ROUNDS

Prints a line for each: the name, and the median, least and most milliseconds. All queries take turns in each round, every
second round backwards, and each is asked twice before it is timed.
"""

import http.client
import json
import pathlib
import re
import statistics
import sys
import time
import urllib.parse

host, records, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
page = (pathlib.Path(__file__).parents[2] / "docs" / "queries.md").read_text()
queries = re.findall(r"^\d+ +(.*?) {2,}(base-models\S*)$", page, re.MULTILINE)
assert len(queries) == 10, queries
connection = http.client.HTTPConnection(host, timeout=30)


def ask(path):
    begun = time.perf_counter()
    connection.request("GET", "/api/v1/" + path)
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - begun) * 1000
    if answer.status != 200:
        return None, {"status": answer.status}
    return took, json.loads(body)


def walk(path, records):
    """The token that leads past so many records; a page may have another size than the one before."""
    token = None
    while records > 0:
        size = min(records, 1000)
        _, answer = ask(f"{path}&page_size={size}" + (f"&page_token={token}" if token else ""))
        token, records = answer["next_page_token"], records - size
    return token


walked = "base-models?sort=-parameters&fields=technical_name,parameters"
last = records // 100
token = walk(walked, (last - 1) * 50)
queries += [("all facets", "base-models/facets"), ("all facets of chat", "base-models/facets?capability=chat")]
queries += [("page 1 of an order", walked), (f"page {last:,} of it", f"{walked}&page_token={token}")]
times = {name: [] for name, _ in queries}
for round in range(-2, rounds):
    for name, path in queries if round % 2 else queries[::-1]:
        took, _ = ask(path)
        if round >= 0:
            times[name].append(took)
for name, _ in queries:
    taken = times[name]
    if None in taken:
        print(f"{name}\tout of time")
    else:
        print(f"{name}\t{statistics.median(taken):.1f}\t{min(taken):.1f}\t{max(taken):.1f}")
