"""What LangChain says of a call: configuration, observers, tools, streams."""
