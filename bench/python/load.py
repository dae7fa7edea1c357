"""How long something takes, and what the machine does meanwhile."""

import os
import time

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def busy_ms():
    """Time that the machine's cores were not idle, as in src/measure/machine-load.ts."""
    user, nice, system, _, _, irq, softirq, steal = map(int, open("/proc/stat").readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * TICK_MS


def tree_cpu_ms():
    """CPU time of this process, its live children and its ended ones."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(pid) == os.getpid() or int(fields[1]) == os.getpid():
            total += sum(map(int, fields[11:15]))
    return total * TICK_MS


def loaded(body):
    """Runs body; returns its answer, its time in ms, and a function from a count to the load for each."""
    tells = os.path.exists("/proc/stat")
    before = (busy_ms(), tree_cpu_ms()) if tells else None
    begun = time.perf_counter()
    answer = body()
    wall = (time.perf_counter() - begun) * 1000

    if not tells:
        return answer, wall, lambda count: {}
    cpu = tree_cpu_ms() - before[1]
    foreign = max(0, busy_ms() - before[0] - cpu)
    return answer, wall, lambda count: {
        "cpuUs": cpu * 1000 / count,
        "ownCores": cpu / wall,
        "foreignCores": foreign / wall,
    }
