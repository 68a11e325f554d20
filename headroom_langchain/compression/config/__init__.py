"""Settings: YAML, TOML, INI, properties, environment files, blocks in braces."""
