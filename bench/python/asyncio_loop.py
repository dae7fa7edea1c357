"""asyncio on the benchmark's cases of one event loop: python3 asyncio_loop.py <who> <case> <windowMs>. Prints one line of JSON."""

import asyncio
import json
import sys
import time

from load import loaded

WARM_UP_WINDOWS = 4


def repeat(body, window, count):
    """Runs the coroutine function over and over; returns its median time in seconds, and the load for each of `count`."""

    def stretch(seconds):
        lengths = []
        end = time.perf_counter() + seconds
        while not lengths or time.perf_counter() < end:
            begun = time.perf_counter()
            asyncio.run(body())
            lengths.append(time.perf_counter() - begun)
        return sorted(lengths)

    stretch(WARM_UP_WINDOWS * window)
    lengths, _, load = loaded(lambda: stretch(window))
    return lengths[len(lengths) // 2], load(len(lengths) * count)


def limiter(window):
    calls = 100_000

    async def body():
        semaphore = asyncio.Semaphore(10)
        made = 0

        async def call():
            nonlocal made
            async with semaphore:
                made += 1

        await asyncio.gather(*(call() for _ in range(calls)))
        assert made == calls

    median, load = repeat(body, window, calls)
    return {"value": calls / median, **load}


def spawn_join(window):
    groups, children = 20, 100

    async def body():
        ended = 0

        async def child():
            nonlocal ended
            ended += 1

        for _ in range(groups):
            async with asyncio.TaskGroup() as group:
                for _ in range(children):
                    group.create_task(child())
        assert ended == groups * children

    median, load = repeat(body, window, groups * children)
    return {"value": median * 1e9 / (groups * children), **load}


def channel(window):
    items = 100_000

    async def body():
        queue = asyncio.Queue(1_000)

        async def receive():
            total = 0
            for _ in range(items):
                total += await queue.get()
            return total

        receiving = asyncio.create_task(receive())
        for item in range(items):
            await queue.put(item)
        assert await receiving == items * (items - 1) // 2

    median, load = repeat(body, window, items)
    return {"value": items / median, **load}


CASES = {"limiter": limiter, "spawn-join": spawn_join, "channel": channel}

if __name__ == "__main__":
    _, case, window = sys.argv[1:]
    print(json.dumps(CASES[case](float(window) / 1000)))
