"""What wrapping a model costs, beside the bare model in the same run.

Run `python -m tests.benchmarks` at the top of a checkout. It takes about a minute.
Nothing here fails: it prints, and leaves it to the reader what to make of a busy
machine.
"""
