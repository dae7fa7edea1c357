"""n x n product by numpy's BLAS on so many threads: the median of the rounds, in milliseconds."""

import os
import sys
import time

n, threads, rounds = (int(text) for text in sys.argv[1:4])
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(threads)

import numpy  # noqa: E402  It reads them when it is loaded.

a = ((numpy.arange(n * n) * 7) % 17 - 8).astype(float).reshape(n, n)
b = ((numpy.arange(n * n) * 8) % 17 - 8).astype(float).reshape(n, n)
times = []
for _ in range(rounds + 1):
    started = time.perf_counter()
    c = a @ b
    times.append((time.perf_counter() - started) * 1000)
print(sorted(times[1:])[rounds // 2], int(c.sum()))
