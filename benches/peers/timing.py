"""Shared by the peers' scripts: repeat a task, print one JSON line."""

import json
import resource
import time


def best(task):
    """Shortest time over at least 5 repetitions and one second, after one to warm up, as in ours.rs."""
    task()
    start, times = time.perf_counter(), []
    while len(times) < 5 or time.perf_counter() - start < 1.0:
        one = time.perf_counter()
        task()
        times.append(time.perf_counter() - one)
    return min(times)


def report(name, peer, seconds, check=None):
    """`check` is a figure of the result that ours must share."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"name": name, "peer": peer, "seconds": seconds, "peak_bytes": peak, "check": check}))
