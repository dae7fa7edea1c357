"""Python's own pools on the benchmark's cases: python3 pools.py <pool> <case> [windowMs]. Prints one line of JSON."""

import json
import sys
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from multiprocessing import Pool

from load import loaded

WORKERS = 2


def identity(value):
    return value


class MultiprocessingPool:
    def __init__(self):
        self.pool = Pool(WORKERS)

    def submit(self, value):
        return self.pool.apply_async(identity, (value,))

    def result(self, future):
        return future.get()

    def map(self, items):
        return self.pool.map(identity, items)

    def close(self):
        self.pool.terminate()


class Executor:
    chunked = False

    def __init__(self):
        self.pool = ProcessPoolExecutor(WORKERS)

    def submit(self, value):
        return self.pool.submit(identity, value)

    def result(self, future):
        return future.result()

    def map(self, items):
        chunksize = max(1, len(items) // (WORKERS * 32)) if self.chunked else 1
        return list(self.pool.map(identity, items, chunksize=chunksize))

    def close(self):
        self.pool.shutdown()


class ChunkedExecutor(Executor):
    chunked = True


POOLS = {
    "python Pool": MultiprocessingPool,
    "python ProcessPoolExecutor": Executor,
    "python ProcessPoolExecutor chunked": ChunkedExecutor,
}


def burst(pool, window):
    calls = 20_000

    def body(calls):
        lengths = []
        end = time.perf_counter() + window
        while not lengths or time.perf_counter() < end:
            begun = time.perf_counter()
            futures = [pool.submit(value) for value in range(calls)]
            answers = [pool.result(future) for future in futures]
            lengths.append(time.perf_counter() - begun)
            assert answers == list(range(calls))
        return sorted(lengths)

    body(calls // 10)
    lengths, _, load = loaded(lambda: body(calls))
    return {"value": calls / lengths[len(lengths) // 2], **load(len(lengths) * calls)}


def one_at_a_time(pool, window):
    def body():
        latencies = []
        now = time.perf_counter()
        end = now + window
        while now < end:
            assert pool.result(pool.submit(len(latencies))) == len(latencies)
            answered = time.perf_counter()
            latencies.append(answered - now)
            now = answered
        return sorted(latencies)

    body()
    latencies, wall, load = loaded(body)
    return {
        "value": len(latencies) / wall * 1000,
        "p50Us": latencies[len(latencies) // 2] * 1e6,
        "p99Us": latencies[len(latencies) * 99 // 100] * 1e6,
        **load(len(latencies)),
    }


def sixty_four(pool, window):
    """The oldest of 64 calls is waited for, then the next is made: what both pools can do alike."""

    def body():
        latencies = []
        flying = deque()
        end = time.perf_counter() + window
        calls = 0
        while flying or time.perf_counter() < end:
            while len(flying) < 64 and time.perf_counter() < end:
                flying.append((calls, time.perf_counter(), pool.submit(calls)))
                calls += 1
            if flying:
                value, begun, future = flying.popleft()
                assert pool.result(future) == value
                latencies.append(time.perf_counter() - begun)
        return sorted(latencies)

    body()
    latencies, wall, load = loaded(body)
    return {
        "value": len(latencies) / wall * 1000,
        "p50Us": latencies[len(latencies) // 2] * 1e6,
        "p99Us": latencies[len(latencies) * 99 // 100] * 1e6,
        **load(len(latencies)),
    }


def million(pool, _):
    """One item at a time it would take minutes; then fewer items, as for everybody."""
    pool.map(list(range(2_000)))
    few = list(range(20_000))
    begun = time.perf_counter()
    pool.map(few)
    per_item = (time.perf_counter() - begun) / len(few)
    count = next((count for count in (1_000_000, 100_000) if count * per_item <= 10), len(few))
    items = list(range(count))
    answers, wall, load = loaded(lambda: pool.map(items))
    assert answers == items
    note = {} if count == 1_000_000 else {"note": f"{count:,} items"}
    return {"value": count / wall * 1000, **load(count), **note}


def cold(pool, _):
    futures = [pool.submit(1), pool.submit(2)]
    if isinstance(pool, Executor):
        wait(futures, return_when=FIRST_COMPLETED)
    else:
        while not any(future.ready() for future in futures):
            futures[0].wait(0.0005)
    first = time.time() * 1000
    return {"firstAt": first, "answers": [pool.result(future) for future in futures]}


CASES = {"burst": burst, "one-at-a-time": one_at_a_time, "64-in-flight": sixty_four, "map": million, "cold": cold}

if __name__ == "__main__":
    name, case, *window = sys.argv[1:]
    pool = POOLS[name]()
    print(json.dumps(CASES[case](pool, float(window[0]) / 1000 if window else 0.3)))
    pool.close()
