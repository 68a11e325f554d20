"""What was compressed, shown to people: in a terminal and in a notebook.

`view.py` says what is shown, `html.py` and `terminal.py` how. Nothing here knows
messages or models: texts and reports come in, and a page or lines come out.
"""
