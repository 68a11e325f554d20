"""What serving costs, beside asking the upstream directly."""
