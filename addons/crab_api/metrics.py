"""Figures for Prometheus; with several processes they are shared through ``PROMETHEUS_MULTIPROC_DIR``."""

import os

from prometheus_client import REGISTRY as OWN
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

REQUESTS = Counter("crab_api_requests_total", "Requests", ["method", "route", "status"])
SECONDS = Histogram(
    "crab_api_request_seconds",
    "Duration of requests",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def observe(method, route, status, seconds):
    """Count one request.

    :param route: the path with its placeholders, never with ids
    """
    REQUESTS.labels(method, route, status).inc()
    SECONDS.labels(method, route).observe(seconds)


def page():
    """The figures of all processes of this machine, in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(OWN)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry)
