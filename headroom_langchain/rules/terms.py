"""On what terms a call compresses: its rules and its tenant.

What an object was made with holds until the configuration of a call says
otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.runnables import RunnableConfig

from headroom_langchain.calls.call_config import configurable, published
from headroom_langchain.rules.policy import CompressionPolicy, check_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The rules and the tenant of a call."""

    policy: CompressionPolicy
    namespace: str
    """Separates tenants in the store."""

    def __post_init__(self) -> None:
        """Refuse a policy that is none.

        Raises:
            ConfigurationError: It is no `CompressionPolicy`.
        """
        check_policy(self.policy)

    @property
    def offered(self) -> bool:
        """Whether originals may be asked for at all."""
        return self.policy.retrieval and self.policy.offer != "never"

    def under(self, config: RunnableConfig | None) -> Self:
        """Return the terms of one call.

        Args:
            config: The call's configuration, which comes before that of a graph
                around it; either may override fields of the policy and the
                namespace, each behind `headroom_`.

        Raises:
            ConfigurationError: A setting does not exist, or its value does not fit.
        """
        with published(config):
            settings = configurable()
        return replace(
            self,
            policy=self.policy.with_overrides(settings),
            namespace=settings.get("headroom_namespace", self.namespace),
        )


def messages_of(state: Any) -> list[BaseMessage]:
    """Return the messages of a graph's state, whatever kind of state it is."""
    if isinstance(state, list):
        found = state
    elif isinstance(state, dict):
        found = state.get("messages") or []
    else:
        found = getattr(state, "messages", None) or []
    return convert_to_messages(found)
