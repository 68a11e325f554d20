"""What calls do, as spans and metrics of OpenTelemetry."""

from __future__ import annotations

try:
    import opentelemetry.metrics
    import opentelemetry.trace  # noqa: F401 - only whether they are there
except ImportError as error:
    _msg = (
        "headroom_langchain.otel needs opentelemetry-api: "
        "pip install 'headroom-langchain[otel]'"
    )
    raise ImportError(_msg) from error

from headroom_langchain.otel.extension import OpenTelemetry

__all__ = ["OpenTelemetry"]
