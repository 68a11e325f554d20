"""A program that asks Claude by way of Anthropic's own client, and ends with 3."""

from __future__ import annotations

import os
import sys

import anthropic
from serving_commands import ASKED

client = anthropic.Anthropic(api_key="sk-ant-api03-0123456789")
with client.messages.stream(**ASKED) as stream:
    for text in stream.text_stream:
        sys.stdout.write(text)
sys.stdout.write(f"\n{os.environ['OPENAI_BASE_URL']} {os.environ['OPENAI_API_BASE']}\n")
sys.exit(3)
