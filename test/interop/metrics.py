"""Reads answers of /metrics with Prometheus' own client, one a line of JSON; says what is in them."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

for line in sys.stdin:
    answer = json.loads(line)
    read = open_metrics if answer["isOpen"] else plain
    told = [
        {
            "name": family.name,
            "type": family.type,
            "samples": [[sample.name, sample.labels, sample.value] for sample in family.samples],
        }
        for family in read(answer["text"])
    ]
    print(json.dumps(told), flush=True)
